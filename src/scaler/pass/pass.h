#pragma once
// One scaling pass: observe, decide, confirm, apply, remember, for every service of a fleet.
// Lambda, controller, command line and simulator all call run_pass(); it is the only caller of
// decide() in production.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "scaler/core/decide.h"
#include "scaler/pass/group_record.h"
#include "scaler/pass/instance_ports.h"
#include "scaler/pass/ports.h"
#include "scaler/state/memory.h"

namespace scaler {

/// One of a service's job queues; its messages count so many times.
struct JobQueue {
  std::string url = {};
  Millionths weight = {Millionths::kOne};
};

/// What earlier passes of this process saw of the instances under a service.
struct GroupMemory {
  bool known = false;        ///< whether the service was read at all
  std::string group = {};    ///< its group, by place, cluster and provider; empty: it has none
  bool not_a_group = false;  ///< AWS has no Auto Scaling group there
  bool owned = false;        ///< some service of the fleet owns it
  std::optional<Deadline> looked_at = {};  ///< steady
  /// When a look found that nothing is wanted and nothing is there.
  std::optional<Instant> rested = {};
  std::shared_ptr<const GroupRecord> at_rest = {};  ///< that look
  std::optional<Instant> told = {};                 ///< when a refusal was told last
  int late_passes = 0;  ///< in a row, of which all actions came too late
};

/// What was seen of a service that rests: it has no tasks, no messages, and nothing is done to it.
struct Rest {
  ServiceReading reading = {};
  Instant described_at = {};
};

struct ManagedService {
  ServiceId id = {};
  std::vector<JobQueue> queues = {};
  Policy policy;
  Memory memory = {};
  std::optional<Deadline> looked_at = {};   ///< steady; who was not looked at for longest is next
  std::optional<Deadline> waited_for = {};  ///< steady; when a pass last waited for it alone
  bool waits = false;                       ///< a change was decided, and there was no slot for it
  GroupMemory group = {};
  std::optional<Rest> rest = {};  ///< since the last look, if it found that
  /// Whether its queues' messages may call an invocation; nothing: as the deployment says. A pass
  /// does not ask.
  std::optional<bool> wake = {};
};

/// What a look at the service and all of its queues asks for.
LookRequest look_at_all_of(const ManagedService& service);

struct Ports {
  CloudReader& reader;
  ServiceScaler& scaler;
  StateWriter* states = nullptr;  ///< nullptr: the state lives in this process only
  Clock& clock;
  /// Both or none; nullptr: instances are left alone.
  InstanceReader* instances = nullptr;
  InstanceScaler* instance_scaler = nullptr;
};

/// With Nothing a pass looks and decides, and neither changes nor remembers anything: a dry run.
enum class Permission { Everything, ScaleOutOnly, Nothing };

struct PassOptions {
  Permission permission = Permission::Everything;
  /// The pass ends then; who was not looked at is first in the next one.
  Deadline deadline = Deadline::max();
  /// Changes without a slot by then are left to the next pass.
  Deadline slots_until = Deadline::max();
  /// AllButSlow: who is slow is left to the next pass, too.
  Patience patience = Patience::All;
  /// How long the slow are waited for at most, each once in 30 s; nothing: as long as the pass may
  /// take. For whoever runs passes of a fleet one after another: the next is what all others'
  /// messages wait for.
  std::optional<Duration> slow_most = {};
  Duration look_every = kLookEvery;  ///< how far apart the looks of this program are
  Duration tick = Duration::zero();  ///< and those between them; zero: there are none
  std::int64_t delivered = 0;        ///< messages that the trigger was handed
  /// A service that rests is described this often, and looked at by its queues alone between; zero:
  /// it is described by every pass.
  Duration describe_every = Duration::zero();
  /// Whether the clock's steady time goes on between two passes, so that it can tell when the wall
  /// clock was moved.
  bool steady = true;
  /// Clusters of which other passes look at services, too: no instance of theirs ends.
  std::vector<std::string> split_clusters = {};
  bool all_groups = false;  ///< those are looked at, too, of which nothing is wanted
};

/// What one pass saw and did for one service.
struct PassRecord {
  ServiceId id = {};
  bool looked = false;  ///< nothing else is told of a service for which there was no time
  /// When the service was read, of one that rests and was looked at by its queues alone.
  std::optional<Instant> described_at = {};
  Instant at = {};
  Result<ServiceReading> reading = {};          ///< an error: there is no decision
  std::vector<Result<QueueDepth>> queues = {};  ///< one per queue, in order
  std::optional<Decision> decision = {};
  Outcome outcome = Outcome::Held;
  bool from_zero = false;                ///< no task was desired when the pass began
  std::vector<std::string> errors = {};  ///< all that failed, for people; empty when all is well
  std::string complaint = {};            ///< what is wrong and harms no task, and what it costs
  ServiceState state = {};               ///< after the pass
  /// How old the look was when the change that follows from it left, and how old it might be.
  Duration look_age = {};
  Duration look_bound = {};
  std::shared_ptr<const GroupRecord> group = {};  ///< nullptr: its instances were not looked at
  bool failed() const { return !errors.empty(); }
};

/// One record per service, in order.
///
/// The queues of those that rest are looked at first; who has messages then goes before all others.
/// No service waits for another: who is slow comes in a round of its own, who is refused or fails
/// is tried again after the others, and under the services' rates who waits for a change or was not
/// looked at for longest goes first. A scale-in looks once more just before it acts, and is
/// withheld unless that look is fresh and confirms it. A scale-out whose look is no longer fresh
/// reads the desired count again and never sets a lower one; it is looked at again when it is done,
/// so that what overlapping passes made of it is put right. A count that ECS refuses is tried
/// smaller.
std::vector<PassRecord> run_pass(std::span<ManagedService> fleet, const Ports& ports,
                                 const PassOptions& options);

/// How one pass is run. This program's way is run_pass(); the tests' broken variants are others.
using RunPass = std::function<std::vector<PassRecord>(std::span<ManagedService>, const Ports&,
                                                      const PassOptions&)>;

}  // namespace scaler
