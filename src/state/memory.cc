#include "state/memory.h"

#include <algorithm>

#include "state/state_text.h"

namespace scaler {
namespace {

/// The part of a state that is worth a write: counters only as far as a rule looks at them, and no
/// idle clock for a service that has nothing left to stop (an old clock must never outlive a write
/// that fails).
ServiceState significant(ServiceState state, const Policy& policy, std::int64_t desired) {
  state.empty_observations = std::min(state.empty_observations, policy->zero_confirmations);
  state.failures =
      policy->fallback_tasks ? std::min(state.failures, policy->failures_before_fallback) : 0;
  if (desired <= policy->tasks_min) {
    state.empty_since.reset();
    state.empty_observations = 0;
  }
  return state;
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
  state.last_set = a.last_set ? a.last_set : b.last_set;
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
  }
  state_ = recalled.state;
  return recalled;
}

std::optional<std::string> Memory::text_to_save(const Policy& policy, std::int64_t desired) const {
  std::string text = format_state(significant(state_, policy, desired));
  if (text == tag_ || (tag_.empty() && text == format_state({}))) {
    return std::nullopt;
  }
  return text;
}

void Memory::saved(std::string text, Instant at) {
  tag_ = std::move(text);
  written_at_ = at;
}

}  // namespace scaler
