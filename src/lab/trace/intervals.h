#pragma once
// Rows of a trace, in any order, become intervals. Of the readers only.

#include <cstdint>
#include <span>
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
  double behind = 0;        ///< so many came at least in the gap behind it, if there is one
};

/// What a row that is not there says.
enum class Missing {
  Told,  ///< by the values: who counts events (1, but never 0) writes no row where there was none
  CloudWatch,  ///< nothing was sent: it keeps no value then
  Events,      ///< nothing was there: each row is a message
  Unknown
};

struct Rows {
  std::vector<Row> rows = {};
  std::vector<Instant> empty = {};  ///< of these something stands there, but no value
  Missing missing = Missing::Told;
  Duration single = std::chrono::minutes(5);  ///< what a row stands for that is the only one
  /// So much of the time in front of a gap and behind it are its neighbours; zero: a row each.
  Duration near = {};
};

/// Gaps of a kind.
struct Gaps {
  std::int64_t count = 0;
  Duration length = {};
  void add(Duration more);
  /// "2 gaps (3 min in all) are".
  std::string told() const;
};

/// Whether the next row is so far away that some are missing: farther than is typical, and not as
/// regularly as where rows are coarser.
bool is_gap_behind(std::span<const Row> rows, std::size_t i, Duration typical);

/// Sorts, drops copies, adds up what stands at the same time, and gives each row its length: until
/// the next one, but in a gap no longer than is typical. What was not told is filled. Of rows there
/// is one at least.
void fill_intervals(Trace& trace, Rows rows);

}  // namespace scaler::trace
