#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "lab/world/service.h"

// The part of Service that replaces its tasks by those of another deployment.
// Source: the Amazon ECS Developer Guide, "Deploy Amazon ECS services by replacing tasks" and "How
// the Amazon ECS deployment circuit breaker detects failures".

namespace scaler::world {
namespace {

constexpr std::int64_t kAll = 100;

/// A task that ends by itself within this time of its start counts as one that failed. ECS
/// throttles launches of a service whose tasks keep failing, and does not tell its steps.
constexpr Duration kEarlyEnd = std::chrono::seconds(10);
constexpr int kEarlyEndsFree = 2;
constexpr Duration kLaunchPauseMin = std::chrono::seconds(1);
constexpr Duration kLaunchPauseMax = std::chrono::minutes(5);

/// So many tasks of a deployment may fail in a row.
std::int64_t failures_most(std::int64_t desired) {
  constexpr std::int64_t kLeast = 3;
  constexpr std::int64_t kMost = 200;
  return std::clamp((desired + 1) / 2, kLeast, kMost);
}

}  // namespace

void Service::deploy(Rollout rollout, Station* station, Instant now) {
  ServiceBehaviour& behaviour = definition_.behaviour;
  if (deployments_.front().completed) {
    proven_ = {.task_definition = definition_.task_definition,
               .job_queue = behaviour.job_queue,
               .processes = behaviour.processes,
               .needs = behaviour.needs};
    proven_station_ = station_;
  }
  definition_.desired = rollout.desired.value_or(definition_.desired);
  begin(std::move(rollout), station);
  deployments_.front().primary = false;
  add_deployment(now);
  start_at_once();
  reconcile(now);
  settle(now);
}

void Service::begin(Rollout rollout, Station* station) {
  ServiceBehaviour& behaviour = definition_.behaviour;
  definition_.task_definition =
      std::move(rollout.task_definition).value_or(definition_.task_definition);
  behaviour.job_queue = std::move(rollout.job_queue).value_or(behaviour.job_queue);
  behaviour.processes = rollout.processes.value_or(behaviour.processes);
  behaviour.needs = rollout.needs.value_or(behaviour.needs);
  station_ = station;
}

void Service::reconcile(Instant now) {
  if (definition_.upkeep == Upkeep::Single) {
    return;
  }
  const std::vector<std::uint64_t> current = alive_tasks(Generation::Primary);
  const std::vector<std::uint64_t> former = alive_tasks(Generation::Former);
  const std::int64_t desired = definition_.desired;
  if (std::ssize(current) < desired) {
    start_missing(now);
  } else if (std::ssize(current) > desired) {
    stop_tasks(current, std::ssize(current) - desired, now);
  }
  // Tasks of the former deployment are stopped as long as so many are healthy as the minimum asks
  // for. Of a whole one each new task that runs takes the place of one of them.
  const std::int64_t replaced = healthy(now) - leaving_tasks();
  const std::int64_t least = deployments_.front().failed ? desired : healthy_least();
  const std::int64_t former_wanted = std::max<std::int64_t>(least - replaced, 0);
  if (std::ssize(former) > former_wanted) {
    stop_tasks(former, std::ssize(former) - former_wanted, now);
    start_missing(now);
  }
}

/// Tasks of the primary deployment that run; where it may be given up, those that have run for long
/// enough to show that they can.
std::int64_t Service::healthy(Instant now) {
  const Deployment& primary = deployments_.front();
  if (!definition_.rolling.breaker || primary.completed) {
    return running(primary);
  }
  proves_at_ = kNever;
  std::int64_t count = 0;
  for (const auto& [number, task] : tasks_) {
    if (task.deployment == primary.id && task.state == TaskState::Running) {
      const Instant proven_at = task.started_at.value_or(now) + kEarlyEnd;
      count += proven_at <= now ? 1 : 0;
      proves_at_ = proven_at <= now ? proves_at_ : std::min(proves_at_, proven_at);
    }
  }
  return count;
}

/// The part of the desired tasks that is healthy at all times, rounded up.
std::int64_t Service::healthy_least() const {
  const std::int64_t percent =
      std::clamp<std::int64_t>(definition_.rolling.minimum_percent, 0, kAll);
  return (definition_.desired * percent + kAll - 1) / kAll;
}

/// New tasks as far as the maximum, which is rounded down, lets them run beside those of the former
/// deployment. Of a deployment that has failed none.
void Service::start_missing(Instant now) {
  const std::int64_t current = std::ssize(alive_tasks(Generation::Primary));
  const std::int64_t former = std::ssize(alive_tasks(Generation::Former));
  const std::int64_t desired = definition_.desired;
  const std::int64_t most = std::max(desired, desired * definition_.rolling.maximum_percent / kAll);
  const std::int64_t count = std::min(desired - current, most - current - former);
  if (count > 0 && !deployments_.front().failed) {
    start_tasks(count, now);
  }
}

void Service::put_off_launches(const Task& ended, Instant now) {
  if (now - ended.started_at.value_or(now) >= kEarlyEnd) {
    early_ends_ = 0;
    return;
  }
  ++early_ends_;
  if (early_ends_ == kEarlyEndsFree + 1) {
    add_event(
        fmt::format("(service {}) is unable to consistently start tasks successfully.", name()),
        now);
  }
  if (early_ends_ > kEarlyEndsFree) {
    const int doublings = std::min(early_ends_ - kEarlyEndsFree - 1, 16);
    launches_at_ = now + std::min(kLaunchPauseMin * (1 << doublings), kLaunchPauseMax);
  }
  note_failure(ended, now);
}

/// What the tasks of another deployment did puts off none of this one's.
void Service::start_at_once() {
  launches_at_.reset();
  early_ends_ = 0;
}

/// A deployment of which some task has run for long enough has shown that its tasks can.
void Service::note_failure(const Task& task, Instant now) {
  Deployment& primary = deployments_.front();
  if (task.deployment != primary.id || primary.completed || primary.failed) {
    return;
  }
  if (definition_.rolling.breaker && healthy(now) > 0) {
    primary.failed_tasks = 0;
    return;
  }
  ++primary.failed_tasks;
  if (!definition_.rolling.breaker || primary.failed_tasks < failures_most(definition_.desired)) {
    return;
  }
  primary.failed = true;
  primary.updated_at = now;
  primary.reason = "ECS deployment circuit breaker: tasks failed to start.";
  add_event(fmt::format("(service {}) (deployment {}) deployment failed: tasks failed to start.",
                        name(), primary.id),
            now);
  if (definition_.rolling.rollback) {
    roll_back(now);
  }
}

/// The last deployment that was completed is the primary one again, with its tasks that are left.
void Service::roll_back(Instant now) {
  const auto proven = std::ranges::find(deployments_, true, &Deployment::completed);
  if (proven == deployments_.end()) {
    return;
  }
  std::rotate(deployments_.begin(), proven, proven + 1);
  deployments_[1].primary = false;
  Deployment& primary = deployments_.front();
  primary.primary = true;
  primary.completed = false;
  primary.updated_at = now;
  primary.reason =
      fmt::format("ECS deployment circuit breaker: rolling back to deploymentId {}.", primary.id);
  begin(proven_, proven_station_);
  start_at_once();
  add_event(fmt::format("(service {}) rolling back to deployment {}.", name(), primary.id), now);
}

void Service::finish_rollout(Instant now) {
  Deployment& primary = deployments_.front();
  if (definition_.upkeep == Upkeep::Single || primary.completed || primary.failed ||
      running(primary) != definition_.desired || healthy(now) != definition_.desired ||
      std::ranges::any_of(
          tasks_, [&](const auto& numbered) { return numbered.second.deployment != primary.id; })) {
    return;
  }
  primary.completed = true;
  primary.reason.clear();
  primary.updated_at = now;
  deployments_.resize(1);
  add_event(fmt::format("(service {}) (deployment {}) deployment completed.", name(), primary.id),
            now);
  add_event(fmt::format("(service {}) has reached a steady state.", name()), now);
  observer_->deployment_completed(*this);
}

void Service::add_deployment(Instant now) {
  deployments_.insert(deployments_.begin(),
                      {.id = fmt::format("ecs-svc/{:019}", random_->next() >> 1U),
                       .task_definition = definition_.task_definition,
                       .created_at = now,
                       .updated_at = now});
}

std::vector<std::uint64_t> Service::alive_tasks(Generation generation) const {
  const bool primary = generation == Generation::Primary;
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, task] : tasks_) {
    const bool current = task.deployment == deployments_.front().id && !task.leaving;
    if (task.is_wanted() && current == primary) {
      numbers.push_back(number);
    }
  }
  return numbers;
}

}  // namespace scaler::world
