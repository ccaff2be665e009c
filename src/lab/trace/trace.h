#pragma once
// Traces: what really arrived, read from the files that people have: CSV, what CloudWatch and
// Prometheus answer, or this program's own journal of passes; each of them also packed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "lab/sim/arrivals.h"
#include "scaler/core/observation.h"

namespace scaler::trace {

enum class Format { Csv, Records, CloudWatch, Prometheus, Journal };
/// "CSV", "JSON records", "CloudWatch metric data", "Prometheus range query", "journal".
std::string_view to_string(Format format);

/// One pass of a journal: what was seen, and what was made of it.
struct JournalPass {
  Observation observation = {};
  std::int64_t desired = 0;  ///< after the pass
};

struct Trace {
  Format format = Format::Csv;
  std::vector<sim::TraceInterval> intervals = {};  ///< in order, without overlap; never empty
  Duration typical = {};                           ///< the length of most intervals
  std::vector<std::string> remarks = {};  ///< what was taken, repaired or assumed, for people
  std::vector<JournalPass> passes = {};   ///< of a journal, in order

  Instant begin() const { return intervals.front().begin; }
  Instant end() const { return intervals.back().begin + intervals.back().length; }
  double messages() const;
};

struct ReadOptions {
  /// What one message takes: a journal tells counts, and messages that came and went between two
  /// passes are estimated with it. Zero: not known, they are missed.
  Duration work_time = Duration(0);
  /// The column, metric or series that counts what arrived, of a journal the service; empty: its
  /// name must tell.
  std::string column = {};
};

inline constexpr double kMessagesPerInterval = 1e9;
inline constexpr std::size_t kRowsLimit = 10'000'000;
/// Of a file, packed and unpacked. Whoever reads a file for read() need not read more.
inline constexpr std::size_t kBytesLimit = 256'000'000;

/// Reads a whole file, packed with gzip or zstd or not at all. Rows may come in any order, twice,
/// with gaps; what is done about it stands in the remarks (docs/traces.md says what is done when).
/// Errors: Malformed, with the line where it stands, what stands there and what would be right.
Result<Trace> read(std::string_view bytes, const ReadOptions& options = {});

/// The part of the trace before (or from) `at`; an interval that contains it is cut in two.
Trace before(const Trace& trace, Instant at);
Trace from(const Trace& trace, Instant at);

}  // namespace scaler::trace
