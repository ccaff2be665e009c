#pragma once
// Time as data. Instant is wall time (UTC, milliseconds) because state outlives a process and is
// compared with AWS's own times; Deadline is steady time and bounds waiting inside net. The two
// never meet.

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

#include "ground/base/result.h"

namespace scaler {

using Duration = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Duration>;
using Deadline = std::chrono::steady_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;
  /// Steady time: what has passed, whatever the wall clock is set to.
  virtual Deadline steady() const;
  /// Waits until `instant` or until a stop is requested; true when the instant was reached.
  virtual bool wait_until(Instant instant, const std::stop_token& stop) = 0;
};

/// The machine's clock: the only place that reads wall time.
Clock& system_clock();

/// A steady deadline that far from this moment.
Deadline after(Duration duration);

/// RFC 3339 in UTC: "2026-11-23T12:00:00Z", with ".123" only when there are milliseconds.
std::string format_instant(Instant instant);

constexpr double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
constexpr double in_hours(Duration duration) {
  return std::chrono::duration<double, std::ratio<3600>>(duration).count();
}

/// Reads RFC 3339 with "Z" or a numeric offset and any number of fraction digits (cut to
/// milliseconds). Errors: Malformed, quoting the text.
Result<Instant> parse_instant(std::string_view text);

/// For people: "250 ms", "8.4 s", "2 min", "1 h 30 min".
std::string format_duration(Duration duration);

}  // namespace scaler
