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

Duration distance_behind(std::span<const Row> rows, std::size_t i) {
  return rows[i + 1].at - rows[i].at;
}

bool is_far(Duration distance, Duration typical) {
  return distance > typical + typical / 2;
}

/// Whether row i is one of several that follow each other at its own distance.
bool is_regular(std::span<const Row> rows, std::size_t i) {
  constexpr std::size_t kRun = 3;
  const Duration own = distance_behind(rows, i);
  std::size_t run = 1;
  for (std::size_t j = i; j > 0 && distance_behind(rows, j - 1) == own && run < kRun; --j) {
    ++run;
  }
  for (std::size_t j = i + 1; j + 1 < rows.size() && distance_behind(rows, j) == own && run < kRun;
       ++j) {
    ++run;
  }
  return run >= kRun;
}

/// Gives the rows of a trace their lengths and fills what is between them.
class Filler {
 public:
  Filler(Trace& trace, const Rows& rows)
      : trace_(trace),
        rows_(rows.rows),
        empty_(rows.empty),
        typical_(trace.typical),
        near_(rows.near),
        missing_(rows.missing) {
    const double least = std::ranges::min(rows_, {}, &Row::messages).messages;
    zero_ = missing_ == Missing::Told ? least > 0 && least <= 1 : missing_ != Missing::Unknown;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      lengths_.push_back(length_of(i));
    }
  }

  void fill() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Row& row = rows_.at(i);
      const Duration length = lengths_.at(i);
      trace_.intervals.push_back({.begin = row.at, .length = length, .messages = row.messages});
      if (i + 1 < rows_.size() && row.at + length < rows_.at(i + 1).at) {
        close_gap(i, row.at + length, rows_.at(i + 1).at);
      }
    }
    tell();
  }

 private:
  Duration length_of(std::size_t i) {
    const Duration told = rows_.at(i).length;
    if (i + 1 == rows_.size()) {
      return told > Duration(0) ? told : typical_;
    }
    const Duration distance = distance_behind(rows_, i);
    if (told > Duration(0)) {
      return std::min(told, distance);
    }
    if (is_gap_behind(rows_, i, typical_)) {
      return i > 0 && is_regular(rows_, i - 1) ? std::min(distance_behind(rows_, i - 1), distance)
                                               : typical_;
    }
    if (is_far(distance, typical_)) {
      longest_ = std::max(longest_, distance);
    }
    return distance;
  }

  bool has_empty(Instant from, Instant to) const {
    const auto first = std::ranges::lower_bound(empty_, from);
    return first != empty_.end() && *first < to;
  }

  void close_gap(std::size_t before, Instant from, Instant to) {
    const double least = rows_.at(before).behind;
    if (zero_ && !has_empty(from, to)) {
      zeros_.add(to - from);
    } else if (to - from > kFilledMax) {
      open_.add(to - from);
      if (least > 0) {
        trace_.intervals.push_back({.begin = from, .length = to - from, .messages = least});
      }
    } else {
      filled_.add(to - from);
      const std::size_t first = trace_.intervals.size();
      double sum = 0;
      for (Instant at = from; at < to; at += kHour) {
        const Duration length = std::min(kHour, to - at);
        const double messages = rate(before, at, to - from) * static_cast<double>(length.count());
        trace_.intervals.push_back({.begin = at, .length = length, .messages = messages});
        sum += messages;
      }
      if (sum < least) {
        trace_.intervals.resize(first);
        trace_.intervals.push_back({.begin = from, .length = to - from, .messages = least});
      }
    }
  }

  /// Messages a millisecond.
  double rate(std::size_t before, Instant at, Duration gap) const {
    double sum = 0;
    int count = 0;
    const auto add = [&sum, &count](std::optional<double> mean) {
      sum += mean.value_or(0);
      count += mean ? 1 : 0;
    };
    if (gap > kHour) {
      add(mean_between(at - kDay, at - kDay + kHour));
      add(mean_between(at + kDay, at + kDay + kHour));
    }
    if (count == 0) {
      const Row& last = rows_.at(before);
      const Row& next = rows_.at(before + 1);
      const Duration near = std::max(near_, Duration(1));
      add(mean_between(std::min(last.at, last.at + lengths_.at(before) - near), next.at));
      add(mean_between(next.at, next.at + near));
    }
    return sum / count;
  }

  /// A millisecond's messages in the rows that begin there. They may be of several lengths: an
  /// hour's row taken for a minute's would fill a gap with sixty times what came.
  std::optional<double> mean_between(Instant begin, Instant end) const {
    double sum = 0;
    Duration length{0};
    const auto first = std::ranges::lower_bound(rows_, begin, {}, &Row::at);
    for (auto i = static_cast<std::size_t>(first - rows_.begin());
         i < rows_.size() && rows_.at(i).at < end; ++i) {
      sum += rows_.at(i).messages;
      length += lengths_.at(i);
    }
    return length == Duration(0) ? std::nullopt
                                 : std::optional(sum / static_cast<double>(length.count()));
  }

  std::string_view why_zero() const {
    switch (missing_) {
      case Missing::CloudWatch:
        return "CloudWatch keeps no value where nothing was sent";
      case Missing::Events:
        return "each row is a message";
      case Missing::Told:
      case Missing::Unknown:
        break;
    }
    return "there are rows of 1 but none of 0";
  }

  void tell() {
    std::vector<std::string>& remarks = trace_.remarks;
    if (longest_ > Duration(0)) {
      remarks.push_back(fmt::format("rows are not equally far apart: {} mostly, up to {}",
                                    format_duration(typical_), format_duration(longest_)));
    }
    if (zeros_.count > 0) {
      remarks.push_back(
          fmt::format("{} taken to bring no messages, because {}", zeros_.told(), why_zero()));
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
  Duration near_;
  Missing missing_;
  bool zero_ = false;
  std::vector<Duration> lengths_ = {};  ///< of each row
  Duration longest_ = {};
  Gaps zeros_ = {};
  Gaps filled_ = {};
  Gaps open_ = {};
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

void Gaps::add(Duration more) {
  ++count;
  length += more;
}

std::string Gaps::told() const {
  return fmt::format("{} ({} in all) {}", plural(count, "gap"), format_duration(length),
                     count == 1 ? "is" : "are");
}

bool is_gap_behind(std::span<const Row> rows, std::size_t i, Duration typical) {
  return is_far(distance_behind(rows, i), typical) && !is_regular(rows, i);
}

void fill_intervals(Trace& trace, Rows rows) {
  if (!std::ranges::is_sorted(rows.rows, {}, &Row::at)) {
    std::ranges::stable_sort(rows.rows, {}, &Row::at);
    trace.remarks.emplace_back("the rows were not in order of time and have been sorted");
  }
  std::ranges::sort(rows.empty);
  merge_same_times(rows.rows, trace.remarks);
  trace.typical = typical_length(rows);
  if (rows.rows.size() == 1 && rows.rows.front().length == Duration(0)) {
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
