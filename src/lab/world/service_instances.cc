#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "lab/world/service.h"

// The part of Service in which tasks are placed on instances of groups, and lose them.

namespace scaler::world {

void Service::place_on_groups(Instant now) {
  std::map<Resources, std::int64_t> refused;
  for (auto at = unplaced_.begin(); at != unplaced_.end();) {
    Task& task = tasks_.at(*at);
    // Who needs as much as one that found no room finds none, either.
    if (refused.contains(task.needs) || !place_on_groups(task, now)) {
      ++refused[task.needs];
      ++at;
    } else {
      at = unplaced_.erase(at);
    }
  }
  if (!definition_.capacity_provider.empty()) {
    groups_.front()->want(this, std::move(refused), now);
  }
}

/// Unlike one on Fargate, a task that has found its instance is PENDING at once.
bool Service::place_on_groups(Task& task, Instant now) {
  for (InstanceGroup* const group : groups_) {
    if (const Instance* const instance = group->take(task.needs, now)) {
      task.instance = instance->number;
      task.container_instance = instance->container_id;
      --in_zone_[task.zone];
      task.zone = instance->zone % in_zone_.size();
      ++in_zone_[task.zone];
      task.state = TaskState::Pending;
      task.placed_at = now;
      schedule(task, std::max(now, instance->image_at.value_or(now)) + task.start_time);
      return true;
    }
  }
  return false;
}

void Service::leave_instance(const Task& task, Instant now) {
  if (!task.instance) {
    return;
  }
  for (InstanceGroup* const group : groups_) {
    group->give_back(*task.instance, task.needs, now);
  }
}

std::int64_t Service::leaving_tasks() const {
  if (groups_.empty()) {
    return 0;
  }
  return std::ranges::count_if(tasks_, [this](const auto& numbered) {
    const Task& task = numbered.second;
    return task.leaving && task.state == TaskState::Running &&
           task.deployment == deployments_.front().id;
  });
}

void Service::leave(std::uint64_t instance, bool leaving, Instant now) {
  if (definition_.upkeep == Upkeep::Single) {
    return;
  }
  for (auto& [number, task] : tasks_) {
    if (!task.container_instance.empty() && task.instance == instance) {
      task.leaving = leaving;
      if (leaving && task.state < TaskState::Running) {
        stop_task(task, "Task stopped because its container instance is draining", now);
      }
    }
  }
  reconcile(now);
  settle(now);
}

void Service::lose(const Instance& instance, bool by_spot, Instant now) {
  for (auto& [number, task] : tasks_) {
    if (task.container_instance != instance.container_id) {
      continue;
    }
    totals_.lost_with_instance += by_spot ? 0 : 1;
    if (task.state < TaskState::Stopping) {
      stop_task(task, fmt::format("Host EC2 (instance {}) terminated.", instance.id), now,
                by_spot ? StopCode::SpotInterruption : StopCode::TerminationNotice);
    }
    if (!task.process) {
      schedule(task, now);
    }
  }
  reconcile(now);
  settle(now);
}

}  // namespace scaler::world
