#pragma once
// World: queues, clusters, task definitions and services, and what happens between them. advance()
// runs everything that is due in order of time. Deterministic: one seed and the same calls give the
// same world. Messages are sent and received through World, so that redrive, workers and history
// take part.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/random.h"
#include "lab/world/agenda.h"
#include "lab/world/instance_group.h"
#include "lab/world/queue.h"
#include "lab/world/service.h"

namespace scaler::world {

enum class EventKind {
  MessageSent,
  MessageProcessed,
  MessageDeadLettered,
  QueueDrained,  ///< neither visible, in-flight nor delayed messages are left
  DesiredChanged,
  TaskRunning,
  TaskStopped,
  WorkKilled,
  DeploymentCompleted,
  Other,  ///< recorded by the world's user through record()
};
/// "message_sent", ...
std::string_view to_string(EventKind kind);

struct HistoryEvent {
  std::uint64_t number = 0;  ///< counts from 1 without gaps
  Instant at = {};
  EventKind kind = EventKind::Other;
  std::string subject = {};  ///< queue, service or task
  std::string detail = {};   ///< for people, such as "0 -> 3"
};

enum class TaskDefinitionStatus { Active, Inactive, DeleteInProgress };

struct TaskDefinition {
  std::string family = {};
  std::int64_t revision = 0;
  std::string document = {};  ///< as it was registered; opaque
  Instant registered_at = {};
  std::map<std::string, std::string> tags = {};
  TaskDefinitionStatus status = TaskDefinitionStatus::Active;
  std::optional<Instant> deregistered_at = {};
};

struct Cluster {
  std::string name = {};
  bool active = true;  ///< until it is deleted
  std::map<std::string, std::string> tags = {};
  Shown shown = {};
  std::map<std::string, std::unique_ptr<Service>, std::less<>> services = {};
  std::unique_ptr<Service> single_tasks = {};  ///< those of no service; nullptr before the first

  /// All that has tasks.
  std::vector<Service*> task_holders() const;
};

struct FoundTask {
  Service* service = nullptr;
  Task* task = nullptr;
};

class World final : private ServiceObserver, private GroupObserver {
 public:
  struct Options {
    std::size_t history_max = 10'000;  ///< events that are kept; 0 keeps none
    /// Told of every work that ends, at now(); a message that was Done is deleted by then.
    std::function<void(const Service&, const Work&)> on_work_end = {};
    /// Of tasks that are processes: one runs, and is to stop. Neither may change the world.
    std::function<void(const Service&, const Task&)> on_task_running = {};
    std::function<void(const Service&, const Task&)> on_task_stopping = {};
    /// An instance begins to end, with the tasks that are on it.
    std::function<void(const InstanceGroup&, const Instance&)> on_instance_end = {};
  };

  World(Options options, Instant now, Random& random);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Everything is gone, as in a new world, but time goes on. Nothing may point into it any more.
  void clear();

  Instant now() const { return now_; }
  /// Does everything that is due up to and including `to`. An earlier `to` than before changes
  /// nothing.
  void advance(Instant to);
  /// When something happens next without anyone's doing.
  Instant next_event() const {
    return std::min({queue_agenda_.next(), service_agenda_.next(), group_agenda_.next()});
  }

  /// The queue, or nullptr. Pointers to queues and services stay valid until they are deleted.
  Queue* find_queue(std::string_view name);
  const Queue* find_queue(std::string_view name) const;
  /// A new queue; the name must be free.
  Queue& create_queue(std::string name, QueueSettings settings);
  void delete_queue(std::string_view name);
  const std::map<std::string, std::unique_ptr<Queue>, std::less<>>& queues() const {
    return queues_;
  }

  // Messages, all at now(). Idle workers take visible messages at once, inside these calls.
  std::string send(Queue& queue, NewMessage message);
  /// So many empty messages at once, for a user who needs no ids.
  void send_many(Queue& queue, std::int64_t count);
  std::vector<ReceivedMessage> receive(Queue& queue, const ReceiveRequest& request);
  HandleOutcome delete_message(Queue& queue, std::string_view receipt_handle);
  HandleOutcome change_visibility(Queue& queue, std::string_view receipt_handle, Duration timeout);
  std::int64_t purge(Queue& queue);
  /// Sends the message that Queue::peek() told to another queue, as a new one.
  void move_message(Queue& queue, Queue& destination);

