// The notes of the steps, for people. Built only when somebody asks.
#include <fmt/core.h>

#include "ground/base/clock.h"
#include "scaler/core/decision.h"
#include "scaler/core/policy_fields.h"

namespace scaler {
namespace {

std::string plural(std::int64_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string duration(std::int64_t milliseconds) {
  return format_duration(Duration(milliseconds));
}

std::string decimal(std::int64_t millionths) {
  return format_millionths({millionths});
}

/// "95 visible + 5 in flight = 100 messages"; what weights, `combine` and the messages that a
/// trigger was handed make of them is the total.
std::string messages(const Step& step) {
  const auto& [visible, in_flight, delayed, counted, per_task, delivered] = step.numbers;
  std::string text = fmt::format("{} visible", visible);
  if (in_flight > 0) {
    text += fmt::format(" + {} in flight", in_flight);
  }
  if (delayed > 0) {
    text += fmt::format(" + {} delayed", delayed);
  }
  if (counted == delivered) {
    return fmt::format("{}, but {} delivered", text, plural(delivered, "message"));
  }
  const bool plain = counted == saturating_add(saturating_add(visible, in_flight), delayed);
  return fmt::format("{} {} {}", text, plain ? "=" : "count as", plural(counted, "message"));
}

std::string explain_need(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::FixedTarget:
      return fmt::format("{}; fixed target -> {}", messages(step), step.tasks);
    case Reason::MessagesPerTask:
      return fmt::format("{}; {} per task -> {}", messages(step), decimal(numbers[4]), step.tasks);
    case Reason::NoBacklog:
      return "no messages that count -> 0";
    case Reason::Activated:
      return fmt::format("at zero with {}, woken from {} on -> {}", plural(numbers[0], "message"),
                         numbers[1], step.tasks);
    case Reason::InFlightAlone:
      return fmt::format("at zero with {} in flight and nothing else: a second look must see it",
                         plural(numbers[0], "message"));
    default:
      return fmt::format("at zero with {}, but it is woken only from {} on",
                         plural(numbers[0], "message"), numbers[1]);
  }
}

/// What the idle rule keeps until the queue is known to be empty.
std::string kept_at_least(const Step& step) {
  return step.tasks == step.numbers[4] ? "hold" : fmt::format("not below {}", step.tasks);
}

std::string explain_idle(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::IdleConfirmed:
      return fmt::format("empty for {} in {} -> 0", duration(numbers[0]),
                         plural(numbers[1], "observation"));
    case Reason::IdleUnconfirmed:
      return fmt::format("empty for {} of {}, in {} of {}: {}", duration(numbers[0]),
                         duration(numbers[2]), numbers[1], plural(numbers[3], "observation"),
                         kept_at_least(step));
    default:
      return fmt::format("not empty: {} visible, {} in flight, {} delayed: {}", numbers[0],
                         numbers[1], numbers[2], kept_at_least(step));
  }
}

std::string explain_unknown(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::QueueUnreadable:
      return fmt::format("{} of {} could not be read: scale-out only", numbers[0],
                         plural(numbers[1], "queue"));
    case Reason::QueueGone:
      return fmt::format("{} of {} does not exist: scale-out only, until it has been gone for {}",
                         numbers[0], plural(numbers[1], "queue"), duration(numbers[2]));
    case Reason::QueueGoneForLong:
      return fmt::format("{} of {} has not existed for {}: counts as empty", numbers[0],
                         plural(numbers[1], "queue"), duration(numbers[2]));
    case Reason::BlindHold:
      return fmt::format("no queue could be read ({} in a row): hold", numbers[0]);
    default:
      return fmt::format("no queue could be read ({} in a row): fallback to {}, never lower",
                         numbers[0], numbers[1]);
  }
}

std::string explain_steadiness(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::WithinTolerance:
      return fmt::format("a change by {} tasks to {} is less than the {} that are tolerated: hold",
                         decimal(numbers[0]), numbers[2], decimal(numbers[1]));
    case Reason::HigherNeedInWindow:
      return fmt::format("{} needed {} ago, within the last {}: not below {}",
                         plural(numbers[0], "task"), duration(numbers[1]), duration(numbers[2]),
                         step.tasks);
    case Reason::LowerNeedInWindow:
      return fmt::format("only {} needed {} ago, within the last {}: not above {}",
                         plural(numbers[0], "task"), duration(numbers[1]), duration(numbers[2]),
                         step.tasks);
    case Reason::NothingKnown:
      return "this is the first look, and one look is not enough: no scale-in";
    case Reason::OldLooks:
      return fmt::format(
          "the last look was {} ago, and looks more than {} apart say nothing about "
          "the time between them: waits begin anew, no scale-in",
          duration(numbers[0]), duration(numbers[1]));
    default:
      return fmt::format("nothing is known yet of the last {}: no scale-in", duration(numbers[0]));
  }
}

/// Says since when a peak is kept, what it costs, and what ends it, once that is worth saying.
std::string kept_tasks(const Step& step) {
  constexpr std::int64_t kMinute = 60'000;
  constexpr double kHour = 3'600'000;
  const std::int64_t beyond = step.numbers[2];
  const std::int64_t since = step.numbers[3];
  if (since < kMinute) {
    return {};
  }
  return fmt::format(
      "; {} beyond the need kept for {} ({:.1f} task-hours), until nothing is in "
      "flight or workers protect themselves (scale_in_when=protected)",
      plural(beyond, "task"), duration(since),
      static_cast<double>(beyond) * static_cast<double>(since) / kHour);
}

