#include "core/policy_fields.h"

#include <algorithm>
#include <array>
#include <utility>

namespace scaler {
namespace {

constexpr std::int64_t kTimeMax = kDurationLimit.count();

constexpr auto kFields = std::to_array<PolicyField>({
    {"mode", &PolicyOptions::mode, 0, 0, "fixed|backlog",
     "How demand is made of the backlog: a fixed target, or so many messages per task."},
    {"scale_up_target", &PolicyOptions::scale_up_target, 1, kTasksLimit, "tasks",
     "Mode fixed: the count to run while there is a backlog."},
    {"backlog_per_task", &PolicyOptions::backlog_per_task, 1, kMessagesLimit, "messages per task",
     "Mode backlog: one task for each so many messages, rounded up."},
    {"concurrency_per_task", &PolicyOptions::concurrency_per_task, 1, kMessagesLimit, "messages",
     "How many messages one task works on at a time."},
    {"count_in_flight", &PolicyOptions::count_in_flight, 0, 0, "true|false",
     "Whether messages that a worker holds count as backlog."},
    {"count_delayed", &PolicyOptions::count_delayed, 0, 0, "true|false",
     "Whether messages that cannot be received yet count as backlog."},
    {"activation_backlog", &PolicyOptions::activation_backlog, 1, kMessagesLimit, "messages",
     "A service at zero is started from this backlog on."},
    {"tasks_min", &PolicyOptions::tasks_min, 0, kTasksLimit, "tasks",
     "Never fewer tasks than this."},
    {"tasks_max", &PolicyOptions::tasks_max, 1, kTasksLimit, "tasks",
     "Never more tasks than this (default: the target in mode fixed, ECS's own 5000 in mode "
     "backlog)."},
    {"scale_down_threshold", &PolicyOptions::scale_down_threshold, 0, kTimeMax, "seconds",
     "How long every look must have found the queue wholly empty before it scales to the minimum."},
    {"zero_confirmations", &PolicyOptions::zero_confirmations, 1, 1000, "observations",
     "How many such looks there must have been: SQS counts are approximate and dip."},
    {"scale_in_cooldown", &PolicyOptions::scale_in_cooldown, 0, kTimeMax, "seconds",
     "Pause after a scale-in before the next one."},
    {"scale_out_cooldown", &PolicyOptions::scale_out_cooldown, 0, kTimeMax, "seconds",
     "Pause after a scale-out before the next one; a backlog at zero tasks still gets one task."},
    {"scale_in_when", &PolicyOptions::scale_in_when, 0, 0, "idle|any",
     "When tasks may be stopped: only while nothing is in flight, or down to what is in flight."},
    {"fallback_tasks", &PolicyOptions::fallback_tasks, 0, kTasksLimit, "tasks",
     "The least count to run when the queue cannot be read for long (default: hold)."},
    {"failures_before_fallback", &PolicyOptions::failures_before_fallback, 1, 1000, "passes",
     "How many passes in a row must fail to read the queue before the fallback."},
    {"paused", &PolicyOptions::paused, 0, 0, "true|false", "Change nothing."},
    {"scale_in_paused", &PolicyOptions::scale_in_paused, 0, 0, "true|false", "Never scale in."},
    {"scale_out_paused", &PolicyOptions::scale_out_paused, 0, 0, "true|false", "Never scale out."},
});

constexpr auto kModes = std::to_array<std::pair<std::string_view, Mode>>(
    {{"fixed", Mode::Fixed}, {"backlog", Mode::Backlog}});

constexpr auto kScaleInWhens = std::to_array<std::pair<std::string_view, ScaleInWhen>>(
    {{"idle", ScaleInWhen::Idle}, {"any", ScaleInWhen::Any}});

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
  return std::ranges::find(words, value, [](const auto& pair) { return pair.second; })->first;
}

template <typename Words>
auto value_of(const Words& words, std::string_view word) {
  const auto found = std::ranges::find(words, word, [](const auto& pair) { return pair.first; });
  return found == words.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::span<const PolicyField> policy_fields() {
  return kFields;
}

std::string_view to_string(Mode mode) {
  return word_of(kModes, mode);
}
std::string_view to_string(ScaleInWhen when) {
  return word_of(kScaleInWhens, when);
}
std::optional<Mode> parse_mode(std::string_view word) {
  return value_of(kModes, word);
}
std::optional<ScaleInWhen> parse_scale_in_when(std::string_view word) {
  return value_of(kScaleInWhens, word);
}

}  // namespace scaler
