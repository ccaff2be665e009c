// CSV: timestamp and value, with or without a header.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "lab/trace/formats.h"
#include "lab/trace/intervals.h"

namespace scaler::trace {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string_view unquoted(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = trimmed(cell.substr(1, cell.size() - 2));
  }
  return cell;
}

std::vector<std::string_view> cells_of(std::string_view line, char separator) {
  std::vector<std::string_view> cells;
  while (true) {
    const std::size_t at = line.find(separator);
    cells.push_back(unquoted(line.substr(0, at)));
    if (at == std::string_view::npos) {
      return cells;
    }
    line.remove_prefix(at + 1);
  }
}

char separator_of(std::string_view line) {
  for (const char separator : {';', '\t'}) {
    if (line.find(separator) != std::string_view::npos) {
      return separator;
    }
  }
  return ',';
}

/// Where the two columns stand.
struct Columns {
  char separator = ',';
  std::size_t at = 0;
  std::size_t value = 1;
};

template <std::size_t Count>
std::optional<std::size_t> find_name(const std::vector<std::string_view>& cells,
                                     const std::array<std::string_view, Count>& names) {
  for (const std::string_view name : names) {
    const auto found = std::ranges::find(cells, name, lower_case);
    if (found != cells.end()) {
      return static_cast<std::size_t>(found - cells.begin());
    }
  }
  return std::nullopt;
}

/// A header tells by name where the columns are; unknown names are the first and second.
void read_header(const std::vector<std::string_view>& cells, Columns& columns) {
  constexpr std::array<std::string_view, 5> kAt{"timestamp", "time", "datetime", "date", "at"};
  constexpr std::array<std::string_view, 7> kValue{
      "value", "numberofmessagessent", "messages", "count", "sum", "arrivals", "requests"};
  columns.at = find_name(cells, kAt).value_or(0);
  columns.value = find_name(cells, kValue).value_or(columns.at == 0 ? 1 : 0);
}

bool is_gap(std::string_view cell) {
  const std::string word = lower_case(cell);
  return word.empty() || word == "nan" || word == "null" || word == "na" || word == "n/a" ||
         word == "-";
}

Result<double> parse_messages(std::string_view cell) {
  const auto value = number_of<double>(cell);
  if (!value || !std::isfinite(*value) || *value < 0 || *value > kMessagesPerInterval) {
    return fail(ErrorKind::Malformed, fmt::format("'{}' is not a number of messages (0 to {:g})",
                                                  cell.substr(0, 40), kMessagesPerInterval));
  }
  return *value;
}

struct CsvRows {
  std::vector<Row> rows = {};
  std::size_t empty_values = 0;
};

Result<void> read_row(const std::vector<std::string_view>& cells, const Columns& columns,
                      CsvRows& rows) {
  const std::size_t needed = std::max(columns.at, columns.value) + 1;
  if (cells.size() < needed) {
    return fail(ErrorKind::Malformed,
                fmt::format("{} columns; a timestamp and a value are needed", cells.size()));
  }
  const Instant at = TRY(parse_timestamp(cells.at(columns.at)));
  if (is_gap(cells.at(columns.value))) {
    ++rows.empty_values;
    return {};
  }
  const auto messages = TRY(parse_messages(cells.at(columns.value)));
  rows.rows.push_back({.at = at, .messages = messages});
  return {};
}

Result<CsvRows> read_rows(std::string_view text) {
  CsvRows rows;
  Columns columns;
  bool first = true;
  Lines lines(text);
  while (lines.next()) {
    const std::string_view line = trimmed(lines.line());
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (first) {
      columns.separator = separator_of(line);
    }
    const std::vector<std::string_view> cells = cells_of(line, columns.separator);
    if (first && !parse_timestamp(cells.front()) && !parse_messages(cells.back())) {
      read_header(cells, columns);
      first = false;
      continue;
    }
    first = false;
    const Result<void> read = read_row(cells, columns, rows);
    if (!read) {
      return fail(ErrorKind::Malformed,
                  fmt::format("line {}: {}", lines.number(), read.error().message));
    }
    if (rows.rows.size() > kRowsLimit) {
      return fail(ErrorKind::Malformed,
                  fmt::format("line {}: more than {} rows", lines.number(), kRowsLimit));
    }
  }
  return rows;
}

}  // namespace

Result<Trace> read_csv(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  CsvRows read = TRY(read_rows(text));
  if (read.rows.empty()) {
    return fail(ErrorKind::Malformed,
                "there is no row with a value; 'timestamp,value' is expected in each line");
  }
  Trace trace{.format = Format::Csv};
  if (read.empty_values > 0) {
    trace.remarks.push_back(
        fmt::format("{} rows have no value (empty or NaN) and count as gaps", read.empty_values));
  }
  fill_intervals(trace, std::move(read.rows));
  return trace;
}

}  // namespace scaler::trace
