#pragma once
// The readers of the formats. trace.h chooses among them.

#include <string_view>

#include "lab/trace/trace.h"

namespace scaler::trace {

/// How errors number the rows: "line 4".
struct RowNumbers {
  std::string_view kind = "line";
  std::size_t front = 0;  ///< so many lines of the text have no number
  std::string of(std::size_t line) const;
};

/// "timestamp,value" and what else stands there; a header is optional.
Result<Trace> read_csv(std::string_view text, const ReadOptions& options,
                       const RowNumbers& numbers = {});
/// JSON objects with a time and a value, listed or one a line, and what CloudWatch Logs answers,
/// which may hold this program's own log.
Result<Trace> read_records(std::string_view text, const ReadOptions& options);
/// What get-metric-data or get-metric-statistics prints. One document or several after each other
/// (pages); timestamps in any order.
Result<Trace> read_cloudwatch(std::string_view text, const ReadOptions& options);
/// The answer of /api/v1/query_range, or the list of series that promtool prints.
Result<Trace> read_prometheus(std::string_view text, const ReadOptions& options);
/// Log lines of which those that hold a pass record count; others are passed over.
Result<Trace> read_journal(std::string_view text, const ReadOptions& options);

/// Of a cell that cannot be read, so much is quoted.
inline constexpr std::size_t kQuoted = 40;

/// Nothing, when the text may be one of these. Errors: Malformed, saying what it is instead.
Result<void> check_text(std::string_view text);

/// The lines of a text, without their ends.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  /// False at the end.
  bool next();
  std::string_view line() const { return line_; }
  std::size_t number() const { return number_; }  ///< from 1

 private:
  std::string_view rest_;
  std::string_view line_ = {};
  std::size_t number_ = 0;
};

/// Without blanks at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace scaler::trace
