#pragma once
// Service: one ECS service in memory: a desired count, tasks that take time to start and to stop,
// workers in running tasks, deployments, events. World drives it and gives its workers messages.
// A scale-in stops tasks in the zone that has most of them, as ECS documents it. Within a zone it
// is left to chance: ECS does not prefer idle ones either.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/random.h"
#include "lab/world/agenda.h"
#include "lab/world/duration_range.h"
#include "lab/world/instance_group.h"
#include "lab/world/queue.h"
#include "scaler/core/observation.h"

namespace scaler::world {

class Service;

/// The queue of a name, if there is one, and the services that have workers who take from it.
struct Station {
  Queue* queue = nullptr;
  std::vector<Service*> services = {};
};

/// How the service's tasks behave.
struct ServiceBehaviour {
  DurationRange task_start = {.min = std::chrono::seconds(5), .max = std::chrono::seconds(5)};
  DurationRange task_stop = {.min = std::chrono::seconds(1), .max = std::chrono::seconds(1)};
  std::string job_queue = {};  ///< that workers of new tasks take messages from; empty: no workers
  DurationRange work_time = {.min = std::chrono::seconds(2), .max = std::chrono::seconds(2)};
  double crash_share = 0;            ///< of the works: the task dies in the middle of it
  double poison_share = 0;           ///< of the messages: no work on them ever succeeds
  bool workers_protect = false;      ///< scale-in and deployments spare a task while it works
  Duration protection_lingers = {};  ///< and for so long after the work, as ecs-guard keeps it,
  Duration protection_least = {};    ///< and for so long since it began, at least;
  Duration protection_most = {};     ///< after so long it ends with a work; zero: never
  /// Somebody else runs the workers of new tasks: a task that ran is STOPPED when task_ended() says
  /// so, not after task_stop.
  bool processes = false;
  std::size_t zones = 1;  ///< availability zones, over which tasks are spread
  Resources needs = {};   ///< of a task, where it is placed on a group
};

/// Fields of a request that have no effect here and are told as they came: names and JSON.
using Shown = std::map<std::string, std::string, std::less<>>;

/// Services start the tasks that they want. What holds a cluster's single tasks starts those that
/// run() is asked for, and replaces none; a service that somebody else deploys starts none either.
enum class Upkeep { Wanted, Single };

/// How tasks are replaced by those of another deployment, in percent of the desired count.
struct RollingUpdate {
  std::int64_t minimum_percent = 100;  ///< so many are healthy at all times
  std::int64_t maximum_percent = 200;  ///< no more are RUNNING or on their way
  bool breaker = false;                ///< one whose tasks keep failing is given up
  bool rollback = false;               ///< then for the last one that was completed
};

struct ServiceDefinition {
  std::string name = {};
  std::string cluster = {};
  std::string task_definition = {};  ///< "family:revision"
  std::int64_t desired = 0;
  SchedulingStrategy scheduling = SchedulingStrategy::Replica;
  std::string launch_type = "FARGATE";
  std::string zone_rebalancing = "DISABLED";  ///< or ENABLED: kept, without an effect here
  ServiceBehaviour behaviour = {};
  RollingUpdate rolling = {};
  Shown shown = {};
  std::map<std::string, std::string> task_tags = {};
  Upkeep upkeep = Upkeep::Wanted;
  /// Groups on whose instances its tasks are placed; none: wherever there is room.
  std::vector<std::string> groups = {};
  std::string capacity_provider = {};  ///< of the first group, which serves its waiting tasks
};

enum class TaskState { Provisioning, Pending, Running, Stopping, Stopped };
/// ECS's names: "PROVISIONING", ...
std::string_view to_string(TaskState state);

/// How a work ends.
enum class WorkEnd {
  Done,     ///< the worker deletes the message
  Failed,   ///< a poison message: the worker gives up, the message returns after its timeout
  Crashed,  ///< the task dies, the message returns after its timeout
  Killed,   ///< a scale-in or a deployment stopped the task in the middle of it
};

/// What a worker does: the message that it works on, and when it is done. Until then it renews the
/// message's visibility timeout, as a good worker does.
struct Work {
  Receipt receipt = {};
  Instant sent_at = {};
  Instant received_at = {};
  Instant done_at = {};  ///< also when it ends otherwise than Done
  WorkEnd end = WorkEnd::Done;
};

/// Why a task stops, as ECS's stopCode.
enum class StopCode {
  ServiceSchedulerInitiated,
  EssentialContainerExited,
  UserInitiated,
  SpotInterruption,
  TerminationNotice,
};
/// ECS's names.
std::string_view to_string(StopCode code);

/// What somebody wants of single tasks.
struct TaskOrder {
  std::string task_definition = {};
  std::string started_by = {};
  std::string group = {};
  std::string launch_type = {};
  std::string job_queue = {};  ///< as that of ServiceBehaviour
  bool process = false;        ///< the same
  std::map<std::string, std::string> tags = {};
  Shown shown = {};
};

struct Task {
  std::uint64_t number = 0;
  std::string id = {};  ///< 32 hexadecimal digits
  std::string deployment = {};
  std::string task_definition = {};
  std::string started_by = {};  ///< its deployment, or who asked for it
  std::string group = {};
  std::string launch_type = {};
  std::map<std::string, std::string> tags = {};
  Shown shown = {};
  std::size_t zone = 0;        ///< its availability zone
  bool process = false;        ///< somebody else runs its worker
  Station* station = nullptr;  ///< of the queue that its worker takes from
  TaskState state = TaskState::Provisioning;
  Instant created_at = {};
  Duration start_time = Duration(0);
  std::optional<Instant> placed_at = {};  ///< on an instance of a group
  std::optional<Instant> started_at = {};
  std::optional<Instant> stopping_at = {};
  std::optional<Instant> stopped_at = {};
  std::string stopped_reason = {};
  StopCode stop_code = StopCode::ServiceSchedulerInitiated;
  std::optional<int> exit_code = {};            ///< of its process
  std::optional<Instant> protected_until = {};  ///< task scale-in protection that was asked for
  Instant guarded_since = {};                   ///< without a break, by what lingers
  std::optional<Work> work = {};
  Resources needs = {};
  std::string capacity_provider = {};
  std::optional<std::uint64_t> instance = {};  ///< where it was placed; nothing: it waits for room
  std::string container_instance = {};         ///< the same, where that is one of a group
  bool leaving = false;                        ///< its instance drains: another is to replace it
  Planned change = {};                         ///< when its state changes by itself
  Planned act = {};                            ///< when its worker next renews or is done
  Planned unprotect = {};                      ///< when its protection ends by itself

