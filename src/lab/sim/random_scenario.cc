#include <algorithm>

#include "lab/sim/trial.h"

namespace scaler::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class ScenarioMaker {
 public:
  explicit ScenarioMaker(std::uint64_t seed) : random_(seed) {}

  /// Puts the scenario's service on a group, which may also be one that ECS drives.
  void add_group(Scenario& scenario, bool always_own) {
    using Driver = GroupModel::Driver;
    tasks_max_ = scenario.policy.tasks_max.value_or(scenario.policy.scale_up_target);
    GroupModel group{.tasks_per_instance = random_.between(1, 4),
                     .min = chance(0.8) ? 0 : random_.between(0, 2),
                     .max = 2 * tasks_max_ + 30,
                     .zones = static_cast<std::size_t>(random_.between(1, 3))};
    const Duration start = some(20, 300);
    group.start = {.min = start, .max = start + some(0, 120)};
    group.image_pull = {.max = chance(0.5) ? some(0, 60) : Duration(0)};
    if (chance(0.15)) {
      group.warm_pool = world::WarmPool{.prepared_max = random_.between(1, 4)};
    }
    PolicyOptions& policy = scenario.policy;
    if (always_own || chance(0.6)) {
      group.driver = Driver::Scaler;
      policy.capacity = Capacity::Own;
      policy.capacity_order =
          chance(0.3) ? CapacityOrder::InstancesFirst : CapacityOrder::TasksFirst;
      policy.instance_idle = some(0, 300);
      policy.instance_min = chance(0.7) ? 0 : random_.between(0, 3);
      policy.instance_tasks = chance(0.5) ? std::optional(group.tasks_per_instance) : std::nullopt;
    } else {
      group.driver = chance(0.5) ? Driver::ManagedScaling : Driver::ManagedInstances;
      group.scale_in_after = some(0, 600);
    }
    world::ServiceBehaviour& behaviour = scenario.service.behaviour;
    if (chance(0.5)) {
      behaviour.task_stop.max = some(30, 120);
    }
    scenario.group = group;
  }

  Scenario scenario() {
    Scenario scenario;
    scenario.name = "random";
    scenario.begin += hours(random_.between(0, 168));
    scenario.length = minutes(random_.between(30, 240));
    scenario.service = service();
    scenario.policy = policy(scenario.service);
    scenario.triggers = triggers();
    scenario.arrivals = arrivals(scenario.length);
    scenario.queue = {.visibility_timeout = seconds(random_.between(5, 120)),
                      .max_receive_count = random_.between(3, 6),
                      .count_lag = chance(0.3) ? seconds(random_.between(1, 60)) : seconds(0)};
    if (chance(0.85)) {
      scenario.faults = {.of_call = 0.02 * random_.uniform(),
                         .per_day = 24 * random_.uniform(),
                         .until = scenario.length};
    }
    scenario.drain = drain(scenario);
    return scenario;
  }

 private:
  bool chance(double probability) { return random_.uniform() < probability; }
  Duration some(std::int64_t low, std::int64_t high) { return seconds(random_.between(low, high)); }

  ServiceModel service() {
    constexpr std::array kPresets{Preset::Fargate, Preset::Ec2Warm, Preset::Gpu};
    mean_work_ = some(1, 60);
    world::DurationRange work = world::exponential(mean_work_);
    if (chance(0.3)) {
      work = {.min = mean_work_, .max = mean_work_};
    } else if (chance(0.3)) {
      work.tail_variation = 3 * random_.uniform();
    }
    ServiceModel model =
        service_model(kPresets.at(static_cast<std::size_t>(random_.between(0, 2))), work);
    model.behaviour.crash_share = chance(0.4) ? 0.03 * random_.uniform() : 0;
    model.behaviour.poison_share = chance(0.4) ? 0.02 * random_.uniform() : 0;
    model.behaviour.workers_protect = chance(0.3);
    model.desired_at_begin = chance(0.5) ? 0 : random_.between(0, 5);
    return model;
  }

