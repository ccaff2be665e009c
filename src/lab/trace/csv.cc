// CSV: a moment and a value in each line, with whatever else stands there.
#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/counters.h"
#include "lab/trace/formats.h"
#include "lab/trace/intervals.h"
#include "lab/trace/local_time.h"
#include "lab/trace/names.h"
#include "lab/trace/numbers.h"
#include "lab/trace/table.h"
#include "lab/trace/times.h"

namespace scaler::trace {
namespace {

constexpr double kRowSecondsMax = 31 * 86'400;

/// How the cells of a file are to be understood.
struct Style {
  NumberStyle numbers = {};
  DateOrder dates = DateOrder::Unknown;
};

struct Read {
  Rows rows = {};
  bool zoned = false;      ///< some row says its zone
  bool with_time = false;  ///< some row has a time of the day
};

/// Cells that lack or are too many; empty ones at the end do no harm.
Result<void> check_width(const std::vector<std::string_view>& cells, const Columns& columns) {
  const std::size_t needed = std::max({columns.at, columns.value, columns.clock.value_or(0)}) + 1;
  if (cells.size() < needed) {
    const auto open = [](std::string_view cell) { return std::ranges::count(cell, '"') % 2 == 1; };
    if (std::ranges::any_of(cells, open)) {
      return fail(ErrorKind::Malformed,
                  "a quotation mark is not closed: a cell stands in one line, between two of them");
    }
    return fail(ErrorKind::Malformed,
                fmt::format("there {} only, but a time and a number of messages are needed",
                            cells.size() == 1 ? "is 1 column"
                                              : fmt::format("are {} columns", cells.size())));
  }
  for (std::size_t i = columns.count; i < cells.size(); ++i) {
    if (!cells.at(i).empty()) {
      return fail(ErrorKind::Malformed,
                  fmt::format("there are {} columns, but {} in the first line: put a number with "
                              "separators in it, such as \"1,234\", in quotes",
                              cells.size(), columns.count));
    }
  }
  return {};
}

Result<ReadMoment> moment_of(const std::vector<std::string_view>& cells, const Columns& columns,
                             DateOrder order) {
  const std::string_view date = cells.at(columns.at);
  if (!columns.clock) {
    return parse_moment(date, order);
  }
  const std::string_view clock = cells.at(*columns.clock);
  const double hour = number_of<double>(clock).value_or(-1);
  return parse_moment(hour >= 0 && hour < 24 ? fmt::format("{} {}:00", date, static_cast<int>(hour))
                                             : fmt::format("{} {}", date, clock),
                      order);
}

/// The same for rows whose labels are the same.
std::size_t label_of(const std::vector<std::string_view>& cells, const Columns& columns) {
  constexpr std::size_t kOdd = 31;
  std::size_t label = 0;
  for (const std::size_t column : columns.labels) {
    const std::string_view cell = column < cells.size() ? cells.at(column) : "";
    label = label * kOdd + std::hash<std::string_view>()(cell);
  }
  return label;
}

Result<void> read_row(const std::vector<std::string_view>& cells, const Columns& columns,
                      const Style& style, Read& read) {
  TRY(check_width(cells, columns));
  const ReadMoment moment = TRY(moment_of(cells, columns, style.dates));
  read.zoned = read.zoned || moment.zoned;
  read.with_time = read.with_time || !moment.date_only;
  Row row{.at = moment.at, .messages = 1, .copy_of = label_of(cells, columns)};
  if (!columns.events) {
    const std::string_view value = cells.at(columns.value);
    if (is_gap(value)) {
      read.rows.empty.push_back(row.at);
      return {};
    }
    row.messages = TRY(parse_messages(value, style.numbers));
  }
  if (columns.length && *columns.length < cells.size()) {
    const std::string_view cell = cells.at(*columns.length);
    const double seconds = number_of<double>(cell).value_or(0);
    if (!(seconds >= 0.001 && seconds <= kRowSecondsMax)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is no number of seconds that a row could stand for",
                              cell.substr(0, 40)));
    }
    row.length = Duration(static_cast<std::int64_t>(seconds * 1000));
  }
  read.rows.rows.push_back(row);
  return {};
}

