#pragma once
// Rows of a trace, in any order, become intervals. Of the readers only.

#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "lab/trace/trace.h"

namespace scaler::trace {

inline constexpr Duration kHour = std::chrono::hours(1);
inline constexpr Duration kDay = std::chrono::hours(24);

struct Row {
  Instant at = {};
  double messages = 0;
  Duration length = {};     ///< zero: not told; until the next row
  std::size_t copy_of = 0;  ///< differs where rows of one time are of different queues
};

struct Rows {
  std::vector<Row> rows = {};
  std::vector<Instant> empty = {};  ///< of these something stands there, but no value
  /// Whoever wrote the rows leaves out those without messages: CloudWatch does. Otherwise the
  /// values tell.
  bool missing_is_zero = false;
  Duration single = std::chrono::minutes(5);  ///< what a row stands for that is the only one
};

/// Sorts, drops copies, adds up what stands at the same time, and gives each row its length: until
/// the next one, but in a gap no longer than is typical. What was not told is filled. Of rows there
/// is one at least.
void fill_intervals(Trace& trace, Rows rows);

/// Of a counter's values, in order of time, what came in between: how much it grew, or its value
/// where it began anew.
void take_differences(std::vector<Row>& rows);

}  // namespace scaler::trace