  Cluster* find_cluster(std::string_view name);
  /// The cluster of that name; made when there is none.
  Cluster& create_cluster(std::string_view name);
  const std::map<std::string, Cluster, std::less<>>& clusters() const { return clusters_; }
  Service* find_service(std::string_view cluster, std::string_view service);
  const Service* find_service(std::string_view cluster, std::string_view service) const;
  /// A new service in an existing cluster; takes the place of an INACTIVE one of its name.
  Service& create_service(ServiceDefinition definition);
  void set_desired(Service& service, std::int64_t desired);
  void deploy(Service& service, Rollout rollout);
  /// Starts tasks of no service, which behave as told; their ids. It replaces none of them.
  std::vector<std::string> run_tasks(Cluster& cluster, const TaskOrder& order, std::int64_t count,
                                     const ServiceBehaviour& behaviour);
  /// Of any cluster, not STOPPED; nullptr twice: there is none.
  FoundTask find_task(std::string_view id) const;
  void remove(Service& service);
  void set_short(Service& service, bool is_short);
  /// As those of Service. The task must be one of the service's, and not be STOPPED.
  void protect(Service& service, Task& task, std::optional<Instant> until);
  void task_ended(Service& service, Task& task, int exit_code);
  void stop(Service& service, Task& task, std::string reason);

  /// A new group; the name must be free. It stays where it is until the world is cleared.
  InstanceGroup& create_group(GroupSettings settings);
  InstanceGroup* find_group(std::string_view name);
  /// Ends its instances, protected or not. Tasks of services that name it wait for ever.
  void delete_group(InstanceGroup& group);
  const std::map<std::string, std::unique_ptr<InstanceGroup>, std::less<>>& groups() const {
    return groups_;
  }
  /// By its id or its id as a container instance, of any group.
  struct FoundInstance {
    InstanceGroup* group = nullptr;
    const Instance* instance = nullptr;
  };
  FoundInstance find_instance(std::string_view id) const;
  /// Those that have registered with the cluster.
  std::vector<FoundInstance> instances_of(const Cluster& cluster) const;

  TaskDefinition& register_task_definition(std::string family, std::string document);
  /// Revision 0 is the latest that is ACTIVE; nullptr when there is none.
  const TaskDefinition* find_task_definition(std::string_view family, std::int64_t revision) const;
  TaskDefinition* find_task_definition(std::string_view family, std::int64_t revision);
  /// By family, in the order of their revisions.
  const std::map<std::string, std::vector<TaskDefinition>, std::less<>>& task_definitions() const {
    return task_definitions_;
  }

  const std::deque<HistoryEvent>& history() const { return history_; }
  void record(EventKind kind, std::string_view subject, std::string detail);
  Random& random() { return *random_; }

 private:
  void task_running(const Service& service, const Task& task) override;
  void task_stopping(const Service& service, const Task& task) override;
  void task_stopped(const Service& service, const Task& task) override;
  void work_killed(const Service& service, const Task& task) override;
  void deployment_completed(const Service& service) override;
  void group_changed(InstanceGroup& group) override;
  void room_came(const InstanceGroup& group) override;
  void instance_drains(const InstanceGroup& group, const Instance& instance) override;
  void instance_ended(const InstanceGroup& group, const Instance& instance, bool by_spot) override;
  std::vector<InstanceGroup*> groups_of(const ServiceDefinition& definition) const;

  void settle();
  void plan(Queue& queue) { queue_agenda_.plan(queue, queue.rank, queue.next_event()); }
  void plan(Service& service) { service_agenda_.plan(service, service.rank, service.next_event()); }
  void settle_soon(Service& service) { service_agenda_.plan(service, service.rank, now_); }
  void tend_workers(Service& service);
  bool delete_processed(Queue& queue, const Work& work);
  Queue* dead_letter_queue(const Queue& queue);
  void note_redriven(Queue& queue, std::int64_t before);
  void note_drained(const Queue& queue);
  void note_desired(const Service& service, std::int64_t desired);
  void feed_workers(const Queue& queue);
  void feed_workers(Service& service);
  void feed_workers(Service& service, const Station& station);
  Station& open_station(Service& service, const std::string& queue);

  Options options_;
  Instant now_;
  Random* random_;
  std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_ = {};
  std::map<std::string, Cluster, std::less<>> clusters_ = {};
  std::map<std::string, Station> stations_ = {};  ///< by the queue's name; they stay
  std::uint64_t next_rank_ = 1;                   ///< of queues and services
  Agenda<Queue, &Queue::planned> queue_agenda_ = {};
  Agenda<Service, &Service::planned> service_agenda_ = {};
  std::map<std::string, std::unique_ptr<InstanceGroup>, std::less<>> groups_ = {};
  std::vector<std::unique_ptr<InstanceGroup>> deleted_groups_ = {};
  Agenda<InstanceGroup, &InstanceGroup::planned> group_agenda_ = {};
  std::map<std::string, std::vector<TaskDefinition>, std::less<>> task_definitions_ = {};
  std::deque<HistoryEvent> history_ = {};
  std::uint64_t next_event_number_ = 1;
};

}  // namespace scaler::world
