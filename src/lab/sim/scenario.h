#pragma once
// Scenario: a service, its queue, what comes in, what triggers a pass, and what goes wrong. A plain
// value; with a seed it determines a simulation completely.

#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "lab/sim/arrivals.h"
#include "lab/sim/faults.h"
#include "lab/world/instance_group.h"
#include "lab/world/service.h"
#include "scaler/core/policy.h"
#include "scaler/pass/pass.h"

namespace scaler::sim {

struct QueueModel {
  Duration visibility_timeout = std::chrono::seconds(30);
  Duration retention = std::chrono::days(4);
  std::int64_t max_receive_count = 5;  ///< then to the dead-letter queue; 0: never
  Duration count_lag = Duration(0);    ///< how old the counts are that SQS tells
};

/// How tasks start, work and stop. lab/world/service.h says what each field means.
struct ServiceModel {
  world::ServiceBehaviour behaviour = {};
  std::int64_t desired_at_begin = 0;
};

/// Start and stop times of the common ways to run a task; the work time is the caller's. Sources
/// stand in docs/simulator.md.
enum class Preset {
  Fargate,  ///< 20 to 40 s from the desired count to RUNNING
  Ec2Warm,  ///< 1 to 3 s: an instance with room and the image on it
  Gpu,      ///< 5 to 15 s on an instance, whose start kGpuInstanceStart says
};
ServiceModel service_model(Preset preset, const world::DurationRange& work_time);
/// From launch to registration, where nobody says it.
inline constexpr world::DurationRange kGpuInstanceStart{.min = std::chrono::seconds(60),
                                                        .max = std::chrono::seconds(120)};

/// An Auto Scaling group under the service; every instance holds the same number of tasks.
struct GroupModel {
  /// Who starts and ends its instances.
  enum class Driver {
    ManagedScaling,    ///< ECS, by alarms
    ManagedInstances,  ///< ECS, by the tasks themselves
    Scaler,            ///< whoever scales the service
  };
  Driver driver = Driver::ManagedScaling;
  std::int64_t tasks_per_instance = 1;
  std::int64_t min = 0;
  std::int64_t max = 100;
  world::DurationRange start = {.min = std::chrono::minutes(3), .max = std::chrono::minutes(4)};
  world::DurationRange image_pull = {};                 ///< before an instance's first task
  Duration scale_in_after = std::chrono::seconds(300);  ///< ManagedInstances
  std::optional<world::WarmPool> warm_pool = {};
  std::size_t zones = 1;
};

/// What starts a pass. Each trigger that is left out does not exist.
struct Triggers {
  std::optional<Duration> schedule = std::chrono::minutes(1);  ///< may do everything
  std::optional<Duration> tick = {};  ///< passes between two of the schedule; may do everything
  bool doorbell = false;              ///< producers ring with each message; scale-out only
  bool wake = false;  ///< the job queue's own event source mapping while at zero; scale-out only

  // Latencies from the moment to the pass's first call. Sources stand in docs/simulator.md.
  world::DurationRange schedule_latency = {.max = std::chrono::seconds(1)};
  world::DurationRange tick_latency = {.max = std::chrono::seconds(1)};
  world::DurationRange message_latency = {.min = std::chrono::milliseconds(20),
                                          .max = std::chrono::milliseconds(250)};
  world::DurationRange call_latency = {.min = std::chrono::milliseconds(8),
                                       .max = std::chrono::milliseconds(40)};
  world::DurationRange mapping_transition = {.min = std::chrono::seconds(10),
                                             .max = std::chrono::seconds(45)};
  Duration wake_return = std::chrono::seconds(30);  ///< visibility given back to a wake's messages

  /// Nothing in memory is kept between passes, as when each one is a cold start.
  double cold_share = 0.02;
  bool controller = false;  ///< one process that goes on, and knows steady time
};

/// A long-running controller: one pass every interval, no Lambda between.
Triggers controller(Duration interval);

struct Scenario {
  std::string name = "service";
  Instant begin = Instant(std::chrono::sys_days(std::chrono::year(2026) / 1 / 5));  ///< a Monday
  Duration length = std::chrono::hours(1);    ///< arrivals come in this time
  Duration drain = std::chrono::minutes(30);  ///< simulated after it, without arrivals
  std::vector<Arrivals> arrivals = {};
  QueueModel queue = {};
  ServiceModel service = {};
  std::optional<GroupModel> group = {};  ///< nothing: there is always room for a task
  PolicyOptions policy = {};             ///< of the program itself; a rival brings its own
  Triggers triggers = {};
  FaultPlan faults = {};
  Duration objective = std::chrono::minutes(1);  ///< the waiting time that is hoped for
  Duration part = std::chrono::hours(3);  ///< for each, the score tells how many waited longer
};

}  // namespace scaler::sim
