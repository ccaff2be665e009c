#pragma once
// One small function per rule, in the order in which decide() uses them. Each takes the proposal so
// far and returns the next one; a rule that has something to tell adds a step.

#include "scaler/core/decision.h"
#include "scaler/core/observation.h"
#include "scaler/core/policy.h"
#include "scaler/core/state.h"

namespace scaler {

/// The messages of all readable queues together; saturating.
struct Backlog {
  QueueDepth depth = {};
  std::int64_t counted = 0;     ///< messages that the policy counts, weighted and combined
  std::int64_t delayed = 0;     ///< the delayed ones alone, weighted and combined likewise
  std::int64_t delivered = 0;   ///< that the trigger was handed
  std::int64_t unreadable = 0;  ///< queues; those that do not exist are among them
  std::int64_t readable = 0;    ///< queues
  std::int64_t gone = 0;        ///< queues that do not exist
  std::int64_t forgiven =
      0;  ///< of these, and of the readable: gone for so long that they are empty
  bool empty() const { return unreadable == 0 && delivered == 0 && depth == QueueDepth{}; }
  /// Nothing is known. Of a queue that does not exist something is.
  bool blind() const { return readable == 0 && delivered == 0 && gone < unreadable; }
};

/// Everything that the rules look at, and the decision whose steps they leave.
struct Context {
  const Policy& policy;
  const ServiceState& state;
  const ServiceObservation& service;
  Instant at;
  Bounds bounds = {};  ///< those in force now
  Past past = {};
  Backlog backlog = {};
  bool idle_confirmed = false;  ///< the wait for an empty queue is over
  Decision& decision;

  std::int64_t desired() const { return service.desired; }
  /// Adds the step and returns its tasks, so that a rule is one return statement.
  std::int64_t tell(const Step& step) {
    decision.steps.add(step);
    return step.tasks;
  }
};

/// A queue that every look has missed for so long counts as one without messages.
inline constexpr Duration kGoneForLong = std::chrono::minutes(15);
/// A refusal is forgotten after this, and the full step is tried again.
inline constexpr Duration kRefusalForgotten = std::chrono::hours(1);
/// A backlog that grows at the maximum is told after this.
inline constexpr Duration kGrowthTold = std::chrono::minutes(5);

Backlog count_backlog(const Policy& policy, const Observation& observation);

/// The tasks that so many messages need.
std::int64_t tasks_for(const Policy& policy, std::int64_t messages);

/// The highest and the lowest of what was remembered within a window.
struct Envelope {
  TasksAt highest = {};
  TasksAt lowest = {};
  bool any = false;
};
Envelope envelope(const Context& context, Duration window);

/// How far back a scale-in looks for what may be busy: the policy's busy_window, and always the
/// look before, however long ago that was; zero when the policy trusts a single look.
Duration busy_window(const Context& context);

/// Whether the looks of a whole window are known: remembered, or all of them empty.
bool window_known(const Context& context, Duration window);

/// The lowest count that stops no task which may be working by what is seen now, never above the
/// desired count.
std::int64_t busy_floor(const Context& context);

std::int64_t backlog(Context& context);
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
std::int64_t quota(Context& context, std::int64_t proposal);
std::int64_t overridden(Context& context, std::int64_t proposal);

}  // namespace scaler
