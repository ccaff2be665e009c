#pragma once
// Trial: a random scenario with faults, run under the invariants that hold in every simulation. One
// seed determines all of it; `./dev sim` runs a thousand.

#include <cstdint>
#include <string>
#include <vector>

#include "lab/sim/simulator.h"

namespace scaler::sim {

/// A scenario of some hours: any kind of arrivals, service, policy and triggers, and every fault.
/// Arrivals and faults end together; the time after that is enough for everything to come to rest.
Scenario random_scenario(std::uint64_t seed);
/// The same on a group of instances, which this program drives.
Scenario random_group_scenario(std::uint64_t seed);

enum class Invariant {
  NothingLost,      ///< every message was processed, dead-lettered with a cause, or is still there
  NoBusyTaskStops,  ///< under `idle` and `protected`, beyond races that no look can exclude
  Bounds,           ///< no change leads out of, or further out of, tasks_min..tasks_max
  NoCountFalls,     ///< no scale-out lowers a count that has stood for a second
  NotBlind,         ///< no scale-in after a look at the queue that failed
  Drains,           ///< at the end the queue is empty, or the count is at its maximum
  ReachesZero,      ///< at the end of an empty queue's quiet the count is at its minimum
  NoOscillation,    ///< in the quiet no scale-out follows a scale-in
  NoBusyInstanceEnds,  ///< none while a task on it has not stopped, but for Spot
  InstanceBounds,      ///< the group's size is raised to its maximum at most, and not below its
                       ///< minimum or that of the policy
  InstancesEnd,        ///< in that quiet none without tasks stays above the minimum
};
inline constexpr std::size_t kInvariants = static_cast<std::size_t>(Invariant::InstancesEnd) + 1;
/// "nothing_lost", ...
std::string_view to_string(Invariant invariant);

struct Violation {
  Invariant invariant = Invariant::NothingLost;
  std::string what = {};  ///< for people, with the numbers
};

struct Trial {
  Run run = {};
  std::vector<Violation> violations = {};
  std::uint64_t journal = 0;  ///< a hash (FNV-1a) over the lines of all passes
};

/// Runs the scenario under this program's passes, or a broken variant of them.
Trial try_passes(const Scenario& scenario, std::uint64_t seed, const RunPass& pass = run_pass);
/// The same under any scaler.
Trial try_scaler(const Scenario& scenario, std::uint64_t seed, Scaler& scaler);

}  // namespace scaler::sim
