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

/// In which order day and month stand where the year is last: "11/23/2026".
enum class DateOrder { Unknown, DayFirst, MonthFirst };

/// Finds the order out of all cells of a column: one that can be no month, or else the order in
/// which the days follow each other.
class DateOrders {
 public:
  void see(std::string_view cell);
  DateOrder order() const;

 private:
  struct Span {
    bool good = true;  ///< all cells can be read so
    Instant first = Instant::max();
    Instant last = Instant::min();
  };
  static void look(std::string_view cell, DateOrder order, Span& span);

  Span day_first_ = {};
  Span month_first_ = {};
};

/// Whether the order matters for it.
bool order_is_open(std::string_view text);

/// RFC 3339; a date with or without time and zone, year first or last; Unix seconds, milli-, micro-
/// or nanoseconds. Errors: Malformed, quoting the text, with what would be right.
Result<ReadMoment> parse_moment(std::string_view text, DateOrder order = DateOrder::Unknown);

/// A moment that a number tells, as above; nothing when it is none.
Result<Instant> unix_time(double number);

}  // namespace scaler::trace
