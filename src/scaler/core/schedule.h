#pragma once
// Schedules: other bounds at certain hours. The zone is loaded when a schedule is made, so that
// asking it is pure: no file, no clock, no allocation.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "scaler/core/cron.h"

namespace scaler {

/// The longest time that a policy may name.
inline constexpr Duration kDurationLimit = std::chrono::hours(24 * 14);

/// The fields of one schedule, unchecked.
struct ScheduleOptions {
  std::string cron = {};          ///< when a window starts, in local time
  Duration duration = {};         ///< how long it lasts, as time passes (not as clocks show)
  std::string time_zone = "UTC";  ///< IANA's name
  std::optional<std::int64_t> tasks_min = {};  ///< default: the policy's own
  std::optional<std::int64_t> tasks_max = {};  ///< default: the policy's own
  bool operator==(const ScheduleOptions&) const = default;
};

class Schedule {
 public:
  /// Errors: Malformed, naming the member, its value and what would be right, all of them together;
  /// `path` stands before each. Also when the machine has no time zone database.
  static Result<Schedule> create(const ScheduleOptions& options, const std::string& path);

  struct Window {
    Instant since = {};
    Instant until = {};
    bool operator==(const Window&) const = default;
  };
  /// The window in force, if there is one: the one that started last. A start that the clocks skip
  /// is when they have been set forward; one that they show twice is the first of the two.
  std::optional<Window> in_force(Instant at) const;

 private:
  struct Zone;
  Schedule(const Cron& cron, Duration duration, std::shared_ptr<const Zone> zone);

  Cron cron_;
  Duration duration_;
  std::shared_ptr<const Zone> zone_;
};

}  // namespace scaler