  PolicyOptions policy(const ServiceModel& service) {
    PolicyOptions policy;
    tasks_max_ = random_.between(1, 30);
    policy.tasks_max = tasks_max_;
    switch (random_.between(0, 2)) {
      case 0:
        policy.mode = Mode::Fixed;
        policy.scale_up_target = random_.between(1, tasks_max_);
        policy.tasks_max = {};
        tasks_max_ = policy.scale_up_target;
        break;
      case 1:
        policy.mode = Mode::Backlog;
        policy.backlog_per_task = random_.between(1, 20);
        break;
      default:
        policy.mode = Mode::Latency;
        policy.target_latency = some(10, 300);
        policy.seconds_per_message =
            Millionths{std::chrono::duration_cast<std::chrono::microseconds>(mean_work_).count()};
        break;
    }
    policy.tasks_min = chance(0.75) ? 0 : random_.between(0, std::min<std::int64_t>(tasks_max_, 3));
    policy.count_in_flight = chance(0.85);
    policy.activation_backlog = chance(0.85) ? 1 : random_.between(1, 4);
    policy.scale_down_threshold = some(60, 300);
    policy.zero_confirmations = random_.between(1, 4);
    policy.scale_in_when = service.behaviour.workers_protect ? ScaleInWhen::Protected
                           : chance(0.8)                     ? ScaleInWhen::Idle
                                                             : ScaleInWhen::Any;
    pace(policy);
    return policy;
  }

  void pace(PolicyOptions& policy) {
    const auto maybe = [&](std::int64_t longest) {
      return chance(0.3) ? some(0, longest) : Duration(0);
    };
    policy.scale_in_window = maybe(300);
    policy.scale_out_window = maybe(60);
    policy.scale_in_cooldown = maybe(300);
    policy.scale_out_cooldown = maybe(60);
    policy.manual_hold = maybe(900);
    policy.hold_on_shortage = chance(0.2);
    if (chance(0.3)) {
      policy.scale_out_budget.limits = {{.amount = random_.between(1, 8), .period = some(10, 120)}};
    }
    if (chance(0.3)) {
      policy.scale_in_budget.limits = {{.unit = BudgetLimit::Unit::Percent,
                                        .amount = random_.between(20, 100),
                                        .period = some(10, 120)},
                                       {.amount = random_.between(1, 8), .period = some(10, 120)}};
    }
    if (chance(0.3)) {
      policy.fallback_tasks = random_.between(0, tasks_max_);
    }
  }

  Triggers triggers() {
    if (chance(0.25)) {
      return controller(some(5, 60));
    }
    Triggers triggers;
    triggers.tick = chance(0.5) ? std::optional(some(5, 30)) : std::nullopt;
    triggers.doorbell = chance(0.4);
    triggers.wake = chance(0.4);
    return triggers;
  }

  /// At most about four fifths of what all tasks together can work off.
  std::vector<Arrivals> arrivals(Duration length) {
    const double seconds_per_message = in_seconds(mean_work_);
    const double per_second =
        0.8 * random_.uniform() * static_cast<double>(tasks_max_) / seconds_per_message;
    switch (random_.between(0, 5)) {
      case 0:
        return {Constant{.per_second = per_second}};
      case 1:
        return {Poisson{.per_second = per_second}};
      case 2:
        return {Wave{.per_second = per_second, .daily = random_.uniform(), .weekend = 0.3}};
      case 3:
        return {bursts()};
      case 4:
        return {Poisson{.per_second = per_second / 10}, bursts()};
      default:
        return {trace(length, per_second)};
    }
  }

  Bursts bursts() {
    return {.every = some(600, 3600),
            .size = random_.between(1, 20 * tasks_max_),
            .random = chance(0.5)};
  }

  /// One interval a minute; four of five bring nothing.
  ArrivalTrace trace(Duration length, double per_second) {
    std::vector<TraceInterval> intervals;
    const Instant begin = Scenario{}.begin;
    for (Instant at = begin; at < begin + hours(24 * 7) + length; at += minutes(5)) {
      if (chance(0.2)) {
        intervals.push_back({.begin = at, .length = minutes(5), .messages = 300 * per_second});
      }
    }
    return trace_of(std::move(intervals));
  }

  /// Twice what the work of two more such times would take, and what slow rules and poison need.
  Duration drain(const Scenario& scenario) const {
    return 2 * scenario.length + hours(4) +
           scenario.queue.visibility_timeout * scenario.queue.max_receive_count;
  }

  Random random_;
  Duration mean_work_ = Duration(0);
  std::int64_t tasks_max_ = 1;
};

}  // namespace

Scenario random_scenario(std::uint64_t seed) {
  // Other streams than the simulation's own of the same seed.
  Scenario scenario = ScenarioMaker(seed ^ 0x5ce7a1105ce7a110U).scenario();
  if (seed / 2 % 4 == 0) {  // Of odd and even ones, which run in two processes.
    ScenarioMaker(seed ^ 0x9a0c51a9a0c51aU).add_group(scenario, false);
  }
  return scenario;
}

Scenario random_group_scenario(std::uint64_t seed) {
  Scenario scenario = ScenarioMaker(seed ^ 0x5ce7a1105ce7a110U).scenario();
  ScenarioMaker(seed ^ 0x9a0c51a9a0c51aU).add_group(scenario, true);
  return scenario;
}

}  // namespace scaler::sim
