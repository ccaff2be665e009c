#pragma once
// The instances under services: how many an Auto Scaling group should have, and what to do about
// it. Pure and total, as decide() is. Tasks stay where they are; what is not placed goes into the
// room that is there, then onto instances on their way, and the rest asks for new ones. One ends
// only after it was idle, was drained, and was seen empty after that.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"

namespace scaler {

/// A port of the instance itself that a container takes.
struct HostPort {
  std::int64_t port = 0;
  bool udp = false;
  auto operator<=>(const HostPort&) const = default;
};

/// What one task takes of an instance. Of several task definitions in a rollout, see worst_of().
struct TaskNeed {
  std::int64_t cpu = 0;     ///< CPU units: 1024 are a vCPU
  std::int64_t memory = 0;  ///< MiB
  std::int64_t gpus = 0;
  std::vector<HostPort> ports = {};
};

/// What an instance has left, or has at all.
struct Room {
  std::int64_t cpu = 0;
  std::int64_t memory = 0;
  std::int64_t gpus = 0;
  std::vector<HostPort> taken = {};
  bool operator==(const Room&) const = default;
};

/// The most of each.
TaskNeed worst_of(const TaskNeed& a, const TaskNeed& b);

/// A service whose tasks run on the group. DAEMON services are none: their tasks follow the
/// instances.
struct GroupService {
  std::string name = {};
  std::int64_t desired = 0;            ///< tasks, as this pass decided
  std::int64_t running = 0;            ///< tasks
  std::int64_t pending = 0;            ///< tasks, those that wait for an instance included
  std::int64_t provisioning = 0;       ///< of these, those that have no instance yet
  bool deploying = false;              ///< then as many may run as maximum_percent allows
  std::int64_t maximum_percent = 100;  ///< of the deployment configuration
  TaskNeed need = {};
};

enum class GroupState { Pending, InService, Leaving };
enum class Registration { None, Registering, Active, Draining, Other };

/// What this program keeps with an instance, in a tag of the container instance.
struct InstanceMark {
  enum class Kind {
    None,
    Idle,
    Drained,
    Recalled,  ///< drained, and it goes back: no pass ends it any more
  };
  Kind kind = Kind::None;
  Instant at = {};
  bool operator==(const InstanceMark&) const = default;
};

/// An instance of the group. Its tasks are counted without those of DAEMON services.
struct InstanceSeen {
  std::string id = {};
  std::string type = {};
  GroupState state = GroupState::InService;
  std::string lifecycle = {};  ///< AWS's word, where it is not just coming, in service or going
  bool healthy = true;
  bool protected_from_scale_in = true;
  std::optional<Instant> launched = {};  ///< where the group's activities tell it
  Registration registration = Registration::Active;
  bool connected = true;  ///< the agent
  Room registered = {};
  Room remaining = {};
  std::int64_t running = 0;    ///< tasks that are to run
  std::int64_t pending = 0;    ///< tasks
  std::int64_t lingering = 0;  ///< tasks that are to stop and have not: in neither of the others
  bool looked = true;          ///< all three were read: without that it does not end
  InstanceMark mark = {};

