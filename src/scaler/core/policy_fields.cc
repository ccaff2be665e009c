#include "scaler/core/policy_fields.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

namespace scaler {
namespace {

constexpr std::int64_t kTimeMax = kDurationLimit.count();
constexpr std::int64_t kSecondsMax = std::chrono::microseconds(kDurationLimit).count();

/// How many tasks are wanted, and how fast their count may move.
constexpr auto kCountFields = std::to_array<PolicyField>({
    {"mode", &PolicyOptions::mode, 0, 0, "fixed|backlog|latency",
     "How demand is made of the backlog: a fixed target, so many messages per task, or as many as "
     "one task works off within a target latency."},
    {"scale_up_target", &PolicyOptions::scale_up_target, 1, kTasksLimit, "tasks",
     "Mode fixed: the count to run while there is a backlog."},
    {"backlog_per_task", &PolicyOptions::backlog_per_task, 1, kMessagesLimit, "messages per task",
     "Mode backlog: one task for each so many messages, rounded up."},
    {"target_latency", &PolicyOptions::target_latency, 1, kTimeMax, "seconds",
     "Mode latency: how long a message may take from being sent to being done."},
    {"seconds_per_message", &PolicyOptions::seconds_per_message, 1, kSecondsMax, "seconds",
     "Mode latency: how long a worker takes for one message."},
    {"concurrency_per_task", &PolicyOptions::concurrency_per_task, 1, kMessagesLimit, "messages",
     "How many messages one task works on at a time."},
    {"count_in_flight", &PolicyOptions::count_in_flight, 0, 0, "true|false",
     "Whether messages that a worker holds count as backlog."},
    {"count_delayed", &PolicyOptions::count_delayed, 0, 0, "true|false",
     "Whether messages that cannot be received yet count as backlog."},
    {"combine", &PolicyOptions::combine, 0, 0, "sum|max",
     "How the backlogs of several queues become one."},
    {"activation_backlog", &PolicyOptions::activation_backlog, 1, kMessagesLimit, "messages",
     "A service at zero is started from this backlog on."},
    {"tasks_min", &PolicyOptions::tasks_min, 0, kTasksLimit, "tasks",
     "Never fewer tasks than this."},
    {"tasks_max", &PolicyOptions::tasks_max, 1, kTasksLimit, "tasks",
     "Never more tasks than this (default: the target in mode fixed, otherwise ECS's own 5000)."},
    {"scale_down_threshold", &PolicyOptions::scale_down_threshold, 0, kTimeMax, "seconds",
     "How long every look must have found the queue wholly empty before it scales to the minimum."},
    {"zero_confirmations", &PolicyOptions::zero_confirmations, 1, 1000, "observations",
     "How many such looks there must have been: SQS counts are approximate and dip."},
    {"tolerance", &PolicyOptions::tolerance, 0, Millionths::kOne, "ratio",
     "A change smaller than this part of the desired count is not made."},
    {"scale_in_window", &PolicyOptions::scale_in_window, 0, kTimeMax, "seconds",
     "Scale-in goes no lower than the highest need within this time."},
    {"scale_out_window", &PolicyOptions::scale_out_window, 0, kTimeMax, "seconds",
     "Scale-out goes no higher than the lowest need within this time; never from zero."},
    {"scale_in_cooldown", &PolicyOptions::scale_in_cooldown, 0, kTimeMax, "seconds",
     "Pause after a scale-in before the next one."},
    {"scale_out_cooldown", &PolicyOptions::scale_out_cooldown, 0, kTimeMax, "seconds",
     "Pause after a scale-out before the next one; never from zero."},
    {"scale_in_when", &PolicyOptions::scale_in_when, 0, 0, "idle|protected|any",
     "When tasks may be stopped: only while nothing is in flight; down to the protected and the "
     "busy ones; or down to what is in flight."},
    {"busy_window", &PolicyOptions::busy_window, 0, kTimeMax, "seconds",
     "Messages in flight keep their tasks for so long after they were seen: SQS's counts dip for "
     "up to a minute (0 trusts a single look)."},
    {"deployment_hold", &PolicyOptions::deployment_hold, 0, kTimeMax, "seconds",
     "A deployment that rolls out holds scale-in for so long; an empty queue goes to the minimum "
     "all the same."},
    {"scale_out_budget", &PolicyOptions::scale_out_budget, 0, 0, "JSON",
     "The most tasks or percent that may be added within a period."},
    {"scale_in_budget", &PolicyOptions::scale_in_budget, 0, 0, "JSON",
     "The most tasks or percent that may be removed within a period."},
});

/// What else is said of the count, of capacity, and by people.
constexpr auto kOtherFields = std::to_array<PolicyField>({
    {"schedules", &PolicyOptions::schedules, 0, 0, "JSON",
     "Other bounds at certain hours: a list of cron, duration, time_zone, tasks_min, tasks_max."},
    {"fallback_tasks", &PolicyOptions::fallback_tasks, 0, kTasksLimit, "tasks",
     "The least count to run when the queue cannot be read for long (default: hold)."},
    {"failures_before_fallback", &PolicyOptions::failures_before_fallback, 1, 1000, "passes",
     "How many passes in a row must fail to read the queue before the fallback."},
    {"shortage_after", &PolicyOptions::shortage_after, 0, kTimeMax, "seconds",
     "Fewer tasks running than desired for so long is a capacity shortage, which is reported."},
    {"hold_on_shortage", &PolicyOptions::hold_on_shortage, 0, 0, "true|false",
     "Whether a capacity shortage holds further scale-out."},
    {"manual_hold", &PolicyOptions::manual_hold, 0, kTimeMax, "seconds",
     "How long a desired count that somebody else set is respected, unless it is zero and a "
     "backlog waits."},
    {"capacity", &PolicyOptions::capacity, 0, 0, "follow|own|off",
     "Who drives the EC2 instances under the tasks: AWS (a wake from none asks for the first at "
     "once); this program, which starts and ends those of the service's Auto Scaling group; or "
     "nobody looks."},
    {"capacity_order", &PolicyOptions::capacity_order, 0, 0, "tasks_first|instances_first",
     "With capacity own: whether the desired count is set at once, so that ECS places the tasks "
     "when an instance comes, or only as instances have room."},
    {"instance_idle", &PolicyOptions::instance_idle, 0, kTimeMax, "seconds",
     "With capacity own: how long an instance is kept without a task before it is drained."},
    {"instance_min", &PolicyOptions::instance_min, 0, kInstancesLimit, "instances",
     "With capacity own: never fewer instances than this, within the group's own bounds."},
    {"instance_tasks", &PolicyOptions::instance_tasks, 1, kTasksLimit, "tasks",
     "How many tasks one instance holds at most (default: what its resources allow, which is known "
     "once one has registered)."},
    {"paused", &PolicyOptions::paused, 0, 0, "true|false", "Change nothing."},
    {"scale_in_paused", &PolicyOptions::scale_in_paused, 0, 0, "true|false", "Never scale in."},
    {"scale_out_paused", &PolicyOptions::scale_out_paused, 0, 0, "true|false", "Never scale out."},
});

constexpr auto kFields = [] {
  std::array<PolicyField, kCountFields.size() + kOtherFields.size()> fields{};
  std::ranges::copy(kOtherFields, std::ranges::copy(kCountFields, fields.begin()).out);
  return fields;
}();

template <typename Word>
using Words = std::span<const std::pair<std::string_view, Word>>;

constexpr auto kModes = std::to_array<std::pair<std::string_view, Mode>>(
    {{"fixed", Mode::Fixed}, {"backlog", Mode::Backlog}, {"latency", Mode::Latency}});
constexpr auto kCombines = std::to_array<std::pair<std::string_view, Combine>>(
    {{"sum", Combine::Sum}, {"max", Combine::Max}});
constexpr auto kScaleInWhens =
    std::to_array<std::pair<std::string_view, ScaleInWhen>>({{"idle", ScaleInWhen::Idle},
                                                             {"protected", ScaleInWhen::Protected},
                                                             {"any", ScaleInWhen::Any}});
constexpr auto kBudgetSelects = std::to_array<std::pair<std::string_view, BudgetSelect>>(
    {{"max", BudgetSelect::Max}, {"min", BudgetSelect::Min}, {"disabled", BudgetSelect::Disabled}});
constexpr auto kCapacities = std::to_array<std::pair<std::string_view, Capacity>>(
    {{"follow", Capacity::Follow}, {"own", Capacity::Own}, {"off", Capacity::Off}});
constexpr auto kCapacityOrders = std::to_array<std::pair<std::string_view, CapacityOrder>>(
    {{"tasks_first", CapacityOrder::TasksFirst},
     {"instances_first", CapacityOrder::InstancesFirst}});

Words<Mode> words(Mode /*of*/) {
  return kModes;
}
Words<Combine> words(Combine /*of*/) {
  return kCombines;
}
Words<ScaleInWhen> words(ScaleInWhen /*of*/) {
  return kScaleInWhens;
}
Words<BudgetSelect> words(BudgetSelect /*of*/) {
  return kBudgetSelects;
}
Words<Capacity> words(Capacity /*of*/) {
  return kCapacities;
}
Words<CapacityOrder> words(CapacityOrder /*of*/) {
  return kCapacityOrders;
}

template <typename Word>
std::string_view word_of(Word value) {
  return std::ranges::find(words(value), value, [](const auto& pair) { return pair.second; })
      ->first;
}

}  // namespace

std::span<const PolicyField> policy_fields() {
  return kFields;
}

std::string_view to_string(Mode mode) {
  return word_of(mode);
}
std::string_view to_string(Combine combine) {
  return word_of(combine);
}
std::string_view to_string(ScaleInWhen when) {
  return word_of(when);
}
std::string_view to_string(BudgetSelect select) {
  return word_of(select);
}
std::string_view to_string(Capacity capacity) {
  return word_of(capacity);
}
std::string_view to_string(CapacityOrder order) {
  return word_of(order);
}

template <typename Word>
std::optional<Word> parse_word(std::string_view text) {
  for (const auto& [word, value] : words(Word{})) {
    if (word == text) {
      return value;
    }
  }
  return std::nullopt;
}
template std::optional<Mode> parse_word(std::string_view text);
template std::optional<Combine> parse_word(std::string_view text);
template std::optional<ScaleInWhen> parse_word(std::string_view text);
template std::optional<BudgetSelect> parse_word(std::string_view text);
template std::optional<Capacity> parse_word(std::string_view text);
template std::optional<CapacityOrder> parse_word(std::string_view text);

std::string format_millionths(Millionths value) {
  std::string text =
      fmt::format("{}.{:06}", value.count / Millionths::kOne, value.count % Millionths::kOne);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) {
    text.pop_back();
  }
  return text;
}

}  // namespace scaler
