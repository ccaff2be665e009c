#include "lab/trace/intervals.h"

#include <algorithm>

#include <fmt/core.h>

namespace scaler::trace {
namespace {

constexpr Duration kLengthOfASingleRow = std::chrono::minutes(5);

/// The median of the distances between neighbours: neither a gap nor a repeated hour moves it.
Duration typical_length(const std::vector<Row>& rows) {
  if (rows.size() < 2) {
    return kLengthOfASingleRow;
  }
  std::vector<Duration> distances;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    distances.push_back(rows.at(i).at - rows.at(i - 1).at);
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  return *middle;
}

/// Rows of the same time: copies are dropped, others added up (an hour that clocks show twice).
void merge_same_times(std::vector<Row>& rows, std::vector<std::string>& remarks) {
  std::size_t copies = 0;
  std::size_t added = 0;
  std::size_t kept = 0;
  double last = rows.front().messages;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Row& row = rows.at(i);
    if (row.at != rows.at(kept).at) {
      rows.at(++kept) = row;
      last = row.messages;
    } else if (row.messages == last) {
      ++copies;
    } else {
      rows.at(kept).messages += row.messages;
      last = row.messages;
      ++added;
    }
  }
  rows.resize(kept + 1);
  if (copies > 0) {
    remarks.push_back(fmt::format("{} rows stood there twice and count once", copies));
  }
  if (added > 0) {
    remarks.push_back(
        fmt::format("{} rows of a time that another row has too were added to it "
                    "(an hour that local time shows twice?)",
                    added));
  }
}

}  // namespace

void fill_intervals(Trace& trace, std::vector<Row> rows) {
  if (!std::ranges::is_sorted(rows, {}, &Row::at)) {
    std::ranges::stable_sort(rows, {}, &Row::at);
    trace.remarks.emplace_back("the rows were not in order of time and have been sorted");
  }
  merge_same_times(rows, trace.remarks);
  trace.typical = typical_length(rows);
  if (rows.size() == 1) {
    trace.remarks.push_back(fmt::format("there is one row only; it is taken to stand for {}",
                                        format_duration(trace.typical)));
  }
  std::size_t gaps = 0;
  Duration missing{0};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    Duration length = trace.typical;
    if (i + 1 < rows.size()) {
      const Duration distance = rows.at(i + 1).at - rows.at(i).at;
      length = std::min(distance, trace.typical + trace.typical / 2);
      if (distance > length) {
        length = trace.typical;
        ++gaps;
        missing += distance - length;
      }
    }
    trace.intervals.push_back(
        {.begin = rows.at(i).at, .length = length, .messages = rows.at(i).messages});
  }
  if (gaps > 0) {
    trace.remarks.push_back(fmt::format("{} gaps, {} in all, are taken to bring no messages", gaps,
                                        format_duration(missing)));
  }
  if (trace.messages() == 0) {
    trace.remarks.emplace_back("it holds no message at all");
  }
}

}  // namespace scaler::trace
