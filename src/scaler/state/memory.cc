#include "scaler/state/memory.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace scaler {
namespace {

/// The latest need is written ahead by so much, so that one which stays is not written at each
/// look. Only a process that starts anew reads it, and holds a little longer for it.
Duration ahead(const Policy& policy) {
  return std::max(policy.scale_in_window() / 4, Memory::kRenewal);
}

/// Clocks of two machines may differ by so much.
constexpr Duration kClocksDiffer = std::chrono::minutes(1);

/// The part of the recommendations that is worth a write. While the service needs all it has they
/// are left out: a reader who knows nothing holds for a whole window, which is as cautious. The
/// lowest needs, which only delay scale-out, are left out.
std::vector<TasksAt> significant(const std::vector<TasksAt>& recommendations, const Policy& policy,
                                 const Memory::Now& now) {
  std::vector<TasksAt> kept;
  if (recommendations.empty() || now.needed >= now.desired) {
    return kept;
  }
  for (const TasksAt& entry : recommendations) {
    remember_recommendation(kept, entry, policy.scale_in_window(), Duration::zero());
  }
  if (kept.back().tasks < now.desired) {
    kept.back().at += ahead(policy);
  }
  return kept;
}

/// What only informs is written once it lasts.
void drop_unless_older(std::optional<Instant>& instant, Instant at, Duration age) {
  if (instant && since(*instant, at) < age) {
    instant.reset();
  }
}

/// The part of a state that is worth a write: counters only as far as a rule looks at them, no idle
/// clock for a service that has nothing left to stop (an old clock must never outlive a write that
/// fails), and no start that is merely under way.
ServiceState significant(ServiceState state, const Policy& policy, const Memory::Now& now) {
  constexpr std::int64_t kLateTold = 3;
  constexpr Duration kLasts = std::chrono::minutes(5);
  state.recommendations = significant(state.recommendations, policy, now);
  state.empty_observations = std::min(state.empty_observations, policy->zero_confirmations);
  state.failures =
      policy->fallback_tasks ? std::min(state.failures, policy->failures_before_fallback) : 0;
  if (now.desired <= policy.bounds_at(now.at).tasks_min) {
    state.empty_since.reset();
    state.empty_observations = 0;
    state.recommendations.clear();
    state.deploying_since.reset();
  }
  drop_unless_older(state.short_since, now.at, policy->shortage_after / 4);
  drop_unless_older(state.kept_since, now.at, kLasts);
  state.late_looks = state.late_looks < kLateTold ? 0 : kLateTold;
  state.full.reset();  // Told by who sees it; a text has no room for it.
  return state;
}

/// Whether something in there waits on past looks.
bool waits(const ServiceState& state) {
  return state.empty_since || !state.recommendations.empty() || state.short_since ||
         state.deploying_since || state.gone || state.stray_since;
}

/// Whether a reader of `saved` holds every need at least as long as one of `state` would. Were a
/// tag written whenever a need moves, that would be a call at every pass, under a rate that all
/// services share. Were it spared because little has changed, another sandbox could scale in below
/// a need that this one saw. So it is spared just as long as the tag is the more cautious of the
/// two: each need is in it, as large or larger, as late or later. The text tells whole seconds, so
/// instants are compared by these.
bool covers(const std::vector<TasksAt>& saved, const std::vector<TasksAt>& state, Duration ahead) {
  if (saved.empty() || state.empty()) {
    return saved.empty() == state.empty();
  }
  const auto covered = [&](Instant at, std::int64_t tasks) {
    at = std::chrono::floor<std::chrono::seconds>(at);
    return std::ranges::any_of(
        saved, [&](const TasksAt& told) { return told.at >= at && told.tasks >= tasks; });
  };
  // The last one was written ahead, or is covered by that much more.
  return covered(state.back().at - ahead, state.back().tasks) &&
         std::all_of(state.begin(), state.end() - 1,
                     [&](const TasksAt& need) { return covered(need.at, need.tasks); });
}

/// Histories of two processes as one.
std::vector<TasksAt> united(const std::vector<TasksAt>& a, const std::vector<TasksAt>& b) {
  std::vector<TasksAt> both;
  std::ranges::merge(a, b, std::back_inserter(both), {}, &TasksAt::at, &TasksAt::at);
  both.erase(std::ranges::unique(both).begin(), both.end());
  while (both.size() > kHistoryLimit) {
    merge_nearest(both, Merge::Highest);
  }
  return both;
}

/// Changes of two processes as one: the text tells later seconds, so that what both know is found
/// by its count and second.
std::vector<TasksAt> united_changes(const std::vector<TasksAt>& own,
                                    const std::vector<TasksAt>& other) {
  const auto second = [](const TasksAt& change) {
    return std::pair(std::chrono::ceil<std::chrono::seconds>(change.at), change.tasks);
  };
  std::vector<TasksAt> both = own;
  for (const TasksAt& change : other) {
    if (std::ranges::none_of(
            own, [&](const TasksAt& known) { return second(known) == second(change); })) {
      both.push_back(change);
    }
  }
  std::ranges::stable_sort(both, {}, &TasksAt::at);
  while (both.size() > kHistoryLimit) {
    merge_nearest(both, Merge::Sum);
  }
  return both;
}

/// Calls `change` with each instant that a state holds.
template <typename Change>
void for_each_instant(ServiceState& state, const Change& change) {
  for (auto* instant :
       {&state.last_look, &state.empty_since, &state.last_scale_out, &state.last_scale_in,
        &state.short_since, &state.deploying_since, &state.stray_since, &state.kept_since}) {
    if (*instant) {
      change(**instant);
    }
  }
  for (auto* history : {&state.recommendations, &state.changes}) {
    for (TasksAt& entry : *history) {
      change(entry.at);
    }
  }
  for (auto* entry : {&state.manual, &state.announced, &state.refused}) {
    if (*entry) {
      change((*entry)->at);
    }
  }
  if (state.gone) {
    change(state.gone->since);
  }
  if (state.full) {
    change(state.full->at);
  }
}

/// A text from the future would hold every process that starts anew for ever: its instants count as
/// this moment, and it must not stay as it is. Whether it was one.
bool pull_to(ServiceState& state, Instant at, Duration ahead) {
  bool odd = false;
  if (!state.recommendations.empty()) {
    Instant& latest = state.recommendations.back().at;
    odd = latest > at + ahead + kClocksDiffer;
    latest = std::min(latest, at);
  }
  for_each_instant(state, [&](Instant& instant) {
    odd = odd || instant > at + kClocksDiffer;
    instant = std::min(instant, at);
  });
  return odd;
}

/// What a text tells beside the histories and the last look, as it tells it: in whole seconds, and
/// later ones.
ServiceState gist(ServiceState state) {
  state.recommendations.clear();
  state.changes.clear();
  state.last_look.reset();
  for_each_instant(
      state, [](Instant& instant) { instant = std::chrono::ceil<std::chrono::seconds>(instant); });
  return state;
}

/// Looks at other queues count as a pause of the looks, since long ago.
void begin_anew(ServiceState& state) {
  if (state != ServiceState{}) {
    state.last_look = Instant{};
  }
}

/// What is written with the state: of which queues it tells, while something waits on looks at
/// them.
std::optional<QueuesMark> told_queues(const ServiceState& state, std::optional<QueuesMark> queues) {
  return waits(state) ? queues : std::nullopt;
}

std::optional<TasksAt> last_of(const std::vector<TasksAt>& needs) {
  return needs.empty() ? std::nullopt : std::optional(needs.back());
}

std::optional<Instant> later(const std::optional<Instant>& a, const std::optional<Instant>& b) {
  return std::max(a, b);
}

}  // namespace