  bool is_wanted() const { return state < TaskState::Stopping; }
};

struct Deployment {
  std::string id = {};  ///< "ecs-svc/<digits>"
  std::string task_definition = {};
  bool primary = true;
  bool completed = false;         ///< rollout state COMPLETED, otherwise IN_PROGRESS
  bool failed = false;            ///< rollout state FAILED
  std::int64_t failed_tasks = 0;  ///< in a row, before any that ran for long enough
  std::string reason = {};        ///< of its state, where there is a special one
  Instant created_at = {};
  Instant updated_at = {};
};

struct ServiceEvent {
  std::string id = {};
  Instant at = {};
  std::string message = {};
};

struct ServiceTotals {
  std::int64_t processed = 0;  ///< messages that a worker received, worked on and deleted
  std::int64_t failed = 0;     ///< works on poison messages
  std::int64_t crashed = 0;    ///< works in whose middle the task died
  std::int64_t killed_while_working = 0;  ///< works that a scale-in or a deployment interrupted
  std::int64_t lost_with_instance = 0;    ///< tasks whose instance ended under them
  std::int64_t tasks_started = 0;         ///< tasks that reached RUNNING
  std::int64_t tasks_peak = 0;            ///< most tasks that were running at one time
  Duration task_time = Duration(0);       ///< of all stopped tasks, from creation to stop
};

/// What a deployment changes: nothing stays as it is.
struct Rollout {
  std::optional<std::string> task_definition = {};
  std::optional<std::int64_t> desired = {};
  std::optional<std::string> job_queue = {};
  std::optional<bool> processes = {};
  std::optional<Resources> needs = {};
};

/// What happens in a service that others want to know. World implements it.
class ServiceObserver {
 public:
  virtual ~ServiceObserver() = default;
  virtual void task_running(const Service& service, const Task& task) = 0;
  /// A task that was RUNNING is to stop.
  virtual void task_stopping(const Service& service, const Task& task) = 0;
  virtual void task_stopped(const Service& service, const Task& task) = 0;
  /// The work was cut short; its message returns after its visibility timeout.
  virtual void work_killed(const Service& service, const Task& task) = 0;
  virtual void deployment_completed(const Service& service) = 0;
};

class Service {
 public:
  /// `station` is that of its job queue; without one its workers get nothing.
  Service(ServiceDefinition definition, Instant created_at, Random& random,
          ServiceObserver& observer, Station* station = nullptr,
          std::vector<InstanceGroup*> groups = {});

