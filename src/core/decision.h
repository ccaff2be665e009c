#pragma once
// Decision: what to do and why. The steps are the one explanation that log, metrics, report,
// command line and tests all read. A step keeps numbers; its note is written only when somebody
// asks.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace scaler {

enum class Action { ScaleOut, ScaleIn, Hold };

/// The rules, in the order in which decide() uses them.
enum class Rule {
  Backlog,        ///< the messages that count, and the tasks that they need
  Demand,         ///< the tasks that the arrivals need
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
  Override,  ///< what people said
  Trigger,   ///< what the pass may do at all
};

/// What a step says; the meaning of Step::numbers goes with it (core/explain.cc). Durations among
/// them are milliseconds.
enum class Reason {
  FixedTarget,
  MessagesPerTask,
  NoBacklog,
  ArrivalFloor,
  Activated,
  BelowActivation,
  IdleConfirmed,
  IdleUnconfirmed,
  NotEmpty,
  QueueUnreadable,
  BlindHold,
  BlindFallback,
  WithinTolerance,
  HigherNeedInWindow,
  LowerNeedInWindow,
  NothingKnownInWindow,
  MessagesInFlight,
  TasksNeededInFlight,
  TasksProtected,
  DeploymentInProgress,
  ServiceNotActive,
  DaemonService,
  BudgetDisabled,
  BudgetSpent,
  BudgetLimited,
  BudgetWake,
  CoolingDownOut,
  CoolingDownIn,
  NothingKnownOfScaleIns,
  CapacityShortage,
  CapacityShortageHold,
  BelowMinimum,  ///< the third number of these: a schedule's place + 1; then its window
  AboveMaximum,
  AboveMaximumButBusy,
  Paused,
  ManualHold,
  ScaleInPaused,
  ScaleOutPaused,
  ScaleOutOnly,
  ChangedMeanwhile,
  LookedTooLong,  ///< the milliseconds that the second look took
};

struct Step {
  Rule rule = Rule::Backlog;
  Reason reason = Reason::NoBacklog;
  std::int64_t tasks = 0;                    ///< the proposal after this rule
  std::array<std::int64_t, 5> numbers = {};  ///< what the reason tells, in its order
  bool operator==(const Step&) const = default;
};

/// Up to kCapacity steps in place: a decision allocates nothing.
class Steps {
 public:
  static constexpr std::size_t kCapacity = 16;

  void add(const Step& step);
  std::size_t size() const { return size_; }
  const Step* begin() const { return steps_.data(); }
  const Step* end() const { return steps_.data() + size_; }
  const Step& back() const { return steps_.at(size_ - 1); }

 private:
  std::array<Step, kCapacity> steps_ = {};
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
  Steps steps = {};
};

/// What became of a decision.
enum class Outcome { Held, Applied, Failed };

/// "scale_out", "scale_in", "hold"; "backlog", "idle", ...
std::string_view to_string(Action action);
std::string_view to_string(Rule rule);

/// The step's note for people: "95 visible + 5 in flight = 100 messages; 10 per task -> 10".
std::string explain(const Step& step);

}  // namespace scaler
