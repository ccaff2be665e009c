#include "scaler/core/reasons.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/core.h>

#include "ground/base/check.h"
#include "ground/base/clock.h"
#include "ground/base/text.h"
#include "scaler/core/arithmetic.h"

namespace scaler {
namespace {

consteval Numbers numbers(std::initializer_list<Number> list) {
  Numbers made;
  for (const Number& number : list) {
    made.each.at(made.size++) = number;
  }
  return made;
}

constexpr Numbers kNone = {};
constexpr Numbers kMessages = numbers({{"visible", Measure::Messages},
                                       {"in_flight", Measure::Messages},
                                       {"delayed", Measure::Messages},
                                       {"counted", Measure::Messages},
                                       {"per_task", Measure::Millionths},
                                       {"delivered", Measure::Messages}});
constexpr Numbers kActivation =
    numbers({{"counted", Measure::Messages}, {"activation_backlog", Measure::Messages}});
constexpr Numbers kEmpty = numbers({{"empty_for", Measure::Milliseconds},
                                    {"seen", Measure::Observations},
                                    {"scale_down_threshold", Measure::Milliseconds},
                                    {"zero_confirmations", Measure::Observations},
                                    {"desired", Measure::Tasks}});
constexpr Numbers kQueues = numbers({{"missed", Measure::Queues},
                                     {"queues", Measure::Queues},
                                     {"gone_for_long", Measure::Milliseconds}});
constexpr Numbers kPastNeed = numbers({{"needed", Measure::Tasks},
                                       {"ago", Measure::Milliseconds},
                                       {"window", Measure::Milliseconds}});
constexpr Numbers kBusy = numbers({{"in_flight", Measure::Messages}, {"floor", Measure::Tasks}});
constexpr Numbers kRollout =
    numbers({{"held", Measure::Milliseconds}, {"deployment_hold", Measure::Milliseconds}});
constexpr Numbers kBudget = numbers({{"wanted", Measure::Tasks}, {"allowed", Measure::Tasks}});
constexpr Numbers kCooldown =
    numbers({{"ago", Measure::Milliseconds}, {"cooldown", Measure::Milliseconds}});
constexpr Numbers kShortage = numbers({{"running", Measure::Tasks},
                                       {"desired", Measure::Tasks},
                                       {"short_for", Measure::Milliseconds}});
constexpr Numbers kBound = numbers({{"proposal", Measure::Tasks},
                                    {"bound", Measure::Tasks},
                                    {"schedule", Measure::Place},
                                    {"since", Measure::Since1970},
                                    {"until", Measure::Since1970}});
constexpr Numbers kRefused = numbers(
    {{"refused", Measure::Tasks}, {"ago", Measure::Milliseconds}, {"proposal", Measure::Tasks}});

std::int64_t number(const Step& step, std::string_view name) {
  const Numbers& named = entry_of(step.reason).numbers;
  const auto found = std::ranges::find(named, name, &Number::name);
  CHECK(found != named.end());
  return step.numbers.at(static_cast<std::size_t>(found - named.begin()));
}

std::string duration(const Step& step, std::string_view name) {
  return format_duration(Duration(number(step, name)));
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

/// What the idle rule keeps until the queue is known to be empty.
std::string kept_at_least(const Step& step) {
  return step.tasks == number(step, "desired") ? "hold" : fmt::format("not below {}", step.tasks);
}

/// Since when a peak is kept, what it costs, and what ends it, once that is worth saying.
std::string kept_tasks(const Step& step) {
  constexpr std::int64_t kMinute = 60'000;
  constexpr double kHour = 3'600'000;
  const std::int64_t beyond = number(step, "beyond");
  const std::int64_t since = number(step, "kept_for");
  if (since < kMinute) {
    return {};
  }
  return fmt::format(
      "; {} beyond the need kept for {} ({:.1f} task-hours), until nothing is in "
      "flight or workers protect themselves (scale_in_when=protected)",
      plural(beyond, "task"), duration(step, "kept_for"),
      static_cast<double>(beyond) * static_cast<double>(since) / kHour);
}

std::string rollout(const Step& step) {
  return number(step, "held") == 0
             ? "is rolling out: no scale-in"
             : fmt::format("has been rolling out for {}: no scale-in for up to {}",
                           duration(step, "held"), duration(step, "deployment_hold"));
}

/// Which schedule a bound is from, and its window; nothing for the policy's own.
std::string window(const Step& step) {
  const std::int64_t place = number(step, "schedule");
  const auto instant = [&step](std::string_view name) {
    return format_instant(Instant(Duration(number(step, name))));
  };
  return place == 0 ? std::string()
                    : fmt::format(" of schedules[{}], in force from {} to {}", place - 1,
                                  instant("since"), instant("until"));
}

constexpr auto kReasonCount = static_cast<std::size_t>(Reason::Count);

// In the order of Reason.
constexpr std::array<ReasonEntry, kReasonCount> kReasons{{
    {Reason::FixedTarget, Rule::Backlog, kMessages, "{}; fixed target -> {tasks:n}", messages},
    {Reason::MessagesPerTask, Rule::Backlog, kMessages, "{}; {per_task} per task -> {tasks:n}",
     messages},
    {Reason::NoBacklog, Rule::Backlog, kMessages, "no messages that count -> 0"},
    {Reason::Activated, Rule::Activation, kActivation,
     "at zero with {counted}, woken from {activation_backlog:n} on -> {tasks:n}"},
    {Reason::BelowActivation, Rule::Activation, kActivation,
     "at zero with {counted}, but it is woken only from {activation_backlog:n} on"},
    {Reason::InFlightAlone, Rule::Activation, numbers({{"in_flight", Measure::Messages}}),
     "at zero with {in_flight} in flight and nothing else: a second look must see it"},
    {Reason::IdleConfirmed, Rule::Idle, kEmpty, "empty for {empty_for} in {seen} -> 0"},
    {Reason::IdleUnconfirmed, Rule::Idle, kEmpty,
     "empty for {empty_for} of {scale_down_threshold}, in {seen:n} of {zero_confirmations}: {}",
     kept_at_least},
    {Reason::NotEmpty, Rule::Idle,
     numbers({{"visible", Measure::Messages},
              {"in_flight", Measure::Messages},
              {"delayed", Measure::Messages},
              {"desired", Measure::Tasks}}),
     "not empty: {visible:n} visible, {in_flight:n} in flight, {delayed:n} delayed: {}",
     kept_at_least},
    {Reason::QueueUnreadable, Rule::Partial, kQueues,
     "{missed:n} of {queues} could not be read: scale-out only"},
    {Reason::QueueGone, Rule::Partial, kQueues,
     "{missed:n} of {queues} does not exist: scale-out only, until it has been gone for "
     "{gone_for_long}"},
    {Reason::QueueGoneForLong, Rule::Partial, kQueues,
     "{missed:n} of {queues} has not existed for {gone_for_long}: counts as empty"},
    {Reason::BlindHold, Rule::Blind, numbers({{"failures", Measure::Observations}}),
     "no queue could be read ({failures:n} in a row): hold"},
    {Reason::BlindFallback, Rule::Blind,
     numbers({{"failures", Measure::Observations}, {"fallback_tasks", Measure::Tasks}}),
     "no queue could be read ({failures:n} in a row): fallback to {fallback_tasks:n}, never "
     "lower"},
    {Reason::WithinTolerance, Rule::Tolerance,
     numbers({{"change", Measure::Millionths},
              {"tolerated", Measure::Millionths},
              {"proposal", Measure::Tasks}}),
     "a change by {change} tasks to {proposal:n} is less than the {tolerated} that are "
     "tolerated: hold"},
    {Reason::HigherNeedInWindow, Rule::Stabilization, kPastNeed,
     "{needed} needed {ago} ago, within the last {window}: not below {tasks:n}"},
    {Reason::LowerNeedInWindow, Rule::Stabilization, kPastNeed,
     "only {needed} needed {ago} ago, within the last {window}: not above {tasks:n}"},
    {Reason::NothingKnown, Rule::Stabilization, kNone,
     "this is the first look, and one look is not enough: no scale-in"},
    {Reason::NothingKnownInWindow, Rule::Stabilization,
     numbers({{"window", Measure::Milliseconds}}),
     "nothing is known yet of the last {window}: no scale-in"},
    {Reason::OldLooks, Rule::Stabilization,
     numbers({{"gap", Measure::Milliseconds}, {"longest_gap", Measure::Milliseconds}}),
     "the last look was {gap} ago, and looks more than {longest_gap} apart say nothing about the "
     "time between them: waits begin anew, no scale-in"},
    {Reason::FixedTargetKept, Rule::Busy, kNone,
     "messages wait: a fixed target never lowers the count"},
    {Reason::MessagesInFlight, Rule::Busy,
     numbers({{"in_flight", Measure::Messages},
              {"floor", Measure::Tasks},
              {"beyond", Measure::Tasks},
              {"kept_for", Measure::Milliseconds}}),
     "{in_flight:n} in flight: no task is stopped while one may be working{}", kept_tasks},
    {Reason::TasksNeededInFlight, Rule::Busy, kBusy,
     "{in_flight:n} in flight: not below {tasks:n}"},
    {Reason::TasksProtected, Rule::Busy, kBusy,
     "{tasks} under scale-in protection: not below {tasks:n}"},
    {Reason::DeploymentInProgress, Rule::Deployment, kRollout, "a deployment {}", rollout},
    {Reason::DeploymentWithoutEnd, Rule::Deployment, kRollout,
     "a deployment has been rolling out for {deployment_hold} or more: it holds no longer"},
    {Reason::ServiceNotActive, Rule::Deployment, kNone, "the service is not ACTIVE: left alone"},
    {Reason::DaemonService, Rule::Deployment, kNone,
     "a DAEMON service has no desired count: left alone"},
    {Reason::BudgetDisabled, Rule::Budget, kNone, "the budget of this direction is disabled: hold"},
    {Reason::BudgetSpent, Rule::Budget, kBudget,
     "{wanted:n} wanted, but the budget is spent: hold"},
    {Reason::BudgetLimited, Rule::Budget, kBudget,
     "{wanted:n} wanted, the budget allows {allowed:n}"},
    {Reason::BudgetWake, Rule::Budget, numbers({{"wanted", Measure::Tasks}}),
     "the budget allows nothing, but a backlog faces no task: one is started"},
    {Reason::CoolingDownOut, Rule::Cooldown, kCooldown,
     "scaled out {ago} ago, cooldown {cooldown}: hold"},
    {Reason::CoolingDownIn, Rule::Cooldown, kCooldown,
     "scaled in {ago} ago, cooldown {cooldown}: hold"},
    {Reason::CapacityShortage, Rule::Shortage, kShortage,
     "capacity shortage: {running:n} of {desired:n} run for {short_for}"},
    {Reason::CapacityShortageHold, Rule::Shortage, kShortage,
     "capacity shortage: {running:n} of {desired:n} run for {short_for}: no further scale-out"},
    {Reason::BelowMinimum, Rule::Bounds, kBound, "{proposal:n} is below tasks_min {bound:n}{}",
     window},
    {Reason::AboveMaximum, Rule::Bounds, kBound, "{proposal:n} is above tasks_max {bound:n}{}",
     window},
    {Reason::AboveMaximumButBusy, Rule::Bounds, kBound,
     "{proposal:n} is above tasks_max {bound:n}{}, but tasks may be working", window},
    {Reason::BacklogGrowsAtMaximum, Rule::Bounds,
     numbers({{"before", Measure::Messages},
              {"now", Measure::Messages},
              {"within", Measure::Milliseconds},
              {"desired", Measure::Tasks}}),
     "at the maximum of {desired:n} the backlog has grown from {before:n} to {now} in {within}"},
    {Reason::RefusedTriedSmaller, Rule::Quota, kRefused,
     "ECS refused {refused} {ago} ago: {tasks:n} is tried; set tasks_max"},
    {Reason::RefusedHold, Rule::Quota, kRefused,
     "ECS refused {refused} {ago} ago, and this is close to what it accepts: hold; set tasks_max"},
    {Reason::RefusedLastTry, Rule::Quota, kNone,
     "ECS refused every larger step: one more task is tried; set tasks_max"},
    {Reason::Paused, Rule::Override, kNone, "paused: hold"},
    {Reason::PausedByTag, Rule::Override, numbers({{"until", Measure::Since1970}}),
     "paused until {until} by the service's tag ecs-scaler:pause: hold"},
    {Reason::ManualHold, Rule::Override,
     numbers({{"desired", Measure::Tasks},
              {"last_set", Measure::Tasks},
              {"left", Measure::Milliseconds}}),
     "somebody else set {desired:n} (this program last set {last_set:n}): held for another {left}"},
    {Reason::ScaleInPaused, Rule::Override, kNone, "scale-in is paused: hold"},
    {Reason::ScaleOutPaused, Rule::Override, kNone, "scale-out is paused: hold"},
    {Reason::ScaleOutOnly, Rule::Trigger, kNone, "this trigger may only scale out: hold"},
    {Reason::ChangedMeanwhile, Rule::Trigger, kNone,
     "a second look just before the change did not confirm it: hold"},
    {Reason::LookedTooLong, Rule::Trigger,
     numbers({{"age", Measure::Milliseconds}, {"bound", Measure::Milliseconds}}),
     "the second look is {age} old, and only {bound} may be relied on: hold"},
    {Reason::NoInstanceYet, Rule::Trigger, numbers({{"proposal", Measure::Tasks}}),
     "instances come first, and have room for {tasks:n} of {proposal} so far"},
}};

/// Whether each placeholder of a note stands for something.
consteval bool filled(const ReasonEntry& entry) {
  bool part = false;
  std::size_t at = 0;
  while ((at = entry.note.find('{', at)) != std::string_view::npos) {
    const std::string_view inner = entry.note.substr(at + 1, entry.note.find('}', at) - at - 1);
    const std::string_view name = inner.substr(0, inner.find(':'));
    part = part || name.empty();
    if (!name.empty() && name != "tasks" &&
        std::ranges::find(entry.numbers, name, &Number::name) == entry.numbers.end()) {
      return false;
    }
    ++at;
  }
  return !entry.note.empty() && part == (entry.part != nullptr);
}

consteval bool all_filled() {
  for (const ReasonEntry& entry : kReasons) {
    if (!filled(entry)) {
      return false;
    }
  }
  return true;
}

consteval bool reasons_in_order() {
  for (std::size_t place = 0; place < kReasons.size(); ++place) {
    if (kReasons.at(place).reason != static_cast<Reason>(place)) {
      return false;
    }
  }
  return true;
}

static_assert(reasons_in_order(), "each reason has its place in the table");
static_assert(all_filled(), "each note names numbers of its reason");

}  // namespace

const ReasonEntry& entry_of(Reason reason) {
  return kReasons.at(static_cast<std::size_t>(reason));
}

Rule rule_of(Reason reason) {
  return entry_of(reason).rule;
}

}  // namespace scaler
