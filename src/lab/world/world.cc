#include "lab/world/world.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "ground/base/check.h"

namespace scaler::world {
namespace {

/// A worker asks for at least this much visibility, so that a queue with a timeout of zero cannot
/// make it renew without end.
constexpr Duration kWorkerVisibilityMin = std::chrono::seconds(2);

Duration worker_visibility(const Queue& queue) {
  return std::max(queue.settings().visibility_timeout, kWorkerVisibilityMin);
}

/// When the worker next acts: it renews at half of the visibility timeout.
Instant next_act(const Queue& queue, Instant now, Instant done_at) {
  return std::min(done_at, now + worker_visibility(queue) / 2);
}

bool empty(const QueueDepth& depth) {
  return depth == QueueDepth{};
}

}  // namespace

std::vector<Service*> Cluster::task_holders() const {
  std::vector<Service*> holders;
  for (const auto& [service_name, service] : services) {
    holders.push_back(service.get());
  }
  if (single_tasks != nullptr) {
    holders.push_back(single_tasks.get());
  }
  return holders;
}

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::MessageSent:
      return "message_sent";
    case EventKind::MessageProcessed:
      return "message_processed";
    case EventKind::MessageDeadLettered:
      return "message_dead_lettered";
    case EventKind::QueueDrained:
      return "queue_drained";
    case EventKind::DesiredChanged:
      return "desired_changed";
    case EventKind::TaskRunning:
      return "task_running";
    case EventKind::TaskStopped:
      return "task_stopped";
    case EventKind::WorkKilled:
      return "work_killed";
    case EventKind::DeploymentCompleted:
      return "deployment_completed";
    case EventKind::Other:
      return "other";
  }
  std::unreachable();
}

World::World(Options options, Instant now, Random& random)
    : options_(std::move(options)), now_(now), random_(&random) {}

World::~World() = default;

void World::clear() {
  queue_agenda_.clear();
  service_agenda_.clear();
  group_agenda_.clear();
  stations_.clear();
  clusters_.clear();
  groups_.clear();
  deleted_groups_.clear();
  queues_.clear();
  task_definitions_.clear();
  history_.clear();
  next_rank_ = 1;
  next_event_number_ = 1;
}

void World::advance(Instant to) {
  for (Instant next = next_event(); next <= to; next = next_event()) {
    now_ = std::max(now_, next);
    settle();
  }
  now_ = std::max(now_, to);
}

Queue* World::find_queue(std::string_view name) {
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->second.get();
}

const Queue* World::find_queue(std::string_view name) const {
  const auto found = queues_.find(name);
  return found == queues_.end() ? nullptr : found->second.get();
}

Queue& World::create_queue(std::string name, QueueSettings settings) {
  auto queue = std::make_unique<Queue>(name, std::move(settings), now_, *random_);
  const auto [at, inserted] = queues_.emplace(std::move(name), std::move(queue));
  CHECK(inserted);
  Queue& made = *at->second;
  made.rank = next_rank_++;
  made.station = &stations_[made.name()];
  made.station->queue = &made;
  made.on_change([this, &made] { plan(made); });
  return made;
}

void World::delete_queue(std::string_view name) {
  const auto found = queues_.find(name);
  if (found != queues_.end()) {
    found->second->station->queue = nullptr;
    queue_agenda_.plan(*found->second, found->second->rank, kNever);
    queues_.erase(found);
  }
}

std::string World::send(Queue& queue, NewMessage message) {
  std::string id = queue.send(std::move(message), now_);
  record(EventKind::MessageSent, queue.name(), id);
  feed_workers(queue);
  return id;
}

void World::send_many(Queue& queue, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t sequence = queue.post({}, now_);
    if (options_.history_max > 0) {
      record(EventKind::MessageSent, queue.name(), queue.message_id(sequence));
    }
  }
  feed_workers(queue);
}

std::vector<ReceivedMessage> World::receive(Queue& queue, const ReceiveRequest& request) {
  const std::int64_t redriven = queue.totals().redriven;
  auto messages = queue.receive(request, now_, dead_letter_queue(queue));
  note_redriven(queue, redriven);
  feed_workers(queue);
  return messages;
}

Queue* World::dead_letter_queue(const Queue& queue) {
  const std::optional<Redrive>& redrive = queue.settings().redrive;
  return redrive ? find_queue(redrive->dead_letter_queue) : nullptr;
}

void World::note_redriven(Queue& queue, std::int64_t before) {
  if (const std::int64_t moved = queue.totals().redriven - before; moved > 0) {
    const Queue& dead_letters = *dead_letter_queue(queue);
    record(EventKind::MessageDeadLettered, queue.name(),
           fmt::format("{} to {}", moved, dead_letters.name()));
    feed_workers(dead_letters);
  }
}

void World::note_drained(const Queue& queue) {
  if (empty(queue.depth())) {
    record(EventKind::QueueDrained, queue.name(), "");
  }
}