  bool empty() const { return looked && running == 0 && pending == 0 && lingering == 0; }
};

/// Launches of the group that failed since the last one that did not.
struct LaunchFailures {
  std::int64_t in_a_row = 0;
  Instant last = {};
  std::string reason = {};  ///< in AWS's words
};

struct GroupSeen {
  Instant at = {};
  std::string name = {};
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t desired = 0;
  bool managed_scaling = false;
  std::int64_t scaling_policies = 0;
  bool new_instances_protected = true;
  bool weighted = false;  ///< the desired capacity counts something else than instances
  bool launch_suspended = false;
  bool terminate_suspended = false;
  LaunchFailures failures = {};
  std::vector<InstanceSeen> instances = {};
  std::vector<GroupService> services = {};
  /// Services on the group that another process scales: what it wants of the group is not known.
  std::vector<std::string> scaled_by_others = {};
  std::string held = {};    ///< why nothing may end, though all could be read
  bool complete = true;     ///< false: something could not be read, and nothing may end
  std::string unread = {};  ///< what that was and why, where the look knows
};

struct InstancePolicy {
  Duration idle = std::chrono::seconds(60);
  std::int64_t min = 0;  ///< instances; the group's own bounds hold, too
  /// Tasks that one instance holds at most; known before the first instance has registered.
  std::optional<std::int64_t> tasks_most = {};
};

/// The rules' reasons, in the order in which they come. What each says: instance_steps.cc.
enum class InstanceReason {
  Refused,  ///< the group is not one that this program may drive
  NotAllRead,
  NotLookedAt,  ///< some instances
  Held,         ///< by a pause, or as a service was not read
  ScaledByOthers,
  NeverRegistered,
  Disconnected,
  DrainedByOthers,
  NotInService,     ///< and held there
  TasksToPlace,     ///< of one service
  FitWhereTheyAre,  ///< into the room of instances that run
  TaskAppeared,
  UndrainedFirst,
  Recalled,
  OnTheirWay,
  OneFirst,  ///< what an instance holds is not known before one has registered
  AboveMaximum,
  TooLarge,  ///< tasks that fit on no instance that was seen
  BelowMinimum,
  LaunchesFail,
  LaunchSuspended,
  Launched,
  MoreThanDesired,
  Idle,
  KeptForMinimum,
  Draining,
  WaitsToEnd,
  TerminateSuspended,
  Ending,
  ManagedScaling,  ///< of a group that AWS drives: what that costs
  NobodyDrives,
  Count,  ///< how many there are; no reason
};

/// `instances` is the desired capacity after this step.
struct InstanceStep {
  InstanceReason reason = InstanceReason::TasksToPlace;
  std::int64_t instances = 0;
  std::array<std::int64_t, 3> numbers = {};
  std::string about = {};  ///< a service, an instance, or AWS's own words
  bool operator==(const InstanceStep&) const = default;
};

/// One call, or two that belong together. The order of a decision's actions is the order to act in.
struct InstanceAction {
  enum class Kind {
    Undrain,     ///< to ACTIVE, then the mark is removed
    SetDesired,  ///< up, never down: the group is read again just before
    Recall,      ///< the mark of a drained one says that it goes back
    Mark,
    Unmark,
    Drain,  ///< the mark is set, then to DRAINING, if the instance is empty still
    End,    ///< if it is empty still, terminated, and the desired capacity is one less
  };
  Kind kind = Kind::Mark;
  std::string instance = {};
  std::int64_t desired = 0;  ///< SetDesired only
  InstanceMark mark = {};    ///< Recall, Mark and Drain
  /// The action may leave for so long after the look, SetDesired after the group was read again;
  /// another pass may undo it after that.
  Duration within = std::chrono::milliseconds(500);
  bool operator==(const InstanceAction&) const = default;
};

/// Of Drain and End, which look at their instance once more first: that takes some calls.
inline constexpr Duration kEmptyWithin = std::chrono::seconds(2);

struct InstanceDecision {
  std::int64_t wanted = 0;  ///< instances
  std::vector<InstanceStep> steps = {};
  std::vector<InstanceAction> actions = {};
};

/// An instance that this program drained goes back while its mark is younger than this, and ends
/// when it is older than kEndFrom. Between the two lies what a call may take: so of two passes that
/// overlap none ends what the other one has just put back.
inline constexpr Duration kUndrainUntil = std::chrono::seconds(15);
inline constexpr Duration kEndFrom = std::chrono::seconds(25);
/// One that is older, and needed after all (its end may be denied, or a task of it stop slowly), is
/// recalled: no pass decides to end it from then on, and it goes back once those that had decided
/// so before are through, even if they saw its former mark for some seconds more.
inline constexpr Duration kRecalledFor = std::chrono::seconds(15);
/// An instance that has not registered by then is not waited for any more.
inline constexpr Duration kRegisterWithin = std::chrono::minutes(15);

/// Why this program must leave the group alone; empty when it may drive it.
std::string refusal_of(const GroupSeen& group);

InstanceDecision decide_instances(const InstancePolicy& policy, const GroupSeen& group);

/// For a group that AWS drives: asks for the first instances at once, which its managed scaling
/// would do after a minute. Only from none, and never anything else.
InstanceDecision decide_kick(const InstancePolicy& policy, const GroupSeen& group);

/// How many tasks the service may have so that each has room: those that have a place, and those
/// that fit on instances which take tasks now.
std::int64_t tasks_with_room(const InstancePolicy& policy, const GroupSeen& group,
                             const GroupService& service);

/// The tasks that may run at once: while a deployment rolls out, as many as its maximumPercent
/// allows.
std::int64_t tasks_wanted(const GroupService& service);

/// "tasks_to_place", ...; "set_desired", ...
std::string_view to_string(InstanceReason reason);
std::string_view to_string(InstanceAction::Kind kind);
/// The step's note for people.
std::string explain(const InstanceStep& step);

}  // namespace scaler