  const ServiceDefinition& definition() const { return definition_; }
  const std::string& name() const { return definition_.name; }
  ServiceStatus status() const { return status_; }
  Instant created_at() const { return created_at_; }
  std::int64_t desired() const { return definition_.desired; }
  std::int64_t running() const { return running_; }  ///< tasks in RUNNING
  std::int64_t pending() const { return pending_; }  ///< tasks in PROVISIONING or PENDING
  /// Under task scale-in protection.
  bool is_protected(const Task& task) const {
    return task.protected_until || (definition_.behaviour.workers_protect && task.work);
  }
  std::int64_t protected_tasks() const;
  std::int64_t running(const Deployment& deployment) const;
  std::int64_t pending(const Deployment& deployment) const;
  const std::map<std::uint64_t, Task>& tasks() const { return tasks_; }  ///< those not STOPPED
  const std::deque<Task>& stopped_tasks() const { return stopped_; }     ///< the latest 100
  const std::vector<Deployment>& deployments() const { return deployments_; }  ///< PRIMARY first
  const std::deque<ServiceEvent>& events() const { return events_; }  ///< newest first, at most 100
  std::map<std::string, std::string>& tags() { return tags_; }
  const std::map<std::string, std::string>& tags() const { return tags_; }
  void set_zone_rebalancing(std::string value) { definition_.zone_rebalancing = std::move(value); }
  Shown& shown() { return definition_.shown; }
  /// Of this deployment and all later ones.
  void set_rolling(const RollingUpdate& rolling) { definition_.rolling = rolling; }
  /// Of those that start from now on.
  void set_task_tags(std::map<std::string, std::string> tags) {
    definition_.task_tags = std::move(tags);
  }
  /// Without a deployment.
  void set_task_definition(std::string name) { definition_.task_definition = std::move(name); }
  const ServiceTotals& totals() const { return totals_; }
  /// totals().task_time and what the living tasks have used so far.
  Duration task_time(Instant now) const;

  /// Starts or stops tasks so that as many are there as wanted.
  void set_desired(std::int64_t desired, Instant now);
  /// Replaces all tasks, new ones first, with as many as are desired from now on. `station` is that
  /// of the new tasks' job queue.
  void deploy(Rollout rollout, Station* station, Instant now);
  /// Starts so many single tasks; their ids.
  std::vector<std::string> run(const TaskOrder& order, Station* station, std::int64_t count,
                               Instant now);
  /// Stops all tasks; DRAINING until they are stopped, then INACTIVE.
  void remove(Instant now);

  /// Scale-ins and deployments spare the task until then; nothing: they do not, from now on.
  void protect(Task& task, std::optional<Instant> until, Instant now);
  /// The process of a task has ended, by itself or because the task was to stop. One that ended by
  /// itself is replaced: at once the first times, later and later when tasks keep ending soon after
  /// their start.
  void task_ended(Task& task, int exit_code, Instant now);
  /// As StopTask: protection does not help.
  void stop(Task& task, std::string reason, Instant now);
  Task* find_task(std::string_view id);
  /// Also one that is STOPPED.
  const Task* find_any_task(std::string_view id) const;
  Task* find_any_task(std::string_view id);

  /// The instance drains, or does no longer: tasks on it that wait to run stop at once, others when
  /// another runs in their place. Those of no service stay.
  void leave(std::uint64_t instance, bool leaving, Instant now);
  /// The instance is gone, and with it all tasks on it.
  void lose(const Instance& instance, bool by_spot, Instant now);
  bool waits_for_room() const { return !unplaced_.empty(); }

  /// Where there is no group there is always room, but in a shortage.
  void set_short(bool is_short, Instant now);

  /// Does what is due at `now`: tasks start, run, stop. World calls it for every next_event().
  void settle(Instant now);
  Instant next_event() const {
    return std::min({changing_.next(), working_.next(), unprotecting_.next(), proves_at_,
                     unplaced_.empty() ? kNever : launches_at_.value_or(kNever)});
  }

