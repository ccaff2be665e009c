#include "lab/trace/intervals.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::trace {
namespace {

/// A longer gap is not filled: nobody knows what was there.
constexpr Duration kFilledMax = std::chrono::hours(24 * 7);
/// From this on what happens within a row matters as much as the rows.
constexpr Duration kCoarse = std::chrono::hours(1);
constexpr Duration kGridMin = std::chrono::seconds(10);

/// Whole minutes, ...: the distance that all others are multiples of. A moment here and there
/// without messages, of which there is no row, then makes no row longer.
std::optional<Duration> grid_of(const std::vector<Duration>& distances) {
  const Duration least = std::ranges::min(distances);
  const bool fits = least >= kGridMin && std::ranges::all_of(distances, [least](Duration distance) {
                      return distance % least == Duration(0);
                    });
  return fits ? std::optional(least) : std::nullopt;
}

/// The distance of neighbours, or else the median of all: neither a gap nor a repeated hour moves
/// it.
Duration typical_length(const Rows& rows) {
  if (rows.rows.size() < 2) {
    return rows.rows.front().length > Duration(0) ? rows.rows.front().length : rows.single;
  }
  std::vector<Duration> distances;
  for (std::size_t i = 1; i < rows.rows.size(); ++i) {
    const Row& before = rows.rows.at(i - 1);
    distances.push_back(before.length > Duration(0) ? before.length
                                                    : rows.rows.at(i).at - before.at);
  }
  const std::optional<Duration> grid = grid_of(distances);
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::ranges::nth_element(distances, middle);
  return rows.rows.front().length > Duration(0) ? *middle : grid.value_or(*middle);
}

struct SameTimes {
  std::int64_t copies = 0;
  std::int64_t added = 0;
};

/// One row for all of a time. That they count the same makes no copies of them: two queues may.
Row merged(std::span<Row> same, SameTimes& seen) {
  const auto all_of_it = [](const Row& row) { return std::pair(row.copy_of, row.messages); };
  std::ranges::sort(same, {}, all_of_it);
  Row sum = same.front();
  for (std::size_t i = 1; i < same.size(); ++i) {
    const bool copy = all_of_it(same[i]) == all_of_it(same[i - 1]);
    seen.copies += copy ? 1 : 0;
    seen.added += copy ? 0 : 1;
    sum.messages += copy ? 0 : same[i].messages;
  }
  return sum;
}

/// Rows of the same time: copies are dropped, others added up (an hour that clocks show twice).
void merge_same_times(std::vector<Row>& rows, std::vector<std::string>& remarks) {
  SameTimes seen;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows.at(end).at == rows.at(i).at) {
      ++end;
    }
    rows.at(kept++) = merged(std::span(rows).subspan(i, end - i), seen);
    i = end;
  }
  rows.resize(kept);
  if (seen.copies > 0) {
    remarks.push_back(seen.copies == 1
                          ? "1 row stood there twice and counts once"
                          : fmt::format("{} rows stood there twice and count once", seen.copies));
  }
  if (seen.added > 0) {
    remarks.push_back(
        fmt::format("{} of a time that another row has too {} added to it "
                    "(several queues in one file?)",
                    plural(seen.added, "row"), seen.added == 1 ? "was" : "were"));
  }
}

/// Gives the rows of a trace their lengths and fills what is between them.
class Filler {
 public:
  Filler(Trace& trace, const Rows& rows)
      : trace_(trace), rows_(rows.rows), empty_(rows.empty), typical_(trace.typical) {
    const auto [least, most] = std::ranges::minmax(rows_, {}, &Row::messages);
    // Who counts events writes no row where there was none; then single ones stand there as well.
    zero_ = rows.missing_is_zero || (least.messages > 0 && least.messages <= 1);
    by_cloudwatch_ = rows.missing_is_zero;
  }

