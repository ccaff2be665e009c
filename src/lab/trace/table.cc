#include "lab/trace/table.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/names.h"
#include "lab/trace/numbers.h"
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

std::string_view unquoted(std::string_view cell) {
  cell = trimmed(cell);
  if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
    cell = trimmed(cell.substr(1, cell.size() - 2));
  }
  return cell;
}

/// Where the separator is that stands outside of quotes.
std::size_t end_of_cell(std::string_view line, char separator) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line.at(i) == '"') {
      quoted = !quoted;
    } else if (line.at(i) == separator && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

/// Of the first line: the comma is last, because the others may have it in their numbers.
char separator_of(std::string_view line) {
  for (const char separator : {';', '\t', ',', '|'}) {
    if (end_of_cell(line, separator) != std::string_view::npos) {
      return separator;
    }
  }
  return ',';
}

/// What the first rows hold.
struct Sample {
  std::vector<std::string> header = {};
  std::vector<std::vector<std::string>> rows = {};
  std::size_t columns = 0;

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
  return parse_moment(cell).has_value();
}

Sample sample_of(std::string_view text) {
  Sample sample;
  Table table(text);
  while (sample.rows.size() < kSample && table.next()) {
    std::vector<std::string> cells(table.cells().begin(), table.cells().end());
    if (sample.columns == 0) {
      sample.columns = cells.size();
      const bool is_header = !begins_with_digit(cells.front()) &&
                             std::ranges::none_of(cells, [](const std::string& cell) {
                               return is_number(cell) || is_time(cell);
                             });
      if (is_header) {
        sample.header = std::move(cells);
        continue;
      }
    }
    sample.rows.push_back(std::move(cells));
  }
  return sample;
}

/// "timestamp (UTC)" -> "timestamp".
std::string time_name(std::string_view name) {
  return plain(name.substr(0, name.find_first_of("([")));
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

std::string name_of(const Sample& sample, std::size_t column) {
  const std::string name = column < sample.header.size() ? sample.header.at(column) : "";
  return name.empty() ? fmt::format("{}", column + 1) : name;
}

/// Those with numbers, but for times and lengths; where there is none, all that could be meant.
std::vector<std::size_t> value_columns(const Sample& sample, const Columns& columns) {
  std::vector<std::size_t> found;
  for (const bool numbers : {true, false}) {
    for (std::size_t column = 0; column < sample.columns; ++column) {
      if (column != columns.at && columns.length != column &&
          (!numbers || sample.any(column, is_number))) {
        found.push_back(column);
      }
    }
    if (!found.empty()) {
      break;
    }
  }
  return found;
}

}  // namespace

bool Table::next() {
  while (lines_.next()) {
    // Tabs at the ends are empty cells where they separate.
    const std::string_view line = trimmed(lines_.line());
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (separator_ == '\0') {
      // How spreadsheets are told what separates.
      if (line.size() == 5 && line.starts_with("sep=")) {
        separator_ = line.back();
        continue;
      }
      separator_ = separator_of(line);
    }
    take_apart(separator_ == '\t' ? lines_.line() : line);
    return true;
  }
  return false;
}

void Table::take_apart(std::string_view line) {
  cells_.clear();
  while (true) {
    const std::size_t at = end_of_cell(line, separator_);
    cells_.push_back(unquoted(line.substr(0, at)));
    if (at == std::string_view::npos) {
      return;
    }
    line.remove_prefix(at + 1);
  }
}

Result<Columns> find_columns(std::string_view text, std::string_view wanted) {
  const Sample sample = sample_of(text);
  Columns columns{.header = sample.header, .count = sample.columns};
  columns.at = find_time(sample);
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
  if (sample.columns == 1) {
    if (!sample.any(0, is_time)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("there is one column only ('{}'): a time and a number with a comma "
                              "between them are expected in each line",
                              shortened(sample.rows.front().front(), 40)));
    }
    columns.events = true;
    columns.remark = "there are only times: each is taken for one message, counted by the minute";
    return columns;
  }
  const std::vector<std::size_t> candidates = value_columns(sample, columns);
  std::vector<std::string> names;
  names.reserve(candidates.size());
  for (const std::size_t column : candidates) {
    names.push_back(name_of(sample, column));
  }
  const Chosen chosen = TRY(choose(names, wanted, "column", " NAME (without a header its number)"));
  columns.value = candidates.at(chosen.index);
  // Of a time and a number there is nothing to choose.
  columns.remark =
      sample.columns == 2 && sample.header.empty() && wanted.empty() ? "" : chosen.remark;
  return columns;
}

}  // namespace scaler::trace
