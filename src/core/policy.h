#pragma once
// Policy: what may be done with one service. Policy::create is the only way to one, so a bad policy
// cannot exist where decisions are made.

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/result.h"

namespace scaler {

enum class Mode {
  Fixed,    ///< backlog > 0 -> scale_up_target
  Backlog,  ///< backlog / backlog_per_task, rounded up
};

/// When running tasks may be stopped.
enum class ScaleInWhen {
  Idle,  ///< only while no message is in flight
  Any,   ///< always, but never below the tasks that the messages in flight need
};

/// ECS's own limit of tasks per service; also the highest count that a policy may name.
inline constexpr std::int64_t kTasksLimit = 5000;
inline constexpr std::int64_t kMessagesLimit = 1'000'000'000;
inline constexpr Duration kDurationLimit = std::chrono::hours(24 * 14);

/// The fields of a policy, unchecked. config/settings.cc holds their texts, units and ranges for
/// people.
struct PolicyOptions {
  Mode mode = Mode::Fixed;
  std::int64_t scale_up_target = 1;       ///< tasks; mode fixed
  std::int64_t backlog_per_task = 0;      ///< messages/task; mode backlog needs it
  std::int64_t concurrency_per_task = 1;  ///< messages that one task works on at a time
  bool count_in_flight = true;
  bool count_delayed = false;
  std::int64_t activation_backlog = 1;  ///< messages
  std::int64_t tasks_min = 0;
  std::optional<std::int64_t> tasks_max =
      {};  ///< default: the target (fixed), kTasksLimit (backlog)
  Duration scale_down_threshold = std::chrono::minutes(2);
  std::int64_t zero_confirmations = 2;  ///< observations
  Duration scale_in_cooldown = Duration::zero();
  Duration scale_out_cooldown = Duration::zero();
  ScaleInWhen scale_in_when = ScaleInWhen::Idle;
  std::optional<std::int64_t> fallback_tasks = {};
  std::int64_t failures_before_fallback = 3;  ///< passes
  bool paused = false;
  bool scale_in_paused = false;
  bool scale_out_paused = false;
};

class Policy {
 public:
  /// Errors: Malformed, naming the field, its value and the range.
  static Result<Policy> create(const PolicyOptions& options);

  const PolicyOptions* operator->() const { return &options_; }
  std::int64_t tasks_max() const { return *options_.tasks_max; }

 private:
  explicit Policy(const PolicyOptions& options) : options_(options) {}

  PolicyOptions options_;
};

}  // namespace scaler
