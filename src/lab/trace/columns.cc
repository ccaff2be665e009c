// Where the columns of a CSV text are: by their names, and by what the first rows hold.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/names.h"
#include "lab/trace/numbers.h"
#include "lab/trace/table.h"
#include "lab/trace/times.h"

namespace scaler::trace {
namespace {

/// So many rows are looked at before columns are chosen.
constexpr std::size_t kSample = 200;

constexpr std::array<std::string_view, 12> kTimeNames{
    "timestamp", "datetime", "time",  "date", "at",        "ts",
    "bucket",    "start",    "begin", "when", "starttime", "createdat"};
constexpr std::array<std::string_view, 3> kLengthNames{"periodseconds", "lengthseconds",
                                                       "durationseconds"};

/// What the first rows hold.
struct Sample {
  std::vector<std::string> header = {};
  std::vector<std::vector<std::string>> rows = {};
  std::size_t columns = 0;
  std::size_t front = 0;  ///< lines in front of the data, the header's included

  template <typename Test>
  bool any(std::size_t column, const Test& test) const {
    return std::ranges::any_of(rows, [&](const std::vector<std::string>& row) {
      return column < row.size() && test(row.at(column));
    });
  }
};

bool begins_with_digit(std::string_view cell) {
  return !cell.empty() && cell.front() >= '0' && cell.front() <= '9';
}

/// Also one that is no number of messages: "-3".
bool is_number(std::string_view cell) {
  return begins_with_digit(cell.substr(cell.starts_with('-') ? 1 : 0)) &&
         cell.find_first_not_of("0123456789.,'eE+- \xc2\xa0\xe2\x80\xaf\x89\x99") ==
             std::string_view::npos;
}

bool is_time(const std::string& cell) {
  return parse_moment(cell, DateOrder::DayFirst) || parse_moment(cell, DateOrder::MonthFirst);
}

/// No Unix time, which could be a number of anything.
bool is_date(const std::string& cell) {
  return !number_of<double>(cell) && is_time(cell);
}

using Cells = std::vector<std::string>;

/// "timestamp (UTC)" -> "timestamp".
std::string time_name(std::string_view name) {
  return plain(name.substr(0, name.find_first_of("([")));
}

bool is_header(const Cells& cells) {
  return !begins_with_digit(cells.front()) &&
         std::ranges::none_of(
             cells, [](const std::string& cell) { return is_number(cell) || is_time(cell); });
}

/// Where data begin. What stands in front of a table, such as the names of a metric's parts in a
/// download from CloudWatch's console, holds no time; nor does it name the column of times.
std::size_t first_data(const std::vector<Cells>& lines) {
  constexpr std::size_t kFrontMax = 30;
  if (lines.empty() || !is_header(lines.front())) {
    return 0;
  }
  const auto holds_time = [](const Cells& cells) {
    return is_time(cells.front()) || std::ranges::any_of(cells, is_date);
  };
  const bool named = std::ranges::any_of(lines.front(), [](const std::string& name) {
    return std::ranges::find(kTimeNames, time_name(name)) != kTimeNames.end();
  });
  const auto found = std::ranges::find_if(lines, holds_time);
  const auto data = static_cast<std::size_t>(found - lines.begin());
  return named || found == lines.end() || data > kFrontMax ? 1 : data;
}

/// Of the lines in front of the data the one whose names say most; the last of such.
Cells header_of(const std::vector<Cells>& lines, std::size_t data) {
  const auto told = [](const Cells& cells) {
    int sum = 0;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const Meaning meaning = meaning_of(cells.at(i));
      sum += meaning == Meaning::Unknown ? 0 : meaning == Meaning::Count ? 1 : 2;
    }
    return sum;
  };
  if (data == 1) {
    return lines.front();
  }
  Cells best;
  for (std::size_t i = 0; i < data; ++i) {
    if (lines.at(i).size() == lines.at(data).size() && told(lines.at(i)) >= told(best)) {
      best = lines.at(i);
    }
  }
  return best;
}

Sample sample_of(std::string_view text) {
  std::vector<Cells> lines;
  Table table(text);
  while (lines.size() < kSample && table.next()) {
    lines.emplace_back(table.cells().begin(), table.cells().end());
  }
  Sample sample{.front = first_data(lines)};
  if (lines.empty()) {
    return sample;
  }
  sample.header = sample.front == 0 ? Cells() : header_of(lines, sample.front);
  sample.columns = lines.at(sample.front > 1 ? sample.front : 0).size();
  sample.rows.assign(lines.begin() + static_cast<std::ptrdiff_t>(sample.front), lines.end());
  return sample;
}

std::size_t find_time(const Sample& sample) {
  for (const std::string_view name : kTimeNames) {
    const auto found = std::ranges::find(sample.header, name, time_name);
    if (found != sample.header.end()) {
      return static_cast<std::size_t>(found - sample.header.begin());
    }
  }
  for (const bool numbers_too : {false, true}) {
    for (std::size_t column = 0; column < sample.columns; ++column) {
      if (sample.any(column, [numbers_too](const std::string& cell) {
            return (numbers_too || !is_number(cell)) && is_time(cell);
          })) {
        return column;
      }
    }
  }
  return 0;
}

bool is_clock(const std::string& cell) {
  return cell.contains(':') && begins_with_digit(cell) && !is_time(cell) &&
         is_time("2026-11-23 " + cell);
}

/// A date and a time of the day may be columns of their own.
void find_clock(const Sample& sample, Columns& columns) {
  if (!sample.any(columns.at, is_clock)) {
    return;
  }
  for (std::size_t column = 0; column < sample.columns; ++column) {
    if (column != columns.at && sample.any(column, is_date)) {
      columns.clock = columns.at;
      columns.at = column;
      return;
    }
  }
}

std::string name_of(const Sample& sample, std::size_t column) {
  const std::string name = column < sample.header.size() ? sample.header.at(column) : "";
  return name.empty() ? fmt::format("{}", column + 1) : name;
}

/// "id", "job_id", "orderId": what tells rows apart.
bool names_an_id(std::string_view name) {
  constexpr std::array<std::string_view, 5> kEnds{"_id", "-id", " id", "Id", "ID"};
  const std::string text = plain(name);
  return text == "id" || text == "uuid" || text == "guid" ||
         std::ranges::any_of(kEnds, [name](std::string_view end) { return name.ends_with(end); });
}

/// The numbers that programs put in front of rows have no name.
bool numbers_the_rows(std::string_view name) {
  return name.empty() || plain(name) == "index" || names_an_id(name);
}

/// Whether rows are apart by whole minutes, as counts of times are and jobs are not.
bool at_whole_minutes(const Sample& sample, const Columns& columns) {
  std::set<Instant> seen;
  const auto fits = [&seen](const std::string& cell) {
    const Result<ReadMoment> day_first = parse_moment(cell, DateOrder::DayFirst);
    const Result<ReadMoment> moment =
        day_first ? day_first : parse_moment(cell, DateOrder::MonthFirst);
    return moment && moment->at.time_since_epoch() % std::chrono::minutes(1) == Duration(0) &&
           seen.insert(moment->at).second;
  };
  return columns.clock || std::ranges::all_of(sample.rows, [&](const Cells& row) {
           return columns.at < row.size() && fits(row.at(columns.at));
         });
}

bool is_distinct(const Sample& sample, std::size_t column) {
  std::set<std::string_view> seen;
  return std::ranges::all_of(sample.rows, [&](const std::vector<std::string>& row) {
    return column < row.size() && seen.insert(row.at(column)).second;
  });
}

/// No number, but what someone may have meant as one: "12 msgs", "inf".
bool resembles_a_number(const std::string& cell) {
  return begins_with_digit(cell) || number_of<double>(cell).has_value();
}

/// Those with numbers, but for times, lengths and the rows' own numbers; where there is none, those
/// that may have been meant to hold some.
std::vector<std::size_t> value_columns(const Sample& sample, const Columns& columns,
                                       std::string_view wanted) {
  const auto could_be = [&](std::size_t column) {
    const bool named = column < sample.header.size();
    const bool asked_for = equal_in_any_case(name_of(sample, column), wanted);
    return column != columns.at && columns.length != column && columns.clock != column &&
           (!named || asked_for || !numbers_the_rows(sample.header.at(column)));
  };
  const auto was_meant = [&](std::size_t column) {
    const bool told =
        column < sample.header.size() && meaning_of(sample.header.at(column)) != Meaning::Unknown;
    return told || sample.any(column, resembles_a_number) ||
           !sample.any(column, [](const std::string& cell) { return !is_gap(cell); });
  };
  std::vector<std::size_t> numbers;
  std::vector<std::size_t> meant;
  for (std::size_t column = 0; column < sample.columns; ++column) {
    if (could_be(column) && sample.any(column, is_number)) {
      numbers.push_back(column);
    } else if (could_be(column) && was_meant(column)) {
      meant.push_back(column);
    }
  }
  return numbers.empty() ? meant : numbers;
}

/// By these rows of one time are told apart: not by numbers of the rows themselves, which differ
/// also where the same was exported twice.
std::vector<std::size_t> label_columns(const Sample& sample, const Columns& columns) {
  std::vector<std::size_t> labels;
  for (std::size_t column = 0; column < sample.columns; ++column) {
    const bool number = sample.header.empty() ? sample.any(column, is_number)
                                              : numbers_the_rows(sample.header.at(column));
    if (column != columns.at && column != columns.value && columns.clock != column &&
        columns.length != column && !number) {
      labels.push_back(column);
    }
  }
  return labels;
}

/// Whether the rows themselves are the messages, as in a table of jobs: nothing counts, or each row
/// has an id of its own, times are those of single events, and no name says that it counts.
bool rows_are_messages(const Sample& sample, const Columns& columns,
                       const std::vector<std::size_t>& candidates) {
  if (candidates.empty()) {
    return true;
  }
  if (at_whole_minutes(sample, columns)) {
    return false;
  }
  const bool told = std::ranges::any_of(candidates, [&](std::size_t column) {
    const Meaning meaning = meaning_of(name_of(sample, column));
    return meaning != Meaning::Unknown && meaning != Meaning::Other;
  });
  for (std::size_t column = 0; column < sample.header.size() && !told; ++column) {
    if (names_an_id(sample.header.at(column)) && is_distinct(sample, column)) {
      return true;
    }
  }
  return false;
}

/// Why each row is one message, if it is.
std::string events_remark(const Sample& sample, const Columns& columns,
                          const std::vector<std::size_t>& candidates, std::string_view wanted) {
  if (equal_in_any_case(name_of(sample, columns.at), wanted)) {
    return "each row is taken for one message, as was asked, counted by the minute";
  }
  if (sample.columns == 1) {
    return "there are only times: each is taken for one message, counted by the minute";
  }
  return wanted.empty() && rows_are_messages(sample, columns, candidates)
             ? "no column counts messages: each row is taken for one, counted by the minute"
             : "";
}

}  // namespace

