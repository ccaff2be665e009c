#include "lab/trace/counters.h"

#include <algorithm>
#include <span>
#include <tuple>

#include <fmt/core.h>

namespace scaler::trace {
namespace {

/// What one counter grew by, a row from each of its values to the next.
void add_growth(std::span<const Row> values, std::vector<Row>& grown, Gaps& gaps) {
  const std::size_t first = grown.size();
  std::vector<Duration> distances;
  for (std::size_t i = 0; i + 1 < values.size(); ++i) {
    const double more = values[i + 1].messages - values[i].messages;
    distances.push_back(values[i + 1].at - values[i].at);
    grown.push_back({.at = values[i].at,
                     .messages = more < 0 ? values[i + 1].messages : more,
                     .length = distances.back()});
  }
  if (distances.empty()) {
    return;
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  for (std::size_t i = 0; first + i < grown.size(); ++i) {
    if (is_gap_behind(values, i, *middle)) {
      gaps.add(grown.at(first + i).length - *middle);
    }
  }
}

/// The sum of rows that overlap. A row in which one counter paused reaches over many of another:
/// as a row of the minute in which it begins it made a peak that never was.
std::vector<Row> added_up(const std::vector<Row>& rows) {
  struct Change {
    Instant at = {};
    long double rate = 0;  // Its sums of sixtieths come out as the whole numbers that they were.
    int rows = 0;
  };
  std::vector<Change> changes;
  for (const Row& row : rows) {
    const long double rate =
        static_cast<long double>(row.messages) / static_cast<long double>(row.length.count());
    changes.push_back({.at = row.at, .rate = rate, .rows = 1});
    changes.push_back({.at = row.at + row.length, .rate = -rate, .rows = -1});
  }
  std::ranges::stable_sort(changes, {}, &Change::at);
  std::vector<Row> sums;
  long double rate = 0;
  int open = 0;
  for (std::size_t i = 0; i + 1 < changes.size(); ++i) {
    open += changes.at(i).rows;
    rate = open == 0 ? 0 : rate + changes.at(i).rate;
    const Duration length = changes.at(i + 1).at - changes.at(i).at;
    if (open > 0 && length > Duration(0)) {
      const long double messages = rate * static_cast<long double>(length.count());
      sums.push_back({.at = changes.at(i).at,
                      .messages = std::max(0.0, static_cast<double>(messages)),
                      .length = length});
    }
  }
  return sums;
}

}  // namespace

Counters counters_of(std::vector<Row> rows) {
  const auto place = [](const Row& row) { return std::tuple(row.copy_of, row.at); };
  const auto all_of_it = [](const Row& row) {
    return std::tuple(row.copy_of, row.at, row.messages);
  };
  std::ranges::sort(rows, {}, all_of_it);
  const auto copies = std::ranges::unique(rows, {}, all_of_it);
  rows.erase(copies.begin(), copies.end());
  Counters counters{.labels = rows.empty() ? std::size_t{0} : std::size_t{1}};
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Row& before = rows.at(i - 1);
    const Row& row = rows.at(i);
    if (before.copy_of != row.copy_of) {
      ++counters.labels;
      continue;
    }
    counters.rises += row.messages > before.messages ? 1U : 0U;
    counters.falls += row.messages < before.messages ? 1U : 0U;
    if (place(before) == place(row) && !counters.two_values) {
      counters.two_values = row.at;
    }
  }
  counters.rows = std::move(rows);
  return counters;
}

std::vector<Row> growth_of(const Counters& counters, std::vector<std::string>& remarks) {
  std::vector<Row> grown;
  Gaps gaps;
  const std::span<const Row> rows(counters.rows);
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows[end].copy_of == rows[i].copy_of) {
      ++end;
    }
    add_growth(rows.subspan(i, end - i), grown, gaps);
    i = end;
  }
  if (gaps.count > 0) {
    remarks.push_back(gaps.told() + " not filled: what a counter grew by over it is spread evenly");
  }
  return counters.labels > 1 ? added_up(grown) : grown;
}

}  // namespace scaler::trace
