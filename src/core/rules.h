#pragma once
// One small function per rule, in the order in which decide() uses them. Each takes the proposal so
// far and returns the next one; a rule that has something to tell adds a step.

#include "core/decision.h"
#include "core/observation.h"
#include "core/policy.h"
#include "core/state.h"

namespace scaler {

/// The messages of all readable queues together; saturating.
struct Backlog {
  QueueDepth depth = {};
  std::int64_t counted = 0;     ///< messages that the policy counts, weighted and combined
  std::int64_t unreadable = 0;  ///< queues
  std::int64_t readable = 0;    ///< queues
  bool empty() const { return unreadable == 0 && depth == QueueDepth{}; }
};

/// Everything that the rules look at, and the decision whose steps they leave.
struct Context {
  const Policy& policy;
  const ServiceState& state;
  const ServiceObservation& service;
  Instant at;
  Backlog backlog = {};
  Millionths arrivals = {};
  Decision& decision;

  std::int64_t desired() const { return service.desired; }
  /// Adds the step and returns its tasks, so that a rule is one return statement.
  std::int64_t tell(const Step& step) {
    decision.steps.add(step);
    return step.tasks;
  }
};

Backlog count_backlog(const Policy& policy, const Observation& observation);

/// The lowest count that stops no task which may be working, never above the desired count.
std::int64_t busy_floor(const Context& context);

std::int64_t backlog(Context& context);
std::int64_t arrivals(Context& context, std::int64_t proposal);
std::int64_t activation(Context& context, std::int64_t proposal);
std::int64_t idle(Context& context, std::int64_t proposal);
std::int64_t partial(Context& context, std::int64_t proposal);
std::int64_t tolerance(Context& context, std::int64_t proposal);
std::int64_t stabilization(Context& context, std::int64_t proposal);
std::int64_t busy(Context& context, std::int64_t proposal);
std::int64_t deployment(Context& context, std::int64_t proposal);
std::int64_t budget(Context& context, std::int64_t proposal);
std::int64_t cooldown(Context& context, std::int64_t proposal);
std::int64_t shortage(Context& context, std::int64_t proposal);
std::int64_t bounds(Context& context, std::int64_t proposal);
std::int64_t overridden(Context& context, std::int64_t proposal);

}  // namespace scaler