Result<Columns> find_columns(std::string_view text, std::string_view wanted) {
  const Sample sample = sample_of(text);
  Columns columns{.header = sample.header, .front = sample.front, .count = sample.columns};
  columns.at = find_time(sample);
  find_clock(sample, columns);
  columns.value = columns.at;
  if (sample.rows.empty()) {
    return columns;
  }
  for (const std::string_view name : kLengthNames) {
    const auto found = std::ranges::find(sample.header, name, plain);
    if (found != sample.header.end()) {
      columns.length = static_cast<std::size_t>(found - sample.header.begin());
    }
  }
  if (sample.columns == 1 && !sample.any(0, is_time)) {
    return fail(ErrorKind::Malformed,
                fmt::format("there is one column only ('{}'): a time and a number with a comma "
                            "between them are expected in each line",
                            shortened(sample.rows.front().front(), 40)));
  }
  const std::vector<std::size_t> candidates = value_columns(sample, columns, wanted);
  columns.remark = events_remark(sample, columns, candidates, wanted);
  if (!columns.remark.empty()) {
    columns.events = true;
    return columns;
  }
  std::vector<std::string> names;
  names.reserve(candidates.size());
  for (const std::size_t column : candidates) {
    names.push_back(name_of(sample, column));
  }
  const Chosen chosen = TRY(choose(names, wanted, "column",
                                   " NAME (without a header its number), or name that of the times "
                                   "if each row is a message"));
  columns.value = candidates.at(chosen.index);
  columns.labels = label_columns(sample, columns);
  // Of a time and a number there is nothing to choose.
  columns.remark =
      sample.columns == 2 && sample.header.empty() && wanted.empty() ? "" : chosen.remark;
  return columns;
}

}  // namespace scaler::trace