  void fill() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_.at(i);
      const Duration length = length_of(i);
      trace_.intervals.push_back({.begin = row.at, .length = length, .messages = row.messages});
      if (i + 1 < rows_.size() && row.at + length < rows_.at(i + 1).at) {
        close_gap(i, row.at + length, rows_.at(i + 1).at);
      }
    }
    tell();
  }

 private:
  struct Kind {
    std::int64_t count = 0;
    Duration length = {};
    void add(Duration more) {
      ++count;
      length += more;
    }
    /// "2 gaps (3 min in all) are".
    std::string told() const {
      return fmt::format("{} ({} in all) {}", plural(count, "gap"), format_duration(length),
                         count == 1 ? "is" : "are");
    }
  };

  Duration distance(std::size_t i) const { return rows_.at(i + 1).at - rows_.at(i).at; }

  /// Whether row i is one of several that follow each other at its own distance.
  bool is_regular(std::size_t i) const {
    constexpr std::size_t kRun = 3;
    std::size_t run = 1;
    for (std::size_t j = i; j > 0 && distance(j - 1) == distance(i) && run < kRun; --j) {
      ++run;
    }
    for (std::size_t j = i + 1; j + 1 < rows_.size() && distance(j) == distance(i) && run < kRun;
         ++j) {
      ++run;
    }
    return run >= kRun;
  }

  Duration length_of(std::size_t i) {
    const Duration told = rows_.at(i).length;
    if (i + 1 == rows_.size()) {
      return told > Duration(0) ? told : typical_;
    }
    const Duration distance = this->distance(i);
    if (told > Duration(0)) {
      return std::min(told, distance);
    }
    if (distance <= typical_ + typical_ / 2) {
      return distance;
    }
    if (is_regular(i)) {
      longest_ = std::max(longest_, distance);
      return distance;
    }
    return typical_;
  }

  bool has_empty(Instant from, Instant to) const {
    const auto first = std::ranges::lower_bound(empty_, from);
    return first != empty_.end() && *first < to;
  }

  void close_gap(std::size_t before, Instant from, Instant to) {
    if (zero_ && !has_empty(from, to)) {
      zeros_.add(to - from);
    } else if (to - from > kFilledMax) {
      open_.add(to - from);
    } else {
      filled_.add(to - from);
      for (Instant at = from; at < to; at += kHour) {
        const Duration length = std::min(kHour, to - at);
        trace_.intervals.push_back(
            {.begin = at,
             .length = length,
             .messages = rate(before, at, to - from) * static_cast<double>(length.count())});
      }
    }
  }

  /// Messages a millisecond.
  double rate(std::size_t before, Instant at, Duration gap) const {
    double sum = 0;
    int count = 0;
    const auto add = [&sum, &count](std::optional<double> messages) {
      sum += messages.value_or(0);
      count += messages ? 1 : 0;
    };
    if (gap > kHour) {
      add(mean_from(at - kDay));
      add(mean_from(at + kDay));
    }
    if (count == 0) {
      add(rows_.at(before).messages);
      add(rows_.at(before + 1).messages);
    }
    return sum / count / static_cast<double>(typical_.count());
  }

  /// The mean of the rows of an hour.
  std::optional<double> mean_from(Instant begin) const {
    double sum = 0;
    int count = 0;
    for (auto row = std::ranges::lower_bound(rows_, begin, {}, &Row::at);
         row != rows_.end() && row->at < begin + kHour; ++row) {
      sum += row->messages;
      ++count;
    }
    return count == 0 ? std::nullopt : std::optional(sum / count);
  }

  void tell() {
    std::vector<std::string>& remarks = trace_.remarks;
    if (longest_ > Duration(0)) {
      remarks.push_back(fmt::format("rows are not equally far apart: {} mostly, up to {}",
                                    format_duration(typical_), format_duration(longest_)));
    }
    if (zeros_.count > 0) {
      remarks.push_back(zeros_.told() + " taken to bring no messages, because " +
                        (by_cloudwatch_ ? "CloudWatch keeps no value where nothing was sent"
                                        : "there are rows of 1 but none of 0"));
    }
    if (filled_.count > 0) {
      remarks.push_back(filled_.told() +
                        " not taken to bring no messages, but filled with the mean of the "
                        "neighbours, beyond an hour with that of the same hour a day before and "
                        "after");
    }
    if (open_.count > 0) {
      remarks.push_back(open_.told() +
                        " longer than 7 days and filled with nothing, which need not "
                        "be true: give the parts as files of their own");
    }
  }

  Trace& trace_;
  const std::vector<Row>& rows_;
  const std::vector<Instant>& empty_;
  Duration typical_;
  bool zero_ = false;
  bool by_cloudwatch_ = false;
  Duration longest_ = {};
  Kind zeros_ = {};
  Kind filled_ = {};
  Kind open_ = {};
};

void tell_coarseness(Trace& trace) {
  if (trace.typical >= kDay / 2) {
    trace.remarks.push_back(
        fmt::format("a row stands for {}: its messages are spread evenly over it, so that no peak "
                    "within a day shows, nor the waits and tasks that it makes; do not size a "
                    "service by that, give rows of minutes",
                    trace.typical == kDay ? "a day" : format_duration(trace.typical)));
  } else if (trace.typical >= kCoarse) {
    trace.remarks.push_back(
        fmt::format("a row stands for {}: its messages are spread evenly over it, so that shorter "
                    "peaks and their waits do not show",
                    format_duration(trace.typical)));
  }
}

}  // namespace

void take_differences(std::vector<Row>& rows) {
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    const double grown = rows.at(i + 1).messages - rows.at(i).messages;
    rows.at(i).messages = grown < 0 ? rows.at(i + 1).messages : grown;
  }
  if (!rows.empty()) {
    rows.pop_back();
  }
}

void fill_intervals(Trace& trace, Rows rows) {
  if (!std::ranges::is_sorted(rows.rows, {}, &Row::at)) {
    std::ranges::stable_sort(rows.rows, {}, &Row::at);
    trace.remarks.emplace_back("the rows were not in order of time and have been sorted");
  }
  std::ranges::sort(rows.empty);
  merge_same_times(rows.rows, trace.remarks);
  trace.typical = typical_length(rows);
  if (rows.rows.size() == 1) {
    trace.remarks.push_back(fmt::format("there is one row only; it is taken to stand for {}",
                                        format_duration(trace.typical)));
  }
  Filler(trace, rows).fill();
  tell_coarseness(trace);
  if (trace.messages() == 0) {
    trace.remarks.emplace_back("it holds no message at all");
  }
}

}  // namespace scaler::trace
