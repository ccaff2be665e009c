#pragma once
// InstanceGroup: an Auto Scaling group whose instances register with a cluster, and what ECS does
// with it: managed scaling, managed draining, Managed Instances. It knows which room is taken on
// which instance; whose tasks they are, World knows.
// Source: the ECS Developer Guide, "managed-scaling-behavior", "managed-instance-draining" and
// "managed-instances-infrastructure-optimization"; the EC2 Auto Scaling User Guide.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/random.h"
#include "lab/world/agenda.h"
#include "lab/world/duration_range.h"

namespace scaler::world {

/// What an instance has, or a task needs.
struct Resources {
  std::int64_t cpu = 0;     ///< 1024 are a vCPU
  std::int64_t memory = 0;  ///< MiB
  std::int64_t gpus = 0;

  /// How often `needs` fits in; a need for nothing fits as often as an instance takes tasks.
  std::int64_t times(const Resources& needs) const;
  auto operator<=>(const Resources&) const = default;
};

/// A capacity provider's, when its status is ENABLED.
struct ManagedScaling {
  double target = 100;  ///< percent
  std::int64_t step_min = 1;
  std::int64_t step_max = 10'000;
  Duration warm_up = std::chrono::seconds(300);
  bool termination_protection = false;
  bool operator==(const ManagedScaling&) const = default;
};

/// Instances that were started, made ready and stopped, so that they are there sooner.
/// Source: the EC2 Auto Scaling User Guide, "Warm pools".
struct WarmPool {
  std::int64_t prepared_max = 0;  ///< MaxGroupPreparedCapacity: with those that are in service
  std::int64_t min = 0;           ///< MinSize: so many are prepared in any case
  DurationRange start = {.min = std::chrono::seconds(45), .max = std::chrono::seconds(75)};
  bool operator==(const WarmPool&) const = default;
};

struct GroupSettings {
  std::string name = {};
  std::string cluster = {};  ///< where its instances register
  std::string instance_type = {};
  Resources resources = {};  ///< of each instance
  std::int64_t min = 0;
  std::int64_t max = 1;
  bool protects_new = false;  ///< NewInstancesProtectedFromScaleIn
  DurationRange launch = {.min = std::chrono::seconds(30), .max = std::chrono::seconds(60)};
  DurationRange agent = {.min = std::chrono::seconds(30), .max = std::chrono::seconds(60)};
  DurationRange image_pull = {.max = Duration(0)};  ///< before an instance's first task starts
  Duration termination = std::chrono::seconds(30);  ///< until a terminating one is gone
  std::size_t zones = 1;
  std::optional<ManagedScaling> managed = {};
  bool drains = false;  ///< managed draining: who is to end first loses its tasks in good order
  /// Managed Instances: they come when tasks wait and go so long after their last task. It replaces
  /// managed scaling; a negative time: they stay.
  std::optional<Duration> scale_in_after = {};
  std::optional<WarmPool> warm_pool = {};  ///< whose instances have the image
};

/// Of a Spot interruption, in AWS.
inline constexpr Duration kSpotNotice = std::chrono::seconds(120);

enum class Lifecycle { Pending, InService, TerminatingWait, Terminating };
/// EC2 Auto Scaling's names: "Pending", "InService", "Terminating:Wait", "Terminating".
std::string_view to_string(Lifecycle lifecycle);

enum class AgentRegistration { None, Active, Draining };

struct Instance {
  std::uint64_t number = 0;       ///< of all in the world
  std::string id = {};            ///< "i-<17 hexadecimal digits>"
  std::string container_id = {};  ///< as a container instance: 32 hexadecimal digits
  std::size_t zone = 0;
  Lifecycle lifecycle = Lifecycle::Pending;
  AgentRegistration registration = AgentRegistration::None;
  bool agent_connected = false;
  bool is_protected = false;  ///< from scale-in
  Resources resources = {};
  Resources free = {};
  std::int64_t tasks = 0;
  Instant launched_at = {};
  Instant in_service_at = {};
  Instant registers_at = {};  ///< kNever: it never does
  std::optional<Instant> registered_at = {};
  std::optional<Instant> empty_since = {};  ///< since it registered, or its last task left
  std::optional<Instant> image_at = {};     ///< from when on tasks need not wait for their image
  Instant reclaimed_at = kNever;            ///< Spot takes it back then
  Instant gone_at = kNever;
  std::string end_activity = {};  ///< the activity that ends it
};

/// A scaling activity.
struct Activity {
  std::string id = {};
  std::string status = {};  ///< "InProgress", "Successful", "Failed", "Cancelled"
  std::string description = {};
  std::string cause = {};
  std::string message = {};
  Instant started_at = {};
  std::optional<Instant> ended_at = {};
};

struct GroupTotals {
  std::int64_t launched = 0;
  std::int64_t failed_launches = 0;
  std::int64_t tasks_lost = 0;  ///< that had not stopped when somebody ended their instance
  Duration instance_time = Duration(0);  ///< of those that have ended
  Duration stopped_time = Duration(0);   ///< of those that have left the warm pool
};

class InstanceGroup;

/// What others want to know of groups. World implements it.
class GroupObserver {
 public:
  virtual ~GroupObserver() = default;
  /// Something may be due.
  virtual void group_changed(InstanceGroup& group) = 0;
  virtual void room_came(const InstanceGroup& group) = 0;
  virtual void instance_drains(const InstanceGroup& group, const Instance& instance) = 0;
  /// Its tasks are gone with it; `by_spot`: nobody here wanted it.
  virtual void instance_ended(const InstanceGroup& group, const Instance& instance,
                              bool by_spot) = 0;
};

class InstanceGroup {
 public:
  /// `first_number` begins the numbers of its instances.
  InstanceGroup(GroupSettings settings, Instant created_at, Random& random, GroupObserver& observer,
                std::uint64_t first_number);

