#pragma once
// Decision: what to do and why. The steps are the one explanation that log, metrics, report,
// command line and tests all read. A step keeps numbers; its note is written only when somebody
// asks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ground/base/clock.h"

namespace scaler {

enum class Action { ScaleOut, ScaleIn, Hold };

/// The rules, in the order in which decide() uses them.
enum class Rule {
  Backlog,        ///< the messages that count, and the tasks that they need
  Activation,     ///< from zero
  Idle,           ///< to zero
  Partial,        ///< a queue could not be read: scale-out only
  Blind,          ///< no queue could be read
  Tolerance,      ///< too small a change
  Stabilization,  ///< the envelope of the recommendations
  Busy,           ///< tasks that may be working
  Deployment,
  Budget,  ///< so many tasks or percent a period
  Cooldown,
  Shortage,  ///< tasks that do not start
  Bounds,
  Quota,     ///< a count that ECS has refused
  Override,  ///< what people said
  Trigger,   ///< what the pass may do at all
};

/// What a step says. What its numbers mean, its rule and its note: scaler/core/reasons.cc.
enum class Reason {
  FixedTarget,
  MessagesPerTask,
  NoBacklog,
  Activated,
  BelowActivation,
  InFlightAlone,
  IdleConfirmed,
  IdleUnconfirmed,
  NotEmpty,
  QueueUnreadable,
  QueueGone,
  QueueGoneForLong,
  BlindHold,
  BlindFallback,
  WithinTolerance,
  HigherNeedInWindow,
  LowerNeedInWindow,
  NothingKnown,
  NothingKnownInWindow,
  OldLooks,
  FixedTargetKept,
  MessagesInFlight,
  TasksNeededInFlight,
  TasksProtected,
  DeploymentInProgress,
  DeploymentWithoutEnd,
  ServiceNotActive,
  DaemonService,
  BudgetDisabled,
  BudgetSpent,
  BudgetLimited,
  BudgetWake,
  CoolingDownOut,
  CoolingDownIn,
  CapacityShortage,
  CapacityShortageHold,
  BelowMinimum,
  AboveMaximum,
  AboveMaximumButBusy,
  BacklogGrowsAtMaximum,
  RefusedTriedSmaller,
  RefusedHold,
  RefusedLastTry,
  Paused,
  PausedByTag,
  ManualHold,
  ScaleInPaused,
  ScaleOutPaused,
  ScaleOutOnly,
  ChangedMeanwhile,
  LookedTooLong,
  NoInstanceYet,
  Count,  ///< how many there are; no reason
};

inline constexpr std::size_t kStepNumbers = 6;

struct Step {
  Reason reason = Reason::NoBacklog;
  std::int64_t tasks = 0;                               ///< the proposal after this rule
  std::array<std::int64_t, kStepNumbers> numbers = {};  ///< what the reason tells, in its order
  bool operator==(const Step&) const = default;
};

/// Up to kCapacity steps in place: a decision allocates nothing, and neither zeroes nor copies more
/// than the steps that it has, which are few.
class Steps {
 public:
  static constexpr std::size_t kCapacity = 20;

  Steps() {}
  Steps(const Steps& other) { *this = other; }
  Steps& operator=(const Steps& other) {
    size_ = other.size_;
    std::uninitialized_copy_n(other.begin(), size_, steps_.data());
    return *this;
  }
  ~Steps() = default;

  void add(const Step& step);
  std::size_t size() const { return size_; }
  const Step* begin() const { return steps_.data(); }
  const Step* end() const { return steps_.data() + size_; }
  const Step& back() const { return steps_.at(size_ - 1); }

 private:
  union {
    std::array<Step, kCapacity> steps_;
  };
  std::size_t size_ = 0;
};

struct Decision {
  Action action = Action::Hold;
  std::int64_t desired = 0;  ///< tasks
  std::int64_t demand = 0;   ///< tasks: the unlimited need
  std::int64_t before = 0;   ///< tasks: the desired count that was seen
  Instant at = {};
  bool empty = false;     ///< every queue was read and held nothing at all
  bool blind = false;     ///< no queue could be read
  bool partial = false;   ///< some queue could not be read
  bool starting = false;  ///< fewer tasks run than are desired
  bool shortage = false;  ///< and have been for shortage_after
  bool deploying = false;
  std::optional<Instant> deploying_since = {};  ///< as it was seen
  bool stray = false;        ///< at zero, and nothing but messages in flight is seen
  bool kept = false;         ///< messages in flight keep tasks beyond the need
  bool full = false;         ///< at the maximum, with a backlog
  bool late = false;         ///< a scale-in is withheld because looks take too long
  std::int64_t gone = 0;     ///< queues that do not exist
  std::int64_t counted = 0;  ///< messages that the policy counts
  /// Tasks beyond `desired` that were decided and wait until an instance has room for them.
  std::int64_t waiting = 0;
  /// Tasks that scale-in windows are to remember: the need within the bounds, or what is busy.
  std::int64_t occupied = 0;
  Duration look_every = {};
  Duration tick = {};
  Duration gap = {};  ///< since the look before; zero when it is not known
  Steps steps = {};
};

/// What became of a decision.
enum class Outcome {
  Held,
  Applied,
  Failed,
  Waiting,  ///< decided, but there was no slot for it under the services' rates
};

/// "scale_out", "scale_in", "hold"; "backlog", "idle", ...
std::string_view to_string(Action action);
std::string_view to_string(Rule rule);

/// The rule that gives this reason.
Rule rule_of(Reason reason);

/// The step's note for people: "95 visible + 5 in flight = 100 messages; 10 per task -> 10".
std::string explain(const Step& step);

}  // namespace scaler
