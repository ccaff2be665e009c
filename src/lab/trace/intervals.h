#pragma once
// Rows of a trace, in any order, become intervals. Of the readers only.

#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "lab/trace/trace.h"

namespace scaler::trace {

struct Row {
  Instant at = {};
  double messages = 0;
};

/// Sorts, drops copies, adds up what stands at the same time, and gives each row its length: until
/// the next one, but in a gap no longer than is typical. Rows must not be empty.
void fill_intervals(Trace& trace, std::vector<Row> rows);

}  // namespace scaler::trace
