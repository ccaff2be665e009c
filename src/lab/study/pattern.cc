#include "lab/study/pattern.h"

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace scaler::study {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr std::size_t kPiecesNeeded = 2 * hours(1) / Load::kPiece;  // An hour of two days.
constexpr std::int64_t kSteps = 4;
/// So long before its first hour a window begins, except at midnight: tasks need time to start.
constexpr Duration kLead = std::chrono::minutes(10);

std::size_t kind_of(Instant at) {
  const bool weekend = std::chrono::weekday(std::chrono::floor<days>(at)).iso_encoding() >= 6;
  return static_cast<std::size_t>(weekend ? Pattern::Kind::Weekend : Pattern::Kind::WorkingDay);
}

std::size_t hour_of(Instant at) {
  return static_cast<std::size_t>((at - std::chrono::floor<days>(at)) / hours(1));
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// The hours of a day from the first on and before the last, and the minimum of tasks in them.
using Spans = std::map<std::pair<std::ptrdiff_t, std::ptrdiff_t>, std::int64_t>;

/// Where the minimums reach each step. Of spans with the same hours the highest stays.
Spans spans_of(std::span<const std::int64_t> minimums, std::span<const std::int64_t> steps) {
  Spans spans;
  for (const std::int64_t tasks : steps) {
    const auto enough = [tasks](std::int64_t minimum) { return minimum >= tasks; };
    for (auto first = std::ranges::find_if(minimums, enough); first != minimums.end();) {
      const auto last = std::find_if_not(first, minimums.end(), enough);
      spans[{first - minimums.begin(), last - minimums.begin()}] = tasks;
      first = std::find_if(last, minimums.end(), enough);
    }
  }
  return spans;
}

bool has(const Spans& spans, const Spans::value_type& span) {
  const auto found = spans.find(span.first);
  return found != spans.end() && *found == span;
}

}  // namespace

Pattern::Pattern(const Load& load) {
  std::array<std::array<std::vector<double>, 24>, 2> seen;
  Instant at = load.begin();
  for (const double busy : load.pieces()) {
    seen.at(kind_of(at)).at(hour_of(at)).push_back(busy);
    at += Load::kPiece;
  }
  for (std::size_t kind = 0; kind < seen.size(); ++kind) {
    for (std::size_t hour = 0; hour < seen.at(kind).size(); ++hour) {
      if (auto& busy = seen.at(kind).at(hour); busy.size() >= kPiecesNeeded) {
        usual_.at(kind).at(hour) = median(std::move(busy));
      }
    }
  }
}

std::vector<ScheduleOptions> Pattern::windows(double share, std::int64_t tasks_max) const {
  std::array<std::array<std::int64_t, 24>, 2> minimums{};
  std::int64_t highest = 0;
  for (std::size_t kind = 0; kind < usual_.size(); ++kind) {
    std::ranges::transform(usual_.at(kind), minimums.at(kind).begin(), [&](double busy) {
      return std::min(static_cast<std::int64_t>(busy * share), tasks_max);
    });
    highest = std::max(highest, std::ranges::max(minimums.at(kind)));
  }
  std::vector<std::int64_t> steps;
  for (std::int64_t i = 1; i <= kSteps && highest > 0; ++i) {
    steps.push_back(((highest * i) + kSteps - 1) / kSteps);
  }
  const Spans working_days = spans_of(minimums[0], steps);
  const Spans weekends = spans_of(minimums[1], steps);
  std::vector<ScheduleOptions> windows;
  const auto add = [&windows](const Spans::value_type& span, std::string_view on) {
    const auto& [first, last] = span.first;
    const Duration begin = std::max<Duration>(hours(first) - kLead, hours(0));
    const std::chrono::hh_mm_ss clock(begin);
    windows.push_back(
        {.cron = fmt::format("{} {} * * {}", clock.minutes().count(), clock.hours().count(), on),
         .duration = hours(last) - begin,
         .tasks_min = span.second});
  };
  for (const auto& span : working_days) {
    add(span, has(weekends, span) ? "*" : "1-5");
  }
  for (const auto& span : weekends) {
    if (!has(working_days, span)) {
      add(span, "0,6");
    }
  }
  return windows;
}

}  // namespace scaler::study