  /// Running tasks whose worker has nothing to do.
  bool has_idle_worker() const { return !idle_.empty(); }
  /// Of those that take from that queue the longest idle one; nullptr: there is none.
  Task* idle_worker(const Station& station) const;
  /// Gives the worker the message. It renews or is done, whichever is first, at `act_at`.
  void begin_work(Task& task, const Work& work, Instant act_at);
  /// A task whose worker must renew or is done by now, the earliest first; nullptr: there is none.
  Task* due_worker(Instant now) { return working_.due(now); }
  /// The worker goes on until `act_at`.
  void continue_work(Task& task, Instant act_at);
  /// The work is over; the worker is idle, or its task has crashed. `counts`: it was Done, and its
  /// message was still there.
  void end_work(Task& task, bool counts, Instant now);
  std::int64_t working() const { return working_.size(); }
  /// Of the queue that workers of new tasks take from.
  const Station* station() const { return station_; }
  /// How long the work takes and how it ends. It depends on the message (and for a crash on how
  /// often it was received), not on what happened before: the same job is the same under any
  /// scaler.
  struct Fate {
    Duration work_time = Duration(0);
    WorkEnd end = WorkEnd::Done;
  };
  Fate fate(const Receipt& receipt) const;

  // World's.
  std::uint64_t rank = 0;  ///< who acts first of those at one moment
  Planned planned = {};
  std::vector<Station*> stations = {};  ///< of the queues that its tasks have taken from

 private:
  std::optional<Instant> protected_after_work(const Task& task, Instant now) const;
  void reconcile(Instant now);
  void start_tasks(std::int64_t count, Instant now);
  Task& add_task(Instant now);
  void stop_tasks(std::vector<std::uint64_t> candidates, std::int64_t count, Instant now);
  std::uint64_t choose_to_stop(const std::vector<std::uint64_t>& candidates);
  void stop_task(Task& task, std::string reason, Instant now,
                 StopCode code = StopCode::ServiceSchedulerInitiated);
  void place_tasks(Instant now);
  void place_on_groups(Instant now);
  bool place_on_groups(Task& task, Instant now);
  void leave_instance(const Task& task, Instant now);
  void put_off_launches(const Task& ended, Instant now);
  void start_at_once();
  void schedule(Task& task, Instant at);
  void progress(Task& task, Instant now);
  std::int64_t leaving_tasks() const;
  void begin(Rollout rollout, Station* station);
  void start_missing(Instant now);
  std::int64_t healthy(Instant now);
  std::int64_t healthy_least() const;
  void note_failure(const Task& task, Instant now);
  void roll_back(Instant now);
  void finish_rollout(Instant now);
  void add_deployment(Instant now);
  void add_event(std::string message, Instant now);
  enum class Generation { Primary, Former };
  std::vector<std::uint64_t> alive_tasks(Generation generation) const;

  ServiceDefinition definition_;
  ServiceStatus status_ = ServiceStatus::Active;
  Instant created_at_;
  Random* random_;
  std::uint64_t fate_seed_;
  bool short_ = false;  ///< nothing is placed; tasks that run stay
  ServiceObserver* observer_;
  Station* station_;  ///< of new tasks
  std::vector<InstanceGroup*> groups_;
  std::uint64_t next_task_ = 1;
  std::int64_t running_ = 0;
  std::int64_t pending_ = 0;
  std::vector<std::int64_t> in_zone_;  ///< tasks that are to run, by zone
  std::map<std::uint64_t, Task> tasks_ = {};
  std::deque<Task> stopped_ = {};
  std::unordered_map<std::string, Task*> by_id_ = {};  ///< of both; neither moves what it holds
  std::vector<Deployment> deployments_ = {};
  Rollout proven_ = {};  ///< of the last deployment that was completed, while another is under way
  Station* proven_station_ = nullptr;
  Instant proves_at_ = kNever;  ///< when the next task has run for long enough to show that it can
  std::deque<ServiceEvent> events_ = {};
  std::map<std::string, std::string> tags_ = {};
  ServiceTotals totals_ = {};
  Agenda<Task, &Task::change> changing_ = {};
  Agenda<Task, &Task::act> working_ = {};
  Agenda<Task, &Task::unprotect> unprotecting_ = {};
  int early_ends_ = 0;                       ///< tasks in a row that ended soon after their start
  std::optional<Instant> launches_at_ = {};  ///< when the next task may be placed; nothing: now
  std::deque<Task*> idle_ = {};              ///< longest idle first
  std::set<std::uint64_t> unplaced_ = {};    ///< tasks that wait for room
};

}  // namespace scaler::world