HandleOutcome World::delete_message(Queue& queue, std::string_view receipt_handle) {
  const HandleOutcome outcome = queue.delete_message(receipt_handle, now_);
  if (outcome == HandleOutcome::Done) {
    note_drained(queue);
    feed_workers(queue);  // A FIFO queue may have held back what follows.
  }
  return outcome;
}

HandleOutcome World::change_visibility(Queue& queue, std::string_view receipt_handle,
                                       Duration timeout) {
  const HandleOutcome outcome = queue.change_visibility(receipt_handle, timeout, now_);
  feed_workers(queue);
  return outcome;
}

void World::move_message(Queue& queue, Queue& destination) {
  StoredMessage message = queue.take_out(now_);
  send(destination, {.body = std::move(message.body),
                     .attributes = std::move(message.attributes),
                     .fifo = std::move(message.fifo)});
}

std::int64_t World::purge(Queue& queue) {
  return queue.purge(now_);
}

Cluster* World::find_cluster(std::string_view name) {
  const auto found = clusters_.find(name);
  return found == clusters_.end() ? nullptr : &found->second;
}

Cluster& World::create_cluster(std::string_view name) {
  Cluster& cluster = clusters_[std::string(name)];
  cluster.name = name;
  return cluster;
}

const Service* World::find_service(std::string_view cluster, std::string_view service) const {
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) {
    return nullptr;
  }
  const auto at = found->second.services.find(service);
  return at == found->second.services.end() ? nullptr : at->second.get();
}

Service* World::find_service(std::string_view cluster, std::string_view service) {
  return const_cast<Service*>(std::as_const(*this).find_service(cluster, service));
}

Service& World::create_service(ServiceDefinition definition) {
  Cluster* const cluster = find_cluster(definition.cluster);
  CHECK(cluster != nullptr);
  std::unique_ptr<Service>& place = cluster->services[definition.name];
  const bool vacant = place == nullptr || place->status() == ServiceStatus::Inactive;
  CHECK(vacant);
  const std::string queue = definition.behaviour.job_queue;
  if (place != nullptr) {
    service_agenda_.plan(*place, place->rank, kNever);
    for (Station* const station : place->stations) {
      std::erase(station->services, place.get());
    }
  }
  ServiceObserver& observer = *this;
  std::vector<InstanceGroup*> groups = groups_of(definition);
  place = std::make_unique<Service>(std::move(definition), now_, *random_, observer,
                                    &stations_[queue], std::move(groups));
  place->rank = next_rank_++;
  open_station(*place, queue);
  feed_workers(*place);
  settle_soon(*place);
  return *place;
}

/// Where its tasks of that queue are fed from now on.
Station& World::open_station(Service& service, const std::string& queue) {
  Station& station = stations_[queue];
  if (std::ranges::find(service.stations, &station) == service.stations.end()) {
    service.stations.push_back(&station);
    station.services.push_back(&service);
  }
  return station;
}

void World::note_desired(const Service& service, std::int64_t desired) {
  if (desired != service.desired()) {
    record(EventKind::DesiredChanged, service.name(),
           fmt::format("{} -> {}", service.desired(), desired));
  }
}

void World::set_desired(Service& service, std::int64_t desired) {
  note_desired(service, desired);
  service.set_desired(desired, now_);
  feed_workers(service);
  settle_soon(service);
}

void World::deploy(Service& service, Rollout rollout) {
  note_desired(service, rollout.desired.value_or(service.desired()));
  Station& station =
      open_station(service, rollout.job_queue.value_or(service.definition().behaviour.job_queue));
  service.deploy(std::move(rollout), &station, now_);
  feed_workers(service);
  settle_soon(service);
}

std::vector<std::string> World::run_tasks(Cluster& cluster, const TaskOrder& order,
                                          std::int64_t count, const ServiceBehaviour& behaviour) {
  if (cluster.single_tasks == nullptr) {
    ServiceObserver& observer = *this;
    cluster.single_tasks = std::make_unique<Service>(
        ServiceDefinition{
            .cluster = cluster.name, .behaviour = behaviour, .upkeep = Upkeep::Single},
        now_, *random_, observer);
    cluster.single_tasks->rank = next_rank_++;
  }
  Service& holder = *cluster.single_tasks;
  Station& station = open_station(holder, order.job_queue);
  std::vector<std::string> ids = holder.run(order, &station, count, now_);
  feed_workers(holder);
  settle_soon(holder);
  return ids;
}

FoundTask World::find_task(std::string_view id) const {
  for (const auto& [name, cluster] : clusters_) {
    for (Service* const service : cluster.task_holders()) {
      if (Task* const task = service->find_task(id)) {
        return {.service = service, .task = task};
      }
    }
  }
  return {};
}

void World::remove(Service& service) {
  service.remove(now_);
  settle_soon(service);
}

