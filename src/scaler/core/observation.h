#pragma once
// What one pass saw: queue depths and task counts at an instant. An error is a value of its own
// here; it never becomes a zero.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "scaler/core/arithmetic.h"

namespace scaler {

/// Messages of one queue. Approximate, as SQS reports them.
struct QueueDepth {
  std::int64_t visible = 0;    ///< ready to be received (ApproximateNumberOfMessages)
  std::int64_t in_flight = 0;  ///< received, not deleted (ApproximateNumberOfMessagesNotVisible)
  std::int64_t delayed = 0;    ///< not yet receivable (ApproximateNumberOfMessagesDelayed)
  bool operator==(const QueueDepth&) const = default;
};

enum class ServiceStatus { Active, Draining, Inactive };
enum class SchedulingStrategy { Replica, Daemon };

/// Tasks of one service. `protected_tasks` counts tasks under ECS task scale-in protection.
struct ServiceObservation {
  std::int64_t desired = 0;
  std::int64_t running = 0;
  std::int64_t pending = 0;
  std::int64_t protected_tasks = 0;
  ServiceStatus status = ServiceStatus::Active;
  SchedulingStrategy scheduling = SchedulingStrategy::Replica;
  bool deploying = false;  ///< a deployment is rolling out, or a task set is not steady yet
  std::optional<Instant> deploying_since = {};  ///< when the latest of these was made, where told
  /// The service's own tag says that nothing is to be changed until then.
  std::optional<Instant> paused_until = {};
  bool operator==(const ServiceObservation&) const = default;
};

/// How far apart looks are when nobody says so: the minute of a schedule.
inline constexpr Duration kLookEvery = std::chrono::minutes(1);

struct Observation {
  Instant at = {};
  /// One per queue. An error of the kind NotFound says that the queue does not exist.
  std::vector<Result<QueueDepth>> queues = {};
  std::vector<Millionths> weights = {};  ///< of the queues, in their order; empty: all are 1
  /// Messages that the trigger of this very look was handed; they exist, whatever the counts say.
  std::int64_t delivered = 0;
  Duration look_every = kLookEvery;  ///< how far apart looks should be
  Duration tick = Duration::zero();  ///< and those between them; zero: there are none
  ServiceObservation service = {};
};

}  // namespace scaler
