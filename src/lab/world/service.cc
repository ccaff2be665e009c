#include "lab/world/service.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "ground/base/check.h"

namespace scaler::world {
namespace {

constexpr std::size_t kEventsMax = 100;

bool waiting(const Task& task) {
  return task.state < TaskState::Running;
}

}  // namespace

std::string_view to_string(TaskState state) {
  switch (state) {
    case TaskState::Provisioning:
      return "PROVISIONING";
    case TaskState::Pending:
      return "PENDING";
    case TaskState::Running:
      return "RUNNING";
    case TaskState::Stopping:
      return "STOPPING";
    case TaskState::Stopped:
      return "STOPPED";
  }
  std::unreachable();
}

std::string_view to_string(StopCode code) {
  switch (code) {
    case StopCode::ServiceSchedulerInitiated:
      return "ServiceSchedulerInitiated";
    case StopCode::EssentialContainerExited:
      return "EssentialContainerExited";
    case StopCode::UserInitiated:
      return "UserInitiated";
    case StopCode::SpotInterruption:
      return "SpotInterruption";
    case StopCode::TerminationNotice:
      return "TerminationNotice";
  }
  std::unreachable();
}

Service::Service(ServiceDefinition definition, Instant created_at, Random& random,
                 ServiceObserver& observer, Station* station, std::vector<InstanceGroup*> groups)
    : definition_(std::move(definition)),
      created_at_(created_at),
      random_(&random),
      fate_seed_(random.next()),
      observer_(&observer),
      station_(station),
      groups_(std::move(groups)),
      in_zone_(std::max<std::size_t>(definition_.behaviour.zones, 1)) {
  add_deployment(created_at);
  reconcile(created_at);
  settle(created_at);
}

std::int64_t Service::running(const Deployment& deployment) const {
  return std::ranges::count_if(tasks_, [&](const auto& numbered) {
    return numbered.second.deployment == deployment.id &&
           numbered.second.state == TaskState::Running;
  });
}

std::int64_t Service::pending(const Deployment& deployment) const {
  return std::ranges::count_if(tasks_, [&](const auto& numbered) {
    return numbered.second.deployment == deployment.id && waiting(numbered.second);
  });
}

std::int64_t Service::protected_tasks() const {
  if (!definition_.behaviour.workers_protect) {
    return unprotecting_.size();
  }
  return unprotecting_.size() == 0 ? working()
                                   : std::ranges::count_if(tasks_, [this](const auto& numbered) {
                                       return is_protected(numbered.second);
                                     });
}

Duration Service::task_time(Instant now) const {
  Duration time = totals_.task_time;
  for (const auto& [number, task] : tasks_) {
    time += now - task.created_at;
  }
  return time;
}

void Service::set_desired(std::int64_t desired, Instant now) {
  definition_.desired = desired;
  deployments_.front().updated_at = now;
  reconcile(now);
  settle(now);
}

void Service::remove(Instant now) {
  status_ = ServiceStatus::Draining;
  definition_.desired = 0;
  for (auto& [number, task] : tasks_) {  // A service that is deleted asks no task.
    task.protected_until.reset();
    unprotecting_.plan(task, number, kNever);
  }
  reconcile(now);
  settle(now);
}

void Service::set_short(bool is_short, Instant now) {
  short_ = is_short;
  place_tasks(now);
  settle(now);
}

void Service::settle(Instant now) {
  if (!unplaced_.empty()) {
    place_tasks(now);
  }
  if (Task* task = unprotecting_.due(now)) {
    for (; task != nullptr; task = unprotecting_.due(now)) {
      task->protected_until.reset();
      unprotecting_.plan(*task, task->number, kNever);
    }
    reconcile(now);
  }
  bool room_came = false;
  while (Task* const task = changing_.due(now)) {
    changing_.plan(*task, task->number, kNever);
    room_came = room_came || task->state == TaskState::Stopping;
    progress(*task, now);
    if (!deployments_.front().completed || leaving_tasks() > 0) {
      reconcile(now);
    }
  }
  // Nothing else may be due for this service for hours.
  if (room_came && !unplaced_.empty()) {
    place_tasks(now);
  }
  if (proves_at_ <= now) {
    proves_at_ = kNever;
    reconcile(now);
  }
  finish_rollout(now);
  if (status_ == ServiceStatus::Draining && tasks_.empty()) {
    status_ = ServiceStatus::Inactive;
  }
}

Task* Service::idle_worker(const Station& station) const {
  const auto found = std::ranges::find(idle_, &station, &Task::station);
  return found == idle_.end() ? nullptr : *found;
}

void Service::begin_work(Task& task, const Work& work, Instant act_at) {
  idle_.erase(std::ranges::find(idle_, &task));
  task.work = work;
  if (!task.protected_until) {
    task.guarded_since = work.received_at;
  }
  continue_work(task, act_at);
}

void Service::continue_work(Task& task, Instant act_at) {
  working_.plan(task, task.number, act_at);
}

void Service::end_work(Task& task, bool counts, Instant now) {
  const WorkEnd end = task.work.value().end;
  working_.plan(task, task.number, kNever);
  task.work.reset();
  idle_.push_back(&task);
  totals_.processed += counts ? 1 : 0;
  totals_.failed += end == WorkEnd::Failed ? 1 : 0;
  if (end == WorkEnd::Crashed) {
    ++totals_.crashed;
    stop_task(task, "Essential container in task exited", now);
  }
  const ServiceBehaviour& behaviour = definition_.behaviour;
  if (end != WorkEnd::Crashed && behaviour.workers_protect &&
      behaviour.protection_lingers > Duration::zero()) {
    protect(task, protected_after_work(task, now), now);
    return;
  }
  if (end == WorkEnd::Crashed || behaviour.workers_protect) {
    reconcile(now);  // A replacement; or what the protection has put off.
    settle(now);
  }
}

/// Nothing: not at all, since it has lasted long enough.
std::optional<Instant> Service::protected_after_work(const Task& task, Instant now) const {
  const ServiceBehaviour& behaviour = definition_.behaviour;
  if (behaviour.protection_most > Duration::zero() &&
      now >= task.guarded_since + behaviour.protection_most) {
    return std::nullopt;
  }
  return std::max(now + behaviour.protection_lingers,
                  task.guarded_since + behaviour.protection_least);
}

void Service::protect(Task& task, std::optional<Instant> until, Instant now) {
  task.protected_until = until;
  unprotecting_.plan(task, task.number, until.value_or(kNever));
  reconcile(now);  // What the protection has put off.
  settle(now);
}

void Service::task_ended(Task& task, int exit_code, Instant now) {
  task.exit_code = exit_code;
  if (task.is_wanted()) {
    stop_task(task, "Essential container in task exited", now, StopCode::EssentialContainerExited);
    if (definition_.upkeep == Upkeep::Wanted) {
      put_off_launches(task, now);
    }
  }
  schedule(task, now);
  reconcile(now);
  settle(now);
}

void Service::stop(Task& task, std::string reason, Instant now) {
  stop_task(task, std::move(reason), now, StopCode::UserInitiated);
  reconcile(now);
  settle(now);
}

Task* Service::find_task(std::string_view id) {
  Task* const task = find_any_task(id);
  return task == nullptr || task->state == TaskState::Stopped ? nullptr : task;
}

Task* Service::find_any_task(std::string_view id) {
  const auto found = by_id_.find(std::string(id));
  return found == by_id_.end() ? nullptr : found->second;
}

const Task* Service::find_any_task(std::string_view id) const {
  const auto found = by_id_.find(std::string(id));
  return found == by_id_.end() ? nullptr : found->second;
}

Service::Fate Service::fate(const Receipt& receipt) const {
  const ServiceBehaviour& behaviour = definition_.behaviour;
  Random message(fate_seed_ ^ receipt.queue_key ^ (receipt.sequence * 0xd1342543de82ef95U));
  Fate fate{.work_time = draw(behaviour.work_time, message)};
  if (behaviour.poison_share > 0 && message.uniform() < behaviour.poison_share) {
    fate.end = WorkEnd::Failed;
  }
  if (behaviour.crash_share > 0) {
    Random attempt(message.next() + static_cast<std::uint64_t>(receipt.receive_count));
    if (attempt.uniform() < behaviour.crash_share) {
      fate.end = WorkEnd::Crashed;
      fate.work_time = Duration(attempt.between(0, fate.work_time.count()));
    }
  }
  return fate;
}

void Service::add_event(std::string message, Instant now) {
  const std::uint64_t high = random_->next();
  const std::uint64_t low = random_->next();
  events_.push_front({.id = fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32U,
                                        (high >> 16U) & 0xffffU, high & 0xffffU, low >> 48U,
                                        low & 0xffffffffffffU),
                      .at = now,
                      .message = std::move(message)});
  if (events_.size() > kEventsMax) {
    events_.pop_back();
  }
}

}  // namespace scaler::world
