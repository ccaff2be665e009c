#include "scaler/core/state.h"

#include <algorithm>

namespace scaler {
namespace {

/// Pulls what lies in the future (a clock was set back) to `at`; forgets what is `period` old.
void keep_recent(std::vector<TasksAt>& history, Instant at, Duration period) {
  for (TasksAt& entry : history) {
    entry.at = std::min(entry.at, at);
  }
  std::erase_if(history, [&](const TasksAt& entry) { return at - entry.at >= period; });
}

}  // namespace

bool ServiceState::is_foreign(std::int64_t desired) const {
  return last_set && *last_set != desired && !(announced && announced->tasks == desired);
}

Duration longest_gap(Duration look_every) {
  return std::max<Duration>(std::chrono::minutes(3), 3 * look_every);
}

Past past_of(const ServiceState& state, Instant at, Duration look_every) {
  Past past{.known = state.last_look || state != ServiceState{}};
  if (state.last_look) {
    past.gap = since(*state.last_look, at);
  }
  past.continuous = past.known && past.gap <= longest_gap(look_every);
  if (past.continuous && state.empty_since) {
    const Duration uncounted = std::max(past.gap - 2 * look_every, Duration::zero());
    past.empty_since = std::min(*state.empty_since + uncounted, at);
  }
  return past;
}

Duration since(Instant past, Instant at) {
  return std::max(at - past, Duration::zero());
}

bool Past::empty_throughout(Duration window, Instant at) const {
  return empty_since && since(*empty_since, at) >= window;
}

void merge_nearest(std::vector<TasksAt>& history, Merge merge) {
  if (history.size() < 2) {
    return;
  }
  auto nearest = history.begin();
  for (auto entry = nearest; entry + 1 != history.end(); ++entry) {
    if (entry[1].at - entry->at < nearest[1].at - nearest->at) {
      nearest = entry;
    }
  }
  TasksAt& later = nearest[1];
  later.tasks =
      merge == Merge::Sum ? nearest->tasks + later.tasks : std::max(nearest->tasks, later.tasks);
  history.erase(nearest);
}

Duration usual_gap(Duration look_every, Duration tick) {
  const Duration usual = tick > Duration::zero() ? std::min(tick, look_every) : look_every;
  return usual + usual / 2;
}

void bridge_gap(std::vector<TasksAt>& recommendations, const TasksAt& latest) {
  if (!recommendations.empty() && recommendations.back().tasks > latest.tasks) {
    recommendations.back().at = latest.at;
  }
}

// The envelope reads the highest and the lowest of a span that ends now. So an entry matters only
// while every later one is lower (for the highest) or every later one is higher (for the lowest).
void remember_recommendation(std::vector<TasksAt>& recommendations, const TasksAt& latest,
                             Duration in_window, Duration out_window) {
  keep_recent(recommendations, latest.at, std::max(in_window, out_window));
  std::int64_t highest = latest.tasks;
  std::int64_t lowest = latest.tasks;
  auto kept = recommendations.end();
  for (auto entry = recommendations.end(); entry != recommendations.begin();) {
    --entry;
    const Duration age = latest.at - entry->at;
    const bool for_highest = entry->tasks > highest && age < in_window;
    const bool for_lowest = entry->tasks < lowest && age < out_window;
    highest = std::max(highest, entry->tasks);
    lowest = std::min(lowest, entry->tasks);
    if (for_highest || for_lowest) {
      *--kept = *entry;
    }
  }
  recommendations.erase(recommendations.begin(), kept);
  recommendations.push_back(latest);
  while (recommendations.size() > kHistoryLimit) {
    merge_nearest(recommendations, Merge::Highest);
  }
}

void remember_change(std::vector<TasksAt>& changes, const TasksAt& latest, Duration period) {
  keep_recent(changes, latest.at, period);
  if (latest.tasks != 0 && period > Duration::zero()) {
    changes.push_back(latest);
  }
  while (changes.size() > kHistoryLimit) {
    merge_nearest(changes, Merge::Sum);
  }
}

}  // namespace scaler