ServiceState united(const ServiceState& own, const ServiceState& other) {
  const bool newer = other.last_look > own.last_look;
  const ServiceState& latest = newer ? other : own;
  const ServiceState& earlier = newer ? own : other;
  ServiceState state = latest;
  state.last_scale_out = later(own.last_scale_out, other.last_scale_out);
  state.last_scale_in = later(own.last_scale_in, other.last_scale_in);
  // Who looked last and tells no needs needed all there was, since when nobody says. Older needs of
  // another sandbox looked like a window without a break: it let one look stop five of six tasks.
  if (!latest.recommendations.empty()) {
    state.recommendations = united(own.recommendations, other.recommendations);
  }
  state.changes = united_changes(own.changes, other.changes);
  if (latest.empty_since && earlier.empty_since) {
    state.empty_since = later(own.empty_since, other.empty_since);
    state.empty_observations = std::min(own.empty_observations, other.empty_observations);
  } else if (latest.empty_since && earlier.last_look > latest.empty_since) {
    // Who says nothing of an empty queue may have seen a message then.
    state.empty_since = earlier.last_look;
    state.empty_observations = 1;
  }
  state.manual = latest.manual ? latest.manual : earlier.manual;
  state.announced = latest.announced ? latest.announced : earlier.announced;
  if (state.announced &&
      std::max(state.last_scale_out, state.last_scale_in) >= state.announced->at) {
    state.announced.reset();  // It was set, or something else was since.
  }
  state.last_set = latest.last_set ? latest.last_set : earlier.last_set;
  if (std::max(earlier.last_scale_out, earlier.last_scale_in) >
          std::max(latest.last_scale_out, latest.last_scale_in) &&
      earlier.last_set) {
    state.last_set = earlier.last_set;
  }
  return state;
}

