#pragma once
// Short ways to write policies, states and observations in the tests of core and of the folders
// above it.

#include <initializer_list>
#include <string>

#include "ground/base/test_support.h"
#include "scaler/core/decide.h"

namespace scaler::testing {

inline Policy policy(const PolicyOptions& options) {
  return Policy::create(options).value();
}

inline Policy fixed(std::int64_t target) {
  return policy({.scale_up_target = target});
}

inline Policy per_task(std::int64_t backlog_per_task) {
  return policy({.mode = Mode::Backlog, .backlog_per_task = backlog_per_task});
}

inline ServiceObservation tasks(std::int64_t desired) {
  return {.desired = desired, .running = desired};
}

inline Observation seen(const QueueDepth& depth, std::int64_t desired, Instant at = kNoon) {
  return {.at = at, .queues = {depth}, .service = tasks(desired)};
}

inline ServiceState empty_for(Duration duration, std::int64_t observations) {
  return {.empty_since = kNoon - duration, .empty_observations = observations};
}

/// Looks that followed each other, and found no need: nothing in the past holds a scale-in.
inline ServiceState quiet(Instant at = kNoon) {
  return {.last_look = at - std::chrono::seconds(10),
          .recommendations = {{.at = at - std::chrono::seconds(50), .tasks = 0}}};
}

inline Observation unreadable(std::int64_t desired, Instant at = kNoon) {
  return {.at = at, .queues = {fail(ErrorKind::Throttled, "slow down")}, .service = tasks(desired)};
}

/// "backlog idle bounds": the rules that left a step, in order.
inline std::string rules_of(const Decision& decision) {
  std::string names;
  for (const Step& step : decision.steps) {
    names += (names.empty() ? "" : " ") + std::string(to_string(rule_of(step.reason)));
  }
  return names;
}

}  // namespace scaler::testing
