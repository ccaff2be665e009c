#pragma once
// The first rows of a CSV text, and what their cells could be. Of the choice of columns only.

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "lab/trace/numbers.h"
#include "lab/trace/table.h"

namespace scaler::trace {

using Cells = std::vector<std::string>;

inline constexpr std::array<std::string_view, 12> kTimeNames{
    "timestamp", "datetime", "time",  "date", "at",        "ts",
    "bucket",    "start",    "begin", "when", "starttime", "createdat"};
/// What the first rows hold.
struct Sample {
  Cells header = {};
  std::vector<Cells> rows = {};
  std::size_t columns = 0;
  std::size_t front = 0;  ///< lines in front of the data, the header's included

  template <typename Test>
  bool any(std::size_t column, const Test& test) const {
    return std::ranges::any_of(
        rows, [&](const Cells& row) { return column < row.size() && test(row.at(column)); });
  }

  /// Of the cells with something in them, of which there must be one.
  template <typename Test>
  bool all(std::size_t column, const Test& test) const {
    const auto holds = [](const std::string& cell) { return !is_gap(cell); };
    return any(column, holds) &&
           !any(column, [&](const std::string& cell) { return holds(cell) && !test(cell); });
  }
};

Sample sample_of(std::string_view text);

/// Of a column; without a header its number.
std::string name_of(const Sample& sample, std::size_t column);
/// "timestamp (UTC)" -> "timestamp".
std::string time_name(std::string_view name);
/// How many rows there are that differ in their time or in these columns.
std::size_t kinds_of(const Sample& sample, const Columns& columns,
                     const std::vector<std::size_t>& labels);

bool begins_with_digit(std::string_view cell);
/// Also one that is no number of messages: "-3". No date, and no address ("10.0.0.1").
bool is_number(std::string_view cell);
bool is_time(const std::string& cell);
/// No Unix time, which could be a number of anything.
bool is_date(const std::string& cell);
/// A time of the day: "9:05".
bool is_clock(const std::string& cell);

/// Finds the time of the day where it is a column beside the date. Errors: Malformed, where rows
/// of several times would be taken for those of one.
Result<void> find_clock(const Sample& sample, Columns& columns);

}  // namespace scaler::trace
