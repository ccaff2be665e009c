#pragma once
// The readers of the three formats. trace.h chooses among them.

#include <string_view>

#include "lab/trace/trace.h"

namespace scaler::trace {

Result<Trace> read_csv(std::string_view text);
/// One document or several after each other (pages); timestamps in any order. Of several metrics
/// the one labelled NumberOfMessagesSent.
Result<Trace> read_cloudwatch(std::string_view text);
/// Log lines of which those that hold a pass record count; others are passed over.
Result<Trace> read_journal(std::string_view text, const ReadOptions& options);

/// A date with or without time, RFC 3339, or a Unix time in seconds or milliseconds.
Result<Instant> parse_timestamp(std::string_view text);

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