Memory::Recalled Memory::recall(std::string_view saved, const Policy& policy, const Look& look) {
  constexpr Duration kMoved = std::chrono::seconds(1);
  // Steady time stands still while a machine is suspended. Taken for a clock that was set forward,
  // two hours in which nobody looked let the first look after them stop the tasks.
  constexpr Duration kSlept = std::chrono::minutes(3);
  const auto& [at, steady, queues, usual_gap] = look;
  // A sandbox may have others beside it. A controller was passive if it has looked since and
  // remembered nothing.
  const bool alone = steady && recalled_at_ == state_.last_look;
  if (recalled_steady_ && steady) {
    const Duration passed = std::chrono::round<Duration>(*steady - *recalled_steady_);
    const Duration moved = (at - *recalled_at_) - passed;
    if (moved > kSlept) {
      begin_anew(state_);
    } else if (moved > kMoved || moved < -kMoved) {
      for_each_instant(state_, [moved](Instant& instant) { instant += moved; });
    }
  }
  recalled_at_ = at;
  recalled_steady_ = steady;
  if (queues_ && queues && *queues_ != *queues) {
    begin_anew(state_);
  }
  queues_ = queues;
  if (saved == tag_) {
    if (!alone && state_.last_look && since(*state_.last_look, at) > usual_gap) {
      count_told(at);
    }
    return {.state = state_};
  }
  Result<SavedLooks> parsed = saved.empty() ? Result<SavedLooks>(SavedLooks{}) : parse_saved(saved);
  if (!parsed) {
    tag_says(std::string(saved), {});
    odd_ = true;
    return {.state = state_, .complaint = parsed.error().message};
  }
  const std::optional<TasksAt> told_last = last_of(parsed->state.recommendations);
  const bool odd = pull_to(parsed->state, at, ahead(policy));
  const bool older = parsed->state.last_look < tag_state_.last_look;
  const bool lags = written_at_ && since(*written_at_, at) < kTagLag;
  if (older && lags) {
    return {.state = state_};  // An old reading: what was written comes yet.
  }
  tag_says(std::string(saved), *parsed);
  told_last_ = odd ? std::nullopt : told_last;
  odd_ = odd;
  if (parsed->queues && queues && *parsed->queues != *queues) {
    begin_anew(parsed->state);
  }
  if (parsed->state == ServiceState{}) {
    return {.state = state_};
  }
  state_ = state_ == ServiceState{} ? std::move(parsed->state) : united(state_, parsed->state);
  return {.state = state_};
}

std::optional<std::string> Memory::text_of(const ServiceState& state, const Policy& policy,
                                           const Now& pass) const {
  if (refused_at_ && since(*refused_at_, pass.at) < kRefusedPause) {
    return std::nullopt;
  }
  const ServiceState now = significant(state, policy, pass);
  return format_state(now, told_queues(now, queues_));
}

std::optional<std::string> Memory::text_to_save(const Policy& policy, const Now& pass) const {
  ServiceState now = significant(state_, policy, pass);
  const std::optional<QueuesMark> queues = told_queues(now, queues_);
  if (odd_ || !covers(tag_state_.recommendations, now.recommendations, ahead(policy))) {
    return text_of(state_, policy, pass);
  }
  const bool stale = !tag_state_.last_look || since(*tag_state_.last_look, pass.at) >= kRenewal;
  const bool surplus =
      pass.needed < pass.desired && pass.desired > policy.bounds_at(pass.at).tasks_min;
  if ((waits(now) || surplus) && stale) {  // One look alone lets nothing scale in.
    return text_of(state_, policy, pass);
  }
  // Every change sets last_scale_out or last_scale_in as well, so those speak for the histories.
  // What a gap moves in empty_since, the renewal says.
  ServiceState told = gist(std::move(now));
  if (told.empty_since && tag_gist_.empty_since) {
    told.empty_since = tag_gist_.empty_since;
  }
  return told == tag_gist_ && queues == tag_queues_ ? std::nullopt : text_of(state_, policy, pass);
}

/// Other processes write no need that the tag's last one, which is told ahead, covers. So who has
/// not looked for a while takes that at its word once more: one that came back after a minute once
/// went by its own needs, and stopped tasks that another had seen at work.
void Memory::count_told(Instant at) {
  std::vector<TasksAt>& needs = state_.recommendations;
  if (told_last_ && !needs.empty() && told_last_->at > needs.back().at) {
    needs.push_back({.at = std::min(told_last_->at, at), .tasks = told_last_->tasks});
  }
}

void Memory::tag_says(std::string text, SavedLooks looks) {
  told_last_ = last_of(looks.state.recommendations);
  tag_ = std::move(text);
  tag_gist_ = gist(looks.state);
  tag_state_ = std::move(looks.state);
  tag_queues_ = looks.queues;
}

void Memory::saved(std::string text, Instant at) {
  Result<SavedLooks> said = parse_saved(text);
  tag_says(std::move(text), std::move(said).value_or(SavedLooks{}));
  odd_ = false;
  written_at_ = at;
  refused_at_.reset();
}

bool Memory::refused(Instant at) {
  constexpr Duration kOften = std::chrono::hours(1);
  refused_at_ = at;
  if (told_refused_at_ && since(*told_refused_at_, at) < kOften) {
    return false;
  }
  told_refused_at_ = at;
  return true;
}

}  // namespace scaler
