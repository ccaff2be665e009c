#include "lab/trace/sample.h"

#include <set>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "lab/trace/names.h"
#include "lab/trace/times.h"

namespace scaler::trace {
namespace {

/// So many rows are looked at before columns are chosen.
constexpr std::size_t kSample = 200;

/// Also behind a quotation mark, which stays where it is not closed.
bool begins_as_time(std::string_view cell) {
  return begins_with_digit(cell.substr(cell.starts_with('"') ? 1 : 0));
}

bool is_header(const Cells& cells) {
  return !begins_as_time(cells.front()) && std::ranges::none_of(cells, [](const std::string& cell) {
    return is_number(cell) || is_time(cell);
  });
}

/// The lines of a metric's parts with numbers in them, in a download from CloudWatch's console.
bool is_part_of_metric(const Cells& cells) {
  const std::string name = plain(cells.front());
  return name == "account" || name == "period";
}

/// Whether a line is a row like `good`, whose time was read. A summer's worth of "02:32 CEST" in
/// front of rows that could be read was once passed over as if it were a title.
bool is_row_like(const Cells& good, const Cells& cells) {
  const bool open = std::ranges::count(cells.back(), '"') % 2 == 1;
  if (open && std::ranges::any_of(cells, begins_as_time)) {
    return true;  // What the mark swallowed makes the line narrower.
  }
  if (cells.size() != good.size() || is_part_of_metric(cells)) {
    return false;
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const bool time = is_time(good.at(i)) && (i == 0 || is_date(good.at(i)));
    if (time ? begins_as_time(cells.at(i)) : is_number(good.at(i)) && is_number(cells.at(i))) {
      return true;
    }
  }
  return false;
}

struct Start {
  std::size_t data = 0;     ///< the line where they begin
  std::size_t columns = 0;  ///< of the table
};

/// What stands in front of a table, such as the names of a metric's parts in a download from
/// CloudWatch's console, holds no time; nor does it name the column of times.
Start find_start(const std::vector<Cells>& lines) {
  constexpr std::size_t kFrontMax = 30;
  if (lines.empty()) {
    return {};
  }
  if (!is_header(lines.front())) {
    return {.data = 0, .columns = lines.front().size()};
  }
  const auto holds_time = [](const Cells& cells) {
    return is_time(cells.front()) || std::ranges::any_of(cells, is_date);
  };
  const bool named = std::ranges::any_of(lines.front(), [](const std::string& name) {
    return std::ranges::find(kTimeNames, time_name(name)) != kTimeNames.end();
  });
  const auto good = std::ranges::find_if(lines, holds_time);
  if (named || good == lines.end() || static_cast<std::size_t>(good - lines.begin()) > kFrontMax) {
    return {.data = 1, .columns = lines.front().size()};
  }
  const auto data = std::find_if(lines.begin() + 1, good,
                                 [&good](const Cells& cells) { return is_row_like(*good, cells); });
  return {.data = static_cast<std::size_t>(data - lines.begin()),
          .columns = data == lines.begin() + 1 ? lines.front().size() : good->size()};
}

/// Of the lines in front of the data the one whose names say most; the last of such.
Cells header_of(const std::vector<Cells>& lines, const Start& start) {
  const auto told = [](const Cells& cells) {
    int sum = 0;
    for (std::size_t i = 1; i < cells.size(); ++i) {
      const Meaning meaning = meaning_of(cells.at(i));
      sum += meaning == Meaning::Unknown ? 0 : meaning == Meaning::Count ? 1 : 2;
    }
    return sum;
  };
  if (start.data == 1) {
    return lines.front();
  }
  Cells best;
  for (std::size_t i = 0; i < start.data; ++i) {
    if (lines.at(i).size() == start.columns && told(lines.at(i)) >= told(best)) {
      best = lines.at(i);
    }
  }
  return best;
}

}  // namespace

std::string time_name(std::string_view name) {
  return plain(name.substr(0, name.find_first_of("([")));
}

bool begins_with_digit(std::string_view cell) {
  return !cell.empty() && cell.front() >= '0' && cell.front() <= '9';
}

bool is_number(std::string_view cell) {
  cell.remove_prefix(cell.starts_with('-') ? 1 : 0);
  return begins_with_digit(cell) &&
         cell.find_first_not_of("0123456789.,'eE+- \xc2\xa0\xe2\x80\xaf\x89\x99") ==
             std::string_view::npos &&
         (number_of<double>(cell) || parse_messages(cell, {.decimal = '.', .group = ','}) ||
          parse_messages(cell, {.decimal = ',', .group = '.'}));
}

bool is_time(const std::string& cell) {
  return parse_moment(cell, DateOrder::DayFirst) || parse_moment(cell, DateOrder::MonthFirst);
}

bool is_date(const std::string& cell) {
  return !number_of<double>(cell) && is_time(cell);
}

bool is_clock(const std::string& cell) {
  return cell.contains(':') && begins_with_digit(cell) && !is_time(cell) &&
         is_time("2026-11-23 " + cell);
}

std::string name_of(const Sample& sample, std::size_t column) {
  const std::string name = column < sample.header.size() ? sample.header.at(column) : "";
  return name.empty() ? fmt::format("{}", column + 1) : name;
}

std::size_t kinds_of(const Sample& sample, const Columns& columns,
                     const std::vector<std::size_t>& labels) {
  std::set<std::string> kinds;
  for (const Cells& row : sample.rows) {
    std::string kind;
    const auto add = [&](std::size_t column) {
      kind += column < row.size() ? row.at(column) : "";
      kind += '\n';
    };
    add(columns.at);
    add(columns.clock.value_or(columns.at));
    std::ranges::for_each(labels, add);
    kinds.insert(std::move(kind));
  }
  return kinds.size();
}

Sample sample_of(std::string_view text) {
  std::vector<Cells> lines;
  Table table(text);
  while (lines.size() < kSample && table.next()) {
    lines.emplace_back(table.cells().begin(), table.cells().end());
  }
  const Start start = find_start(lines);
  Sample sample{.columns = start.columns, .front = start.data};
  sample.header = start.data == 0 ? Cells() : header_of(lines, start);
  sample.rows.assign(lines.begin() + static_cast<std::ptrdiff_t>(sample.front), lines.end());
  return sample;
}

}  // namespace scaler::trace
