#pragma once
// Cron: when something starts, as the five fields of crontab(5): minute, hour, day of the month,
// month, day of the week. It knows local time only; scaler/core/schedule.h knows the zone.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ground/base/result.h"

namespace scaler {

using LocalMinutes = std::chrono::local_time<std::chrono::minutes>;

class Cron {
 public:
  /// Each field is "*", a value, a range "1-5", either with a step "*/15", or a list of these;
  /// months and days of the week also by their first three letters; Sunday is 0 or 7. When neither
  /// day field begins with "*", a day that suits one of them suits. Errors: Malformed, naming the
  /// field, what stands there and what would be right; also for a day that never comes.
  static Result<Cron> parse(std::string_view text);

  /// The latest start at or before `until`, if there is one within so many days before it.
  std::optional<LocalMinutes> latest(LocalMinutes until, std::chrono::days within) const;

  bool operator==(const Cron&) const = default;

 private:
  bool matches(std::chrono::local_days day) const;
  /// The latest matching minute of a day, at or before `limit`.
  std::optional<int> latest_minute(int limit) const;
  bool ever_comes() const;

  // One bit a value.
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t weekdays_ = 0;  ///< 0 is Sunday; never 7
  bool any_day_ = false;        ///< the day of the month begins with "*"
  bool any_weekday_ = false;
};

}  // namespace scaler
