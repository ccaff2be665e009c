#pragma once
// Faults: what goes wrong in a simulation, how often, and how often it struck. A fault of a call
// strikes by chance; a fault of the world comes at random moments and passes.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"

namespace scaler::sim {

enum class Fault {
  // Of a single call; FaultPlan::of_call.
  Throttled,        ///< refused before anything happened
  ServerError,      ///< 5xx before anything happened
  TimedOut,         ///< no answer within the deadline; nothing happened
  ResponseLost,     ///< it happened, but no answer came
  StaleCount,       ///< SQS's counts are those of an earlier read
  DuplicateInvoke,  ///< one event is delivered twice, one after the other
  Overlap,          ///< another invocation runs in the middle of this one
  KilledHalfWay,    ///< the invocation ends between two calls; its memory is gone
  LateAnswer,       ///< the call takes up to some seconds longer, others at its side do not
  RefusedStep,      ///< ECS does not accept a count above a limit for a while
  Raised,           ///< a person raises the count between the look and the change
  LaggingTasks,     ///< ECS counts an instance's tasks as they were some seconds ago
  // Of the world; FaultPlan::per_day.
  DippingCounts,     ///< for up to a minute SQS's counts tell too little
  TagMissing,        ///< the saved state is removed
  TagCorrupt,        ///< the saved state is damaged
  ClockJump,         ///< the scaler's clock is wrong for some minutes
  ManualChange,      ///< a person sets the desired count
  Deployment,        ///< a person deploys
  CapacityShortage,  ///< no task can be placed, or no instance launched, for some minutes
  Denied,            ///< the service may not be described for some minutes
  QueueVanishes,     ///< the queue is deleted with all that is in it, and made anew
  NeverRegisters,    ///< the next instance that is launched
  AgentSilent,       ///< of one instance, for some minutes
  ZoneRebalance,     ///< EC2 ends an instance that is not protected
  SpotNotice,        ///< EC2 takes an instance back in two minutes
  WorkerCrash,       ///< ServiceModel::crash_share struck
  PoisonMessage,     ///< ServiceModel::poison_share struck
};
inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::PoisonMessage) + 1;

/// "throttled", "server_error", ...
std::string_view to_string(Fault fault);

/// A fault of a call that strikes at every call of a while.
struct PlannedFault {
  Fault fault = {};
  Duration from = {};   ///< since the scenario's begin
  Duration until = {};  ///< not any more
};

/// What goes wrong: how often by chance, and what at a time that is given.
struct FaultPlan {
  double of_call = 0;                       ///< probability of each fault of a call, at each call
  double per_day = 0;                       ///< mean number of each fault of the world in a day
  std::uint64_t kinds = ~std::uint64_t{0};  ///< bit set of the faults that may strike
  Duration dip_max = std::chrono::seconds(55);  ///< SQS documents a minute; two dips never adjoin
  Duration clock_jump_max = std::chrono::hours(2);  ///< in either direction
  Duration late_max = std::chrono::seconds(4);
  Duration until = Duration::max();  ///< from the scenario's begin; none strikes by chance later
  Duration task_lag_max = std::chrono::seconds(5);
  std::vector<PlannedFault> planned = {};

  bool none() const { return of_call <= 0 && per_day <= 0 && planned.empty(); }
  bool allows(Fault fault) const { return ((kinds >> static_cast<unsigned>(fault)) & 1U) != 0; }
};

/// How often each fault struck.
class FaultCounts {
 public:
  void count(Fault fault) { ++counts_.at(static_cast<std::size_t>(fault)); }
  std::int64_t operator[](Fault fault) const { return counts_.at(static_cast<std::size_t>(fault)); }
  std::int64_t total() const;
  FaultCounts& operator+=(const FaultCounts& other);

 private:
  std::array<std::int64_t, kFaults> counts_ = {};
};

}  // namespace scaler::sim
