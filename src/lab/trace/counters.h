#pragma once
// Values that count up: all that ever came, not what came in the time of a row. Of the readers
// only.

#include <optional>
#include <string>
#include <vector>

#include "lab/trace/intervals.h"

namespace scaler::trace {

/// The rows of counters, of which each has a label (copy_of) of its own.
struct Counters {
  std::vector<Row> rows = {};  ///< by label, then by time; none is a copy
  std::size_t labels = 0;
  std::size_t rises = 0;  ///< so often a label's next value is larger
  std::size_t falls = 0;
  std::optional<Instant> two_values = {};  ///< of this time one label has two

  /// A counter falls only where its program begins anew.
  bool count_up() const { return !two_values && falls * 20 <= rises && rises > 0; }
};
Counters counters_of(std::vector<Row> rows);

/// What came between the values of each counter: how much it grew, or its value where it began
/// anew. It is spread evenly over the time between the two, also over a gap, which is told.
std::vector<Row> growth_of(const Counters& counters, std::vector<std::string>& remarks);

}  // namespace scaler::trace