  const GroupSettings& settings() const { return settings_; }
  const std::string& name() const { return settings_.name; }
  Instant created_at() const { return created_at_; }
  std::int64_t desired() const { return desired_; }
  const std::map<std::uint64_t, Instance>& instances() const { return instances_; }
  /// An instance of the warm pool: it runs from the one moment to the other, and is stopped then.
  struct Prepared {
    std::string id = {};
    std::size_t zone = 0;
    Instant begun_at = {};
    Instant ready_at = {};
  };
  const std::deque<Prepared>& warm_pool() const { return pool_; }  ///< the soonest ready first
  const std::deque<Activity>& activities() const { return activities_; }  ///< newest first
  const std::set<std::string, std::less<>>& suspended() const { return suspended_; }
  const GroupTotals& totals() const { return totals_; }
  /// Of all instances, from launch to the beginning of their end; those of a warm pool count while
  /// they are made ready.
  Duration instance_time(Instant now) const;
  /// Of all instances, stopped in a warm pool.
  Duration stopped_time(Instant now) const;
  /// By the instance's id or its id as a container instance; nullptr: there is none.
  const Instance* find(std::string_view id) const;

  /// The new size must be in the group's bounds.
  void set_desired(std::int64_t desired, std::string cause, Instant now);
  /// The desired count follows into new bounds. Name and cluster stay.
  void change(GroupSettings settings, Instant now);
  void protect(const Instance& instance, bool is_protected);
  void suspend(std::string process, bool is_suspended, Instant now);
  /// Ends the instance, protected or not; the activity that does.
  Activity terminate(const Instance& instance, bool decrement, Instant now);
  /// ACTIVE takes back what DRAINING began.
  void set_draining(const Instance& instance, bool draining, Instant now);

  // What goes wrong. EC2 has no instance until told otherwise; an empty text ends that.
  void fail_launches(std::string reason, Instant now);
  /// The next so many instances never register.
  void lose_registrations(std::int64_t count) { unregistered_ = count; }
  void set_agent_connected(const Instance& instance, bool connected);
  /// Spot takes the instance back after its notice; managed draining drains it at once.
  void reclaim(const Instance& instance, Instant now, Duration notice = kSpotNotice);
  /// Balances the zones: a new instance for one that is not protected. Whether there was one.
  bool rebalance(Instant now);

  /// Takes room for a task where least is left, so that other instances become empty.
  const Instance* take(const Resources& needs, Instant now);
  void give_back(std::uint64_t instance, const Resources& needs, Instant now);
  /// What tasks of `who` that find no room need; only those whose capacity provider the group is.
  void want(const void* who, std::map<Resources, std::int64_t> waiting, Instant now);

  void settle(Instant now);
  Instant next_event() const;

  // World's.
  std::uint64_t rank = 0;
  Planned planned = {};
  /// Of an emulated API that keeps more than a world needs.
  std::map<std::string, std::string> tags = {};

 private:
  Instance& own(const Instance& instance) { return instances_.at(instance.number); }
  std::int64_t living() const;
  enum class Room { Taken, Free };
  std::int64_t waiting_instances(Room room) const;
  void converge(Instant now);
  void launch(Instant now);
  std::optional<Prepared> leave_pool(Instant now);
  void fill_pool(Instant now);
  void shrink(std::int64_t surplus, Instant now);
  Instance* choose_victim();
  void begin_end(Instance& instance, std::string cause, Instant now);
  void end(Instance& instance, bool by_spot, Instant now);
  void progress(Instance& instance, Instant now);
  void end_drained(Instant now);
  void evaluate(Instant now);
  void scale_out(std::int64_t needed, Instant now);
  void scale_in(std::int64_t needed, Instant now);
  void serve_waiting(Instant now);
  Instant idle_ends_at(const Instance& instance) const;
  Instant given_up_at(const Instance& instance) const;
  bool warming_up(Instant now) const;
  Activity& add_activity(std::string description, std::string cause, Instant now);
  Activity* find_activity(std::string_view id);
  std::string hexadecimal(std::size_t digits);

  GroupSettings settings_;
  Instant created_at_;
  Random* random_;
  GroupObserver* observer_;
  std::uint64_t next_number_;
  std::int64_t desired_ = 0;
  std::map<std::uint64_t, Instance> instances_ = {};
  std::deque<Prepared> pool_ = {};
  std::uint64_t prepared_ = 0;  ///< instances so far
  std::deque<Activity> activities_ = {};
  std::set<std::string, std::less<>> suspended_ = {};
  GroupTotals totals_ = {};
  std::string no_capacity_ = {};
  std::int64_t unregistered_ = 0;
  Instant retry_at_ = kNever;  ///< of a launch that failed
  std::string cause_ = {};     ///< of the desired count
  std::map<const void*, std::map<Resources, std::int64_t>> waiting_ = {};
  Instant evaluates_at_ = kNever;
  bool was_high_ = false;  ///< at the last evaluation
  int low_minutes_ = 0;
  Instant scaled_out_at_ = {};
};

}  // namespace scaler::world