void World::set_short(Service& service, bool is_short) {
  service.set_short(is_short, now_);
  feed_workers(service);
  settle_soon(service);
}

void World::protect(Service& service, Task& task, std::optional<Instant> until) {
  service.protect(task, until, now_);
  settle_soon(service);
}

void World::task_ended(Service& service, Task& task, int exit_code) {
  service.task_ended(task, exit_code, now_);
  settle_soon(service);
}

void World::stop(Service& service, Task& task, std::string reason) {
  service.stop(task, std::move(reason), now_);
  settle_soon(service);
}

void World::record(EventKind kind, std::string_view subject, std::string detail) {
  if (options_.history_max == 0) {
    return;
  }
  history_.push_back({.number = next_event_number_++,
                      .at = now_,
                      .kind = kind,
                      .subject = std::string(subject),
                      .detail = std::move(detail)});
  if (history_.size() > options_.history_max) {
    history_.pop_front();
  }
}

void World::task_running(const Service& service, const Task& task) {
  record(EventKind::TaskRunning, service.name(), task.id);
  if (options_.on_task_running && task.process) {
    options_.on_task_running(service, task);
  }
}

void World::task_stopping(const Service& service, const Task& task) {
  if (options_.on_task_stopping) {
    options_.on_task_stopping(service, task);
  }
}

void World::task_stopped(const Service& service, const Task& task) {
  record(EventKind::TaskStopped, service.name(), task.id);
}

void World::work_killed(const Service& service, const Task& task) {
  record(EventKind::WorkKilled, service.name(), task.id);
  if (options_.on_work_end) {
    options_.on_work_end(service, *task.work);
  }
}

void World::deployment_completed(const Service& service) {
  record(EventKind::DeploymentCompleted, service.name(), service.deployments().front().id);
}

void World::settle() {
  std::vector<Queue*> settled;
  while (Queue* const queue = queue_agenda_.due(now_)) {
    queue->settle(now_);
    plan(*queue);
    settled.push_back(queue);
  }
  while (InstanceGroup* const group = group_agenda_.due(now_)) {
    group_agenda_.plan(*group, group->rank, kNever);
    group->settle(now_);
    group_agenda_.plan(*group, group->rank, group->next_event());
  }
  while (Service* const service = service_agenda_.due(now_)) {
    service->settle(now_);
    tend_workers(*service);
    feed_workers(*service);
    plan(*service);
  }
  for (const Queue* const queue : settled) {
    feed_workers(*queue);
  }
}

void World::tend_workers(Service& service) {
  while (Task* const task = service.due_worker(now_)) {
    Queue* const queue = task->station->queue;
    const Work work = task->work.value();
    if (work.done_at > now_) {
      if (queue != nullptr) {
        queue->change_visibility(work.receipt, worker_visibility(*queue), now_);
      }
      service.continue_work(*task,
                            queue == nullptr ? work.done_at : next_act(*queue, now_, work.done_at));
      continue;
    }
    const bool done =
        queue != nullptr && work.end == WorkEnd::Done && delete_processed(*queue, work);
    service.end_work(*task, done, now_);
    if (options_.on_work_end && (done || work.end != WorkEnd::Done)) {
      options_.on_work_end(service, work);
    }
  }
}

bool World::delete_processed(Queue& queue, const Work& work) {
  const bool there = queue.delete_message(work.receipt, now_) == HandleOutcome::Done;
  if (there) {
    if (options_.history_max > 0) {
      record(EventKind::MessageProcessed, queue.name(), queue.message_id(work.receipt.sequence));
    }
    note_drained(queue);
  }
  return there;
}

void World::feed_workers(const Queue& queue) {
  if (!queue.has_next()) {
    return;
  }
  for (Service* const service : queue.station->services) {
    feed_workers(*service, *queue.station);
  }
}

void World::feed_workers(Service& service) {
  for (const Station* const station : service.stations) {
    feed_workers(service, *station);
  }
}

void World::feed_workers(Service& service, const Station& station) {
  Queue* const queue = station.queue;
  if (queue == nullptr || !service.has_idle_worker()) {
    return;
  }
  while (queue->has_next()) {
    Task* const worker = service.idle_worker(station);
    if (worker == nullptr) {
      break;
    }
    const std::int64_t redriven = queue->totals().redriven;
    const auto taken = queue->take(worker_visibility(*queue), now_, dead_letter_queue(*queue));
    if (taken) {
      const Service::Fate fate = service.fate(taken->receipt);
      const Instant done_at = now_ + fate.work_time;
      service.begin_work(*worker,
                         {.receipt = taken->receipt,
                          .sent_at = taken->sent_at,
                          .received_at = now_,
                          .done_at = done_at,
                          .end = fate.end},
                         next_act(*queue, now_, done_at));
    }
    note_redriven(*queue, redriven);
  }
  plan(service);
}

}  // namespace scaler::world
