#include "state/memory.h"

#include <algorithm>
#include <iterator>

#include "state/state_text.h"

namespace scaler {
namespace {

/// The part of the recommendations that is worth a write. While the service needs all it has they
/// are left out: a reader who knows nothing holds for a whole window, which is as cautious. The
/// latest is written ahead by a quarter of the window, so that a need which stays is written four
/// times a window at most. The lowest needs, which only delay scale-out, are left out.
std::vector<TasksAt> significant(const std::vector<TasksAt>& recommendations, const Policy& policy,
                                 std::int64_t desired) {
  std::vector<TasksAt> kept;
  if (recommendations.empty() || recommendations.back().tasks >= desired) {
    return kept;
  }
  for (const TasksAt& entry : recommendations) {
    remember_recommendation(kept, entry, policy->scale_in_window, Duration::zero());
  }
  kept.back().at += policy->scale_in_window / 4;
  return kept;
}

/// The part of a state that is worth a write: counters only as far as a rule looks at them, no idle
/// clock for a service that has nothing left to stop (an old clock must never outlive a write that
/// fails), and no start that is merely under way.
ServiceState significant(ServiceState state, const Policy& policy, std::int64_t desired,
                         Instant at) {
  state.recommendations = significant(state.recommendations, policy, desired);
  state.empty_observations = std::min(state.empty_observations, policy->zero_confirmations);
  state.failures =
      policy->fallback_tasks ? std::min(state.failures, policy->failures_before_fallback) : 0;
  if (desired <= policy.bounds_at(at).tasks_min) {
    state.empty_since.reset();
    state.empty_observations = 0;
  }
  if (state.short_since && since(*state.short_since, at) < policy->shortage_after / 4) {
    state.short_since.reset();
  }
  return state;
}

/// Whether a reader of `saved` holds every need at least as long as one of `state` would.
bool covers(const std::vector<TasksAt>& saved, const std::vector<TasksAt>& state, Duration ahead) {
  const auto covered = [&](const TasksAt& need) {
    return std::ranges::any_of(
        saved, [&](const TasksAt& s) { return s.at >= need.at && s.tasks >= need.tasks; });
  };
  std::vector<TasksAt> needs = state;
  if (!needs.empty()) {
    needs.back().at -= ahead;
  }
  return saved.empty() == state.empty() && std::ranges::all_of(needs, covered);
}

/// Histories of two processes as one.
std::vector<TasksAt> united(const std::vector<TasksAt>& a, const std::vector<TasksAt>& b) {
  std::vector<TasksAt> both;
  std::ranges::merge(a, b, std::back_inserter(both), {}, &TasksAt::at, &TasksAt::at);
  both.erase(std::ranges::unique(both).begin(), both.end());
  return both;
}

}  // namespace

ServiceState more_cautious(const ServiceState& a, const ServiceState& b) {
  ServiceState state;
  if (a.empty_since && b.empty_since) {
    state.empty_since = std::max(*a.empty_since, *b.empty_since);
    state.empty_observations = std::min(a.empty_observations, b.empty_observations);
  }
  state.last_scale_out = std::max(a.last_scale_out, b.last_scale_out);
  state.last_scale_in = std::max(a.last_scale_in, b.last_scale_in);
  state.recommendations = united(a.recommendations, b.recommendations);
  state.changes = united(a.changes, b.changes);
  state.last_set = a.last_set ? a.last_set : b.last_set;
  state.manual = a.manual ? a.manual : b.manual;
  state.short_since = a.short_since ? a.short_since : b.short_since;
  state.failures = std::min(a.failures, b.failures);
  return state;
}

Memory::Recalled Memory::recall(std::string_view saved, Instant at) {
  if (saved == tag_) {
    return {.state = state_};
  }
  const Result<ServiceState> parsed =
      saved.empty() ? Result<ServiceState>(ServiceState{}) : parse_state(saved);
  Recalled recalled{.state = parsed.value_or(ServiceState{})};
  if (!parsed) {
    recalled.complaint = parsed.error().message;
  }
  if (written_at_ && at - *written_at_ < kTagLag) {
    recalled.state = more_cautious(state_, recalled.state);
  } else {
    tag_ = saved;
    tag_state_ = recalled.state;
  }
  state_ = recalled.state;
  return recalled;
}

std::optional<std::string> Memory::text_to_save(const Policy& policy, std::int64_t desired,
                                                Instant at) const {
  const ServiceState now = significant(state_, policy, desired, at);
  if (!covers(tag_state_.recommendations, now.recommendations, policy->scale_in_window / 4)) {
    return format_state(now);
  }
  // Every change sets last_scale_out or last_scale_in as well, so those speak for them.
  ServiceState said = tag_state_;
  said.recommendations = now.recommendations;
  said.changes = now.changes;
  return said == now ? std::nullopt : std::optional(format_state(now));
}

void Memory::saved(std::string text, Instant at) {
  tag_ = std::move(text);
  tag_state_ = parse_state(tag_).value_or(ServiceState{});
  written_at_ = at;
}

}  // namespace scaler
