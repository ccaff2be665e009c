#include "core/decision.h"

#include <fmt/format.h>

#include "base/check.h"
#include "base/result.h"

namespace scaler {
namespace {

std::string plural(std::int64_t count) {
  return fmt::format("{} message{}", count, count == 1 ? "" : "s");
}

std::string messages(const Step& step) {
  const auto& [visible, in_flight, delayed, counted, per_task] = step.numbers;
  std::string text = fmt::format("{} visible", visible);
  if (in_flight > 0) {
    text += fmt::format(" + {} in flight", in_flight);
  }
  if (delayed > 0) {
    text += fmt::format(" + {} delayed", delayed);
  }
  return text + " = " + plural(counted);
}

std::string milliseconds(std::int64_t count) {
  return format_duration(Duration(count));
}

std::string explain_demand(const Step& step) {
  switch (step.reason) {
    case Reason::FixedTarget:
      return fmt::format("{}; fixed target -> {}", messages(step), step.tasks);
    case Reason::BacklogPerTask:
      return fmt::format("{}; {} per task -> {}", messages(step), step.numbers[4], step.tasks);
    case Reason::NoBacklog:
      return "no messages that count -> 0";
    case Reason::Activated:
      return fmt::format("at zero with {}, woken from {} on -> {}", plural(step.numbers[0]),
                         step.numbers[1], step.tasks);
    case Reason::BelowActivation:
      return fmt::format("at zero with {}, but it is woken only from {} on",
                         plural(step.numbers[0]), step.numbers[1]);
    default:
      return "a backlog and no task: at least one is started";
  }
}

std::string explain_idle(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::IdleConfirmed:
      return fmt::format("empty for {} in {} observations -> 0", milliseconds(numbers[0]),
                         numbers[1]);
    case Reason::IdleUnconfirmed:
      return fmt::format("empty for {} of {}, in {} of {} observations: hold",
                         milliseconds(numbers[0]), milliseconds(numbers[2]), numbers[1],
                         numbers[3]);
    default:
      return fmt::format("not empty: {} visible, {} in flight, {} delayed: hold", numbers[0],
                         numbers[1], numbers[2]);
  }
}

std::string explain_unknown(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::QueueUnreadable:
      return fmt::format("{} of {} queues could not be read: scale-out only", numbers[0],
                         numbers[1]);
    case Reason::BlindHold:
      return fmt::format("no queue could be read ({} in a row): hold", numbers[0]);
    default:
      return fmt::format("no queue could be read ({} in a row): fallback to {}, never lower",
                         numbers[0], numbers[1]);
  }
}

std::string explain_guard(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::MessagesInFlight:
      return fmt::format("{} in flight: no task is stopped while one may be working", numbers[0]);
    case Reason::TasksNeededInFlight:
      return fmt::format("{} in flight: not below {}", numbers[0], numbers[1]);
    case Reason::DeploymentInProgress:
      return "a deployment is rolling out: no scale-in";
    case Reason::ServiceNotActive:
      return "the service is not ACTIVE: left alone";
    case Reason::DaemonService:
      return "a DAEMON service has no desired count: left alone";
    case Reason::CoolingDownOut:
      return fmt::format("scaled out {} ago, cooldown {}: hold", milliseconds(numbers[0]),
                         milliseconds(numbers[1]));
    default:
      return fmt::format("scaled in {} ago, cooldown {}: hold", milliseconds(numbers[0]),
                         milliseconds(numbers[1]));
  }
}

std::string explain_limit(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::BelowMinimum:
      return fmt::format("{} is below tasks_min {}", numbers[0], numbers[1]);
    case Reason::AboveMaximum:
      return fmt::format("{} is above tasks_max {}", numbers[0], numbers[1]);
    case Reason::AboveMaximumButBusy:
      return fmt::format("{} is above tasks_max {}, but tasks may be working", numbers[0],
                         numbers[1]);
    case Reason::Paused:
      return "paused: hold";
    case Reason::ScaleInPaused:
      return "scale-in is paused: hold";
    case Reason::ScaleOutPaused:
      return "scale-out is paused: hold";
    case Reason::ScaleOutOnly:
      return "this trigger may only scale out: hold";
    default:
      return "a second look just before the scale-in did not confirm it: hold";
  }
}

}  // namespace

void Steps::add(const Step& step) {
  CHECK(size_ < kCapacity);
  steps_.at(size_++) = step;
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::ScaleOut:
      return "scale_out";
    case Action::ScaleIn:
      return "scale_in";
    case Action::Hold:
      return "hold";
  }
  std::unreachable();
}

std::string_view to_string(Rule rule) {
  constexpr std::array<std::string_view, 11> kNames{
      "backlog",    "activation", "idle",   "partial",  "blind",  "busy",
      "deployment", "cooldown",   "bounds", "override", "trigger"};
  return kNames.at(static_cast<std::size_t>(rule));
}

std::string explain(const Step& step) {
  switch (step.rule) {
    case Rule::Backlog:
    case Rule::Activation:
      return explain_demand(step);
    case Rule::Idle:
      return explain_idle(step);
    case Rule::Partial:
    case Rule::Blind:
      return explain_unknown(step);
    case Rule::Busy:
    case Rule::Deployment:
    case Rule::Cooldown:
      return explain_guard(step);
    case Rule::Bounds:
    case Rule::Override:
    case Rule::Trigger:
      return explain_limit(step);
  }
  std::unreachable();
}

}  // namespace scaler
