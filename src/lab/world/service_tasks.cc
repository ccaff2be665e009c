#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/core.h>

#include "ground/base/check.h"
#include "lab/world/service.h"

// The part of Service in which tasks start, run and stop.

namespace scaler::world {
namespace {

constexpr std::size_t kStoppedTasksMax = 100;
/// A task is PROVISIONING for this part of its start, PENDING for the rest.
constexpr int kProvisioningPart = 4;

std::string task_list(const std::vector<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) {
    text += fmt::format(" (task {})", id);
  }
  return text;
}

}  // namespace

std::vector<std::string> Service::run(const TaskOrder& order, Station* station, std::int64_t count,
                                      Instant now) {
  CHECK(definition_.upkeep == Upkeep::Single);
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    Task& task = add_task(now);
    task.deployment.clear();
    task.task_definition = order.task_definition;
    task.started_by = order.started_by;
    task.group = order.group;
    task.launch_type = order.launch_type;
    task.tags = order.tags;
    task.shown = order.shown;
    task.process = order.process;
    task.station = station;
    ids.push_back(task.id);
  }
  place_tasks(now);
  settle(now);
  return ids;
}

void Service::start_tasks(std::int64_t count, Instant now) {
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    ids.push_back(add_task(now).id);
  }
  place_tasks(now);
  add_event(fmt::format("(service {}) has started {} tasks:{}.", name(), count, task_list(ids)),
            now);
}

Task& Service::add_task(Instant now) {
  Task task{.number = next_task_++,
            .id = fmt::format("{:016x}{:016x}", random_->next(), random_->next()),
            .deployment = deployments_.front().id,
            .task_definition = definition_.task_definition,
            .started_by = deployments_.front().id,
            .launch_type = definition_.launch_type,
            .tags = definition_.task_tags,
            .process = definition_.behaviour.processes,
            .station = station_,
            .created_at = now,
            .start_time = draw(definition_.behaviour.task_start, *random_),
            .needs = definition_.behaviour.needs,
            .capacity_provider = definition_.capacity_provider};
  task.group = fmt::format("service:{}", name());
  task.zone = static_cast<std::size_t>(std::ranges::min_element(in_zone_) - in_zone_.begin());
  ++in_zone_[task.zone];
  unplaced_.insert(task.number);
  ++pending_;
  Task& added = tasks_.emplace(task.number, std::move(task)).first->second;
  by_id_.emplace(added.id, &added);
  return added;
}

void Service::stop_tasks(std::vector<std::uint64_t> candidates, std::int64_t count, Instant now) {
  if (definition_.behaviour.workers_protect || unprotecting_.size() > 0) {
    std::erase_if(candidates,
                  [&](std::uint64_t number) { return is_protected(tasks_.at(number)); });
    count = std::min(count, std::ssize(candidates));
  }
  if (count == 0) {
    return;
  }
  const std::string reason =
      fmt::format("Scaling activity initiated by (deployment {})", deployments_.front().id);
  std::vector<std::string> ids;
  for (std::int64_t i = 0; i < count; ++i) {
    Task& task = tasks_.at(choose_to_stop(candidates));
    std::erase(candidates, task.number);
    ids.push_back(task.id);
    stop_task(task, reason, now);
  }
  add_event(
      fmt::format("(service {}) has stopped {} running tasks:{}.", name(), count, task_list(ids)),
      now);
}

// Source: the Amazon ECS Developer Guide, "Service scheduler": tasks are stopped so that those that
// stay are balanced over the zones.
std::uint64_t Service::choose_to_stop(const std::vector<std::uint64_t>& candidates) {
  const auto crowd = [this](std::uint64_t number) { return in_zone_[tasks_.at(number).zone]; };
  std::vector<std::uint64_t> fullest = candidates;
  if (in_zone_.size() > 1) {
    const std::int64_t most = std::ranges::max(candidates | std::views::transform(crowd));
    std::erase_if(fullest, [&](std::uint64_t number) { return crowd(number) < most; });
  }
  return fullest[static_cast<std::size_t>(random_->between(0, std::ssize(fullest) - 1))];
}

void Service::stop_task(Task& task, std::string reason, Instant now, StopCode code) {
  const bool ran = task.state == TaskState::Running;
  if (ran) {
    --running_;
    std::erase(idle_, &task);
  } else {
    --pending_;
  }
  if (task.work) {
    working_.plan(task, task.number, kNever);
    task.work->end = WorkEnd::Killed;
    ++totals_.killed_while_working;
    observer_->work_killed(*this, task);
    task.work.reset();
  }
  --in_zone_[task.zone];
  task.state = TaskState::Stopping;
  task.stopping_at = now;
  task.stopped_reason = std::move(reason);
  task.stop_code = code;
  task.protected_until.reset();
  unprotecting_.plan(task, task.number, kNever);
  unplaced_.erase(task.number);
  if (ran && task.process && code != StopCode::EssentialContainerExited) {
    observer_->task_stopping(*this, task);
    return;  // task_ended() follows.
  }
  schedule(task, now + draw(definition_.behaviour.task_stop, *random_));
}

// A task's start time counts from its placement: an image is pulled once there is an instance.
void Service::place_tasks(Instant now) {
  if (launches_at_ && *launches_at_ > now) {
    return;
  }
  launches_at_.reset();
  if (!groups_.empty()) {
    return place_on_groups(now);
  }
  if (short_) {
    return;
  }
  for (const std::uint64_t number : unplaced_) {
    Task& task = tasks_.at(number);
    schedule(task, now + task.start_time / kProvisioningPart);
  }
  unplaced_.clear();
}

void Service::schedule(Task& task, Instant at) {
  changing_.plan(task, task.number, at);
}

void Service::progress(Task& task, Instant now) {
  switch (task.state) {
    case TaskState::Provisioning:
      task.state = TaskState::Pending;
      schedule(task, now + task.start_time - task.start_time / kProvisioningPart);
      return;
    case TaskState::Pending:
      task.state = TaskState::Running;
      task.started_at = now;
      --pending_;
      ++running_;
      ++totals_.tasks_started;
      totals_.tasks_peak = std::max(totals_.tasks_peak, running_);
      idle_.push_back(&task);
      observer_->task_running(*this, task);
      return;
    case TaskState::Stopping:
      task.state = TaskState::Stopped;
      task.stopped_at = now;
      totals_.task_time += now - task.created_at;
      leave_instance(task, now);
      observer_->task_stopped(*this, task);
      stopped_.push_back(std::move(task));
      by_id_.at(stopped_.back().id) = &stopped_.back();
      tasks_.erase(stopped_.back().number);
      if (stopped_.size() > kStoppedTasksMax) {
        by_id_.erase(stopped_.front().id);
        stopped_.pop_front();
      }
      return;
    case TaskState::Running:
    case TaskState::Stopped:
      break;
  }
  CHECK(false);
}

}  // namespace scaler::world