NumberStyle find_number_style(std::string_view text, const Columns& columns,
                              std::vector<std::string>& remarks) {
  NumberStyles styles;
  Table table(text);
  for (std::size_t line = 0; table.next(); ++line) {
    if (line >= columns.front && columns.value < table.cells().size()) {
      styles.see(table.cells().at(columns.value));
    }
  }
  const NumberStyle style = styles.style(table.separator() == ';');
  const Result<double> example = parse_messages(styles.example(), style);
  if (example && !styles.example().empty()) {
    remarks.push_back(fmt::format("'{}' is read as {}", styles.example(), *example));
  }
  return style;
}

/// Looks no further where the first date leaves nothing open.
DateOrder find_date_order(std::string_view text, const Columns& columns,
                          std::vector<std::string>& remarks) {
  DateOrders orders;
  std::string example;
  Table table(text);
  for (std::size_t line = 0; table.next(); ++line) {
    if (line < columns.front || columns.at >= table.cells().size()) {
      continue;
    }
    const std::string_view cell = table.cells().at(columns.at);
    if (example.empty() && !order_is_open(cell)) {
      return DateOrder::Unknown;
    }
    example = example.empty() ? std::string(cell) : example;
    orders.see(cell);
  }
  const DateOrder order = orders.order();
  if (const Result<ReadMoment> read = parse_moment(example, order)) {
    remarks.push_back(
        fmt::format("'{}' is read as {}", shortened(example), format_instant(read->at)));
  }
  return order;
}

Style find_style(std::string_view text, const Columns& columns, std::vector<std::string>& remarks) {
  return {.numbers = columns.events ? NumberStyle{} : find_number_style(text, columns, remarks),
          .dates = find_date_order(text, columns, remarks)};
}

Result<Read> read_rows(std::string_view text, const Columns& columns, const Style& style,
                       const RowNumbers& numbers) {
  Read read;
  Table table(text);
  for (std::size_t line = 0; table.next(); ++line) {
    if (line < columns.front) {
      continue;
    }
    const Result<void> row = read_row(table.cells(), columns, style, read);
    if (!row) {
      return fail(row.error(), numbers.of(table.line()));
    }
    if (read.rows.rows.size() > kRowsLimit) {
      return fail(ErrorKind::Malformed, fmt::format("{}: more than {} rows: give coarser ones",
                                                    numbers.of(table.line()), kRowsLimit));
    }
  }
  return read;
}

/// Moments of single messages as one row for each minute that has any.
void count_by_the_minute(Rows& rows) {
  constexpr Duration kMinute = std::chrono::minutes(1);
  std::ranges::sort(rows.rows, {}, &Row::at);
  std::vector<Row> counted;
  for (const Row& row : rows.rows) {
    const Instant minute = std::chrono::floor<std::chrono::minutes>(row.at);
    if (counted.empty() || counted.back().at != minute) {
      counted.push_back({.at = minute, .length = kMinute});
    }
    counted.back().messages += 1;
  }
  rows.rows = std::move(counted);
}

/// Of a column that does not say so it is told that its values may count up.
void tell_if_it_never_falls(const std::vector<Row>& rows, std::vector<std::string>& remarks) {
  constexpr std::size_t kRowsThatTell = 50;
  std::size_t rises = 0;
  std::size_t falls = 0;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const bool forward = rows.at(i).at >= rows.at(i - 1).at;
    const double later = rows.at(forward ? i : i - 1).messages;
    const double earlier = rows.at(forward ? i - 1 : i).messages;
    rises += later > earlier ? 1U : 0U;
    falls += later < earlier ? 1U : 0U;
  }
  if (falls == 0 && rises >= kRowsThatTell / 2 && rows.size() >= kRowsThatTell) {
    remarks.emplace_back(
        "its values never fall: if they count up, give what came in each row, or name the column "
        "count_total");
  }
}

/// Rows of one counter, or of one for each label. Where rows of one time do not need labels, these
/// may be notes as well ("slow", "fine"), which tell nothing apart.
Counters find_counters(const std::vector<Row>& rows, const Columns& columns) {
  Counters by_label = counters_of(rows);
  if (columns.told_apart || columns.labels.empty()) {
    return by_label;
  }
  std::vector<Row> together = rows;
  for (Row& row : together) {
    row.copy_of = 0;
  }
  Counters one = counters_of(std::move(together));
  return !one.count_up() && by_label.count_up() ? std::move(by_label) : std::move(one);
}