std::string explain_busy(const Step& step) {
  switch (step.reason) {
    case Reason::FixedTargetKept:
      return "messages wait: a fixed target never lowers the count";
    case Reason::MessagesInFlight:
      return fmt::format("{} in flight: no task is stopped while one may be working{}",
                         step.numbers[0], kept_tasks(step));
    case Reason::TasksNeededInFlight:
      return fmt::format("{} in flight: not below {}", step.numbers[0], step.tasks);
    default:
      return fmt::format("{} under scale-in protection: not below {}", plural(step.tasks, "task"),
                         step.tasks);
  }
}

std::string explain_service(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::DeploymentInProgress:
      return numbers[0] == 0 ? "a deployment is rolling out: no scale-in"
                             : fmt::format(
                                   "a deployment has been rolling out for {}: no scale-in "
                                   "for up to {}",
                                   duration(numbers[0]), duration(numbers[1]));
    case Reason::DeploymentWithoutEnd:
      return fmt::format("a deployment has been rolling out for {} or more: it holds no longer",
                         duration(numbers[1]));
    case Reason::ServiceNotActive:
      return "the service is not ACTIVE: left alone";
    case Reason::DaemonService:
      return "a DAEMON service has no desired count: left alone";
    case Reason::CapacityShortageHold:
      return fmt::format("capacity shortage: {} of {} run for {}: no further scale-out", numbers[0],
                         numbers[1], duration(numbers[2]));
    default:
      return fmt::format("capacity shortage: {} of {} run for {}", numbers[0], numbers[1],
                         duration(numbers[2]));
  }
}

std::string explain_pace(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::BudgetDisabled:
      return "the budget of this direction is disabled: hold";
    case Reason::BudgetSpent:
      return fmt::format("{} wanted, but the budget is spent: hold", numbers[0]);
    case Reason::BudgetLimited:
      return fmt::format("{} wanted, the budget allows {}", numbers[0], numbers[1]);
    case Reason::BudgetWake:
      return "the budget allows nothing, but a backlog faces no task: one is started";
    case Reason::CoolingDownOut:
      return fmt::format("scaled out {} ago, cooldown {}: hold", duration(numbers[0]),
                         duration(numbers[1]));
    default:
      return fmt::format("scaled in {} ago, cooldown {}: hold", duration(numbers[0]),
                         duration(numbers[1]));
  }
}

/// Which schedule a bound is from, and its window; nothing for the policy's own.
std::string window(const Step& step) {
  const auto& [proposal, bound, place, since, until, unused] = step.numbers;
  if (place == 0) {
    return {};
  }
  const auto instant = [](std::int64_t ms) { return format_instant(Instant(Duration(ms))); };
  return fmt::format(" of schedules[{}], in force from {} to {}", place - 1, instant(since),
                     instant(until));
}

std::string explain_limit(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::BelowMinimum:
      return fmt::format("{} is below tasks_min {}{}", numbers[0], numbers[1], window(step));
    case Reason::BacklogGrowsAtMaximum:
      return fmt::format("at the maximum of {} the backlog has grown from {} to {} in {}",
                         numbers[3], numbers[0], plural(numbers[1], "message"),
                         duration(numbers[2]));
    case Reason::AboveMaximum:
      return fmt::format("{} is above tasks_max {}{}", numbers[0], numbers[1], window(step));
    default:
      return fmt::format("{} is above tasks_max {}{}, but tasks may be working", numbers[0],
                         numbers[1], window(step));
  }
}

std::string explain_quota(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::RefusedTriedSmaller:
      return fmt::format("ECS refused {} {} ago: {} is tried; set tasks_max",
                         plural(numbers[0], "task"), duration(numbers[1]), step.tasks);
    case Reason::RefusedHold:
      return fmt::format(
          "ECS refused {} {} ago, and this is close to what it accepts: hold; set "
          "tasks_max",
          plural(numbers[0], "task"), duration(numbers[1]));
    default:
      return "ECS refused every larger step: one more task is tried; set tasks_max";
  }
}

std::string explain_override(const Step& step) {
  const auto& numbers = step.numbers;
  switch (step.reason) {
    case Reason::Paused:
      return "paused: hold";
    case Reason::ManualHold:
      return fmt::format("somebody else set {} (this program last set {}): held for another {}",
                         numbers[0], numbers[1], duration(numbers[2]));
    case Reason::ScaleInPaused:
      return "scale-in is paused: hold";
    case Reason::ScaleOutPaused:
      return "scale-out is paused: hold";
    case Reason::ScaleOutOnly:
      return "this trigger may only scale out: hold";
    case Reason::LookedTooLong:
      return fmt::format("the second look is {} old, and only {} may be relied on: hold",
                         duration(step.numbers[0]), duration(step.numbers[1]));
    default:
      return "a second look just before the change did not confirm it: hold";
  }
}

}  // namespace

std::string explain(const Step& step) {
  switch (step.rule) {
    case Rule::Backlog:
    case Rule::Activation:
      return explain_need(step);
    case Rule::Idle:
      return explain_idle(step);
    case Rule::Partial:
    case Rule::Blind:
      return explain_unknown(step);
    case Rule::Tolerance:
    case Rule::Stabilization:
      return explain_steadiness(step);
    case Rule::Busy:
      return explain_busy(step);
    case Rule::Deployment:
    case Rule::Shortage:
      return explain_service(step);
    case Rule::Budget:
    case Rule::Cooldown:
      return explain_pace(step);
    case Rule::Bounds:
      return explain_limit(step);
    case Rule::Quota:
      return explain_quota(step);
    case Rule::Override:
    case Rule::Trigger:
      return explain_override(step);
  }
  std::unreachable();
}

}  // namespace scaler
