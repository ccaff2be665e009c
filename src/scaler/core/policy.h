#pragma once
// Policy: what may be done with one service. Policy::create is the only way to one, so a bad policy
// cannot exist where decisions are made.

#include <cstdint>
#include <optional>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "scaler/core/arithmetic.h"
#include "scaler/core/schedule.h"

namespace scaler {

enum class Mode {
  Fixed,    ///< backlog > 0 -> scale_up_target
  Backlog,  ///< backlog / backlog_per_task, rounded up
  Latency,  ///< as Backlog, with the backlog that one task works off within target_latency
};

/// How the backlogs of several queues become one.
enum class Combine { Sum, Max };

/// When running tasks may be stopped. Tasks under ECS scale-in protection never are.
enum class ScaleInWhen {
  Idle,       ///< only while no message is in flight
  Protected,  ///< workers protect themselves: not below the protected or the busy count
  Any,        ///< always, but not below the tasks that the messages in flight need
};

/// What becomes of the instances under the tasks.
enum class Capacity {
  Follow,  ///< AWS drives them; a wake from none asks for the first at once
  Own,     ///< this program drives the Auto Scaling group
  Off,     ///< they are not looked at
};

/// Which comes first when tasks need instances that are not there yet. Capacity::Own only.
enum class CapacityOrder {
  TasksFirst,      ///< the desired count is set at once; ECS places the tasks when there is room
  InstancesFirst,  ///< the desired count is set as instances have room
};

/// Which of a budget's limits decides.
enum class BudgetSelect {
  Max,       ///< the one that allows the largest change
  Min,       ///< the one that allows the smallest change
  Disabled,  ///< no change in this direction at all
};

/// "At most so many tasks, or so many percent, within a period" (HPA's scaling policies).
struct BudgetLimit {
  enum class Unit { Tasks, Percent };

  Unit unit = Unit::Tasks;
  std::int64_t amount = 1;  ///< tasks, or percent of the count at the period's start
  Duration period = std::chrono::minutes(1);
  bool operator==(const BudgetLimit&) const = default;
};

/// Without limits there is no limit.
struct Budget {
  BudgetSelect select = BudgetSelect::Max;
  std::vector<BudgetLimit> limits = {};
  bool operator==(const Budget&) const = default;
};

/// ECS's own limit of tasks per service; also the highest count that a policy may name.
inline constexpr std::int64_t kTasksLimit = 5000;
inline constexpr std::int64_t kMessagesLimit = 1'000'000'000;
/// Of one queue among several.
inline constexpr double kWeightMin = 0.001;
inline constexpr double kWeightMax = 1000;
/// Of one Auto Scaling group.
inline constexpr std::int64_t kInstancesLimit = 10'000;
inline constexpr std::int64_t kPercentLimit = 1'000'000;
inline constexpr Duration kPeriodLimit = std::chrono::hours(24);
inline constexpr std::size_t kSchedulesLimit = 100;

/// The fields of a policy, unchecked. scaler/core/policy_fields.h holds their names, units and
/// ranges.
struct PolicyOptions {
  Mode mode = Mode::Fixed;
  std::int64_t scale_up_target = 1;                    ///< tasks; mode fixed
  std::optional<std::int64_t> backlog_per_task = {};   ///< messages; mode backlog needs it
  std::optional<Duration> target_latency = {};         ///< mode latency needs it
  std::optional<Millionths> seconds_per_message = {};  ///< mode latency needs it
  std::int64_t concurrency_per_task = 1;  ///< messages that one task works on at a time
  bool count_in_flight = true;
  bool count_delayed = false;
  Combine combine = Combine::Sum;
  std::int64_t activation_backlog = 1;  ///< messages
  std::int64_t tasks_min = 0;
  std::optional<std::int64_t> tasks_max = {};  ///< default: the target (fixed), else kTasksLimit
  Duration scale_down_threshold = std::chrono::minutes(2);
  std::int64_t zero_confirmations = 2;  ///< observations
  Millionths tolerance = {};            ///< of the desired count
  Duration scale_in_window = Duration::zero();
  Duration scale_out_window = Duration::zero();
  Duration scale_in_cooldown = Duration::zero();
  Duration scale_out_cooldown = Duration::zero();
  ScaleInWhen scale_in_when = ScaleInWhen::Idle;
  /// Messages in flight count for so long after they were seen: SQS's counts dip for up to a
  /// minute.
  Duration busy_window = std::chrono::minutes(1);
  Duration deployment_hold = std::chrono::hours(1);  ///< a rollout holds a scale-in for so long
  Budget scale_out_budget = {};
  Budget scale_in_budget = {};
  std::vector<ScheduleOptions> schedules = {};
  std::optional<std::int64_t> fallback_tasks = {};
  std::int64_t failures_before_fallback = 3;  ///< passes
  Duration shortage_after = std::chrono::minutes(10);
  bool hold_on_shortage = false;
  Duration manual_hold = Duration::zero();
  Capacity capacity = Capacity::Follow;
  CapacityOrder capacity_order = CapacityOrder::TasksFirst;
  Duration instance_idle = std::chrono::seconds(60);  ///< without a task, then it is drained
  std::int64_t instance_min = 0;                      ///< instances
  std::optional<std::int64_t> instance_tasks = {};    ///< tasks that one instance holds at most
  bool paused = false;
  bool scale_in_paused = false;
  bool scale_out_paused = false;
};

/// What the count must lie within, and which schedule says so.
struct Bounds {
  std::int64_t tasks_min = 0;
  std::int64_t tasks_max = kTasksLimit;
  /// A schedule's place in PolicyOptions::schedules, and its window.
  struct Source {
    std::size_t schedule = 0;
    Schedule::Window window = {};
  };
  std::optional<Source> min_from = {};  ///< nothing: the policy's own tasks_min
  std::optional<Source> max_from = {};
};

class Policy {
 public:
  /// Errors: Malformed, naming every field that is wrong, its value and the range.
  static Result<Policy> create(const PolicyOptions& options);

  const PolicyOptions* operator->() const { return &options_; }
  std::int64_t tasks_max() const { return tasks_max_; }

  /// The bounds in force: the policy's own, or within the windows of schedules theirs. Of several
  /// windows the highest minimum counts, and the highest maximum.
  Bounds bounds_at(Instant at) const;

  /// Modes backlog and latency: the messages that one task stands for, as the exact ratio
  /// messages() / tasks().
  struct MessagesPerTask {
    std::int64_t messages = 1;
    std::int64_t tasks = 1;
  };
  const MessagesPerTask& messages_per_task() const { return messages_per_task_; }

  /// How far back a scale-in looks: never less than the busy window.
  Duration scale_in_window() const;
  /// How long a recommendation, and a change, is looked at by any rule.
  Duration longest_window() const;
  Duration longest_period() const { return longest_period_; }

 private:
  Policy(const PolicyOptions& options, std::vector<Schedule> schedules);

  PolicyOptions options_;
  std::vector<Schedule> schedules_;
  std::int64_t tasks_max_ = 1;
  MessagesPerTask messages_per_task_ = {};
  Duration longest_period_ = Duration::zero();
};

}  // namespace scaler