std::string told_labels(const Columns& columns) {
  std::string names;
  for (const std::size_t column : columns.labels) {
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", shortened(columns.header.at(column)));
  }
  return fmt::format("{} {}", names, columns.labels.size() == 1 ? "tells" : "tell");
}

/// Of a column whose name says that it counts up, what it grew by. Its values must fit: added as if
/// they were counts, those of a counter make a hundred times what came.
Result<void> take_growth(std::vector<Row>& rows, const Columns& columns,
                         std::vector<std::string>& remarks) {
  const std::string name = shortened(columns.header.at(columns.value));
  const Counters counters = find_counters(rows, columns);
  constexpr std::string_view kElse = "if each row has a count of its own, name the column 'count'";
  if (counters.two_values) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' counts up by its name, but has two values at {} that no column "
                            "tells apart: {}",
                            name, format_instant(*counters.two_values), kElse));
  }
  if (counters.rows.size() == counters.labels) {
    return fail(
        ErrorKind::Malformed,
        fmt::format("'{}' counts up by its name, and what it grew by takes two rows", name));
  }
  if (counters.count_up()) {
    rows = growth_of(counters, remarks);
    remarks.push_back(
        fmt::format("'{}' counts up, so what it grew by is taken for what arrived", name));
    if (counters.labels > 1) {
      remarks.push_back(fmt::format("{} {} counters apart", told_labels(columns), counters.labels));
    }
    return {};
  }
  // What rows count themselves falls as often as it rises.
  const bool counts = counters.falls > 0 && counters.falls * 3 >= counters.rises;
  const bool nothing = std::ranges::all_of(rows, [](const Row& row) { return row.messages == 0; });
  return counts || nothing
             ? Result<void>()
             : fail(ErrorKind::Malformed,
                    fmt::format("'{}' counts up by its name, but its values fall {} times and rise "
                                "{} times: {}",
                                name, counters.falls, counters.rises, kElse));
}

Result<void> check_line_ends(std::string_view text) {
  const std::size_t end = text.find('\r');
  if (!text.contains('\n') && end != std::string_view::npos && !trimmed(text.substr(end)).empty()) {
    return fail(ErrorKind::Malformed,
                "its lines end with carriage returns alone: save it with line feeds");
  }
  return {};
}

}  // namespace

std::string RowNumbers::of(std::size_t line) const {
  return fmt::format("{} {}", kind, line - front);
}

Result<Trace> read_csv(std::string_view text, const ReadOptions& options,
                       const RowNumbers& numbers) {
  TRY(check_line_ends(text));
  const Columns columns = TRY(find_columns(text, options.column));
  Trace trace{.format = Format::Csv};
  if (!columns.remark.empty()) {
    trace.remarks.push_back(columns.remark);
  }
  if (columns.front > 1) {
    trace.remarks.push_back(
        fmt::format("{} lines stand in front of the table and are passed over", columns.front));
  }
  if (columns.clock && !columns.header.empty()) {
    trace.remarks.push_back(fmt::format("'{}' and '{}' together are the time of a row",
                                        shortened(columns.header.at(columns.at)),
                                        shortened(columns.header.at(*columns.clock))));
  }
  const Style style = find_style(text, columns, trace.remarks);
  Read read = TRY(read_rows(text, columns, style, numbers));
  if (read.rows.rows.empty()) {
    return fail(ErrorKind::Malformed,
                "there is no row with a value: a time and a number are expected in each line, as "
                "in 2026-11-23 12:00,42");
  }
  if (columns.events) {
    count_by_the_minute(read.rows);
  } else if (!read.zoned) {
    even_out_clock_changes(read.rows.rows, trace.remarks);
  }
  if (columns.counts_up) {
    TRY(take_growth(read.rows.rows, columns, trace.remarks));
  } else if (!columns.events) {
    tell_if_it_never_falls(read.rows.rows, trace.remarks);
  }
  read.rows.single = read.with_time ? read.rows.single : kDay;
  read.rows.missing = columns.events ? Missing::Events : Missing::Told;
  if (!read.rows.empty.empty()) {
    trace.remarks.push_back(fmt::format("{} no value (empty or NaN)",
                                        read.rows.empty.size() == 1
                                            ? "1 row has"
                                            : fmt::format("{} rows have", read.rows.empty.size())));
  }
  fill_intervals(trace, std::move(read.rows));
  return trace;
}

}  // namespace scaler::trace
