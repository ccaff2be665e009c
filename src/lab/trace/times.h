#pragma once
// The moments of rows, as people and programs write them.

#include <string_view>

#include "ground/base/clock.h"

namespace scaler::trace {

struct ReadMoment {
  Instant at = {};
  bool zoned = false;      ///< its zone stands there, or it is a Unix time; else it is taken as UTC
  bool date_only = false;  ///< it has no time of the day
};

/// RFC 3339; a date with or without time and zone, year first or "23.11.2026"; Unix seconds,
/// milli-, micro- or nanoseconds. Errors: Malformed, quoting the text, with what would be right.
Result<ReadMoment> parse_moment(std::string_view text);

/// A moment that a number tells, as above; nothing when it is none.
Result<Instant> unix_time(double number);

}  // namespace scaler::trace
