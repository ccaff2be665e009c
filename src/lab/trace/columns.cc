// Where the columns of a CSV text are: by their names, and by what the first rows hold.
#include <algorithm>
#include <array>
#include <set>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/names.h"
#include "lab/trace/sample.h"
#include "lab/trace/times.h"

namespace scaler::trace {
namespace {

constexpr std::array<std::string_view, 3> kLengthNames{"periodseconds", "lengthseconds",
                                                       "durationseconds"};

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

/// No number, but what someone may have meant as one: "12 msgs", "inf". Not what has digits behind
/// its letters, as names of files and times do, and no address.
bool resembles_a_number(const std::string& cell) {
  constexpr std::string_view kDigits = "0123456789";
  const std::size_t end = std::min(cell.find_first_not_of("0123456789.,'"), cell.size());
  const auto dots = std::ranges::count(std::string_view(cell).substr(0, end), '.');
  return number_of<double>(cell).has_value() ||
         (begins_with_digit(cell) && dots < 3 &&
          cell.find_first_of(kDigits, end) == std::string::npos);
}

/// Unix times are too large for numbers of messages: when a job ended, ..
bool is_unix_time(const std::string& cell) {
  return number_of<double>(cell).value_or(0) > kMessagesPerInterval && is_time(cell);
}

bool holds_numbers(const Sample& sample, std::size_t column) {
  std::size_t numbers = 0;
  std::size_t others = 0;
  for (const Cells& row : sample.rows) {
    const bool number = column < row.size() && is_number(row.at(column));
    numbers += number ? 1U : 0U;
    others += column >= row.size() || number || is_gap(row.at(column)) ? 0U : 1U;
  }
  return numbers > 0 && numbers >= others;
}

/// Those with numbers, but for times, lengths and the rows' own numbers; where there is none, those
/// that may have been meant to hold some.
std::vector<std::size_t> value_columns(const Sample& sample, const Columns& columns,
                                       std::string_view wanted) {
  const auto could_be = [&](std::size_t column) {
    const bool named = column < sample.header.size();
    const bool asked_for = equal_in_any_case(name_of(sample, column), wanted);
    const bool other =
        (named && numbers_the_rows(sample.header.at(column))) || sample.all(column, is_unix_time);
    return column != columns.at && columns.length != column && columns.clock != column &&
           (asked_for || !other);
  };
  const auto was_meant = [&](std::size_t column) {
    const bool told =
        column < sample.header.size() && meaning_of(sample.header.at(column)) != Meaning::Unknown;
    return told || sample.all(column, resembles_a_number) ||
           !sample.any(column, [](const std::string& cell) { return !is_gap(cell); });
  };
  std::vector<std::size_t> numbers;
  std::vector<std::size_t> meant;
  for (std::size_t column = 0; column < sample.columns; ++column) {
    if (could_be(column) && holds_numbers(sample, column)) {
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

/// As few of the labels as tell rows of one time apart; of several, those with the fewest values.
/// Another counter in the row tells each row apart from all others, and so nothing.
std::vector<std::size_t> needed_labels(const Sample& sample, const Columns& columns,
                                       std::vector<std::size_t> labels) {
  const std::size_t most = kinds_of(sample, columns, labels);
  const auto values = [&sample](std::size_t column) {
    std::set<std::string_view> seen;
    for (const Cells& row : sample.rows) {
      seen.insert(column < row.size() ? row.at(column) : std::string_view());
    }
    return seen.size();
  };
  std::ranges::stable_sort(labels, {}, values);
  std::vector<std::size_t> needed;
  std::size_t kinds = kinds_of(sample, columns, needed);
  for (std::size_t i = 0; i < labels.size() && kinds < most; ++i) {
    needed.push_back(labels.at(i));
    const std::size_t more = kinds_of(sample, columns, needed);
    if (more == kinds) {
      needed.pop_back();
    }
    kinds = more;
  }
  for (std::size_t i = needed.size(); i > 0; --i) {
    std::vector<std::size_t> fewer = needed;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i - 1));
    needed = kinds_of(sample, columns, fewer) == most ? fewer : needed;
  }
  return needed;
}

/// The labels of counters: those that rows of one time need; else what could be labels of rows of
/// different times, which are texts.
void find_counters(const Sample& sample, Columns& columns) {
  std::vector<std::size_t> labels = columns.labels;
  for (std::size_t column = 0; column < sample.columns; ++column) {
    const bool id = names_an_id(sample.header.at(column)) && column != columns.at &&
                    column != columns.value && columns.clock != column;
    if (id && !is_distinct(sample, column)) {
      labels.push_back(column);
    }
  }
  columns.counts_up = true;
  const std::vector<std::size_t> needed = needed_labels(sample, columns, labels);
  columns.told_apart = !needed.empty();
  std::erase_if(labels, [&](std::size_t column) { return holds_numbers(sample, column); });
  columns.labels = columns.told_apart ? needed : labels;
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
  for (const std::string_view name : kLengthNames) {
    const auto found = std::ranges::find(sample.header, name, plain);
    if (found != sample.header.end()) {
      columns.length = static_cast<std::size_t>(found - sample.header.begin());
    }
  }
  TRY(find_clock(sample, columns));
  columns.value = columns.at;
  if (sample.rows.empty()) {
    return columns;
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
  if (columns.value < sample.header.size() && counts_up(sample.header.at(columns.value))) {
    find_counters(sample, columns);
  }
  // Of a time and a number there is nothing to choose.
  columns.remark =
      sample.columns == 2 && sample.header.empty() && wanted.empty() ? "" : chosen.remark;
  return columns;
}

}  // namespace scaler::trace
