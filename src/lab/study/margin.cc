#include "lab/study/margin.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace scaler::study {
namespace {

using std::chrono::days;
using std::chrono::hours;

/// Standard deviations: five of six are below.
constexpr double kDeviations = 1;
/// The variance of the other time, which is half as long, and that of this one.
constexpr double kVariances = 2 + 1;
/// After which much comes back: a part is compared with that of so long before, for what is late
/// each night will be late in other nights, too.
constexpr std::array<Duration, 2> kPeriods{days(7), days(1)};
constexpr Duration kPart = hours(3);
/// Of so few longer times nobody can tell how they differ.
constexpr std::size_t kSumsMin = 8;
constexpr std::int64_t kPartsMin = 16;

/// Of a sum of values, told from the sums of so many neighbours: from the differences of those that
/// are so many apart, or from zero, their mean, where that is 0. Nothing: there are too few.
double variance_of_sum(const std::vector<double>& values, std::size_t apart,
                       std::size_t neighbours) {
  double squares = 0;
  std::size_t sums = 0;
  for (std::size_t first = apart; first + neighbours <= values.size(); first += neighbours) {
    double sum = 0;
    for (std::size_t i = first; i < first + neighbours; ++i) {
      sum += values[i] - (apart > 0 ? values[i - apart] : 0);
    }
    squares += sum * sum;
    ++sums;
  }
  if (sums < (neighbours > 1 ? kSumsMin : 1)) {
    return 0;
  }
  const auto count = static_cast<double>(values.size()) / static_cast<double>(neighbours);
  return apart > 0 ? squares / 2 * count / static_cast<double>(sums)
                   : squares * count / std::max(static_cast<double>(sums) - 1, 1.0);
}

}  // namespace

Duration length_of_parts(Duration length) {
  return length < 2 * kPeriods.back() ? std::max(length / kPartsMin, Duration(1)) : kPart;
}

Duration margin_of(const sim::Score& score, double share, Duration part) {
  sim::Lateness all;
  for (const sim::Lateness& one : score.parts) {
    all.messages += one.messages;
    all.late += one.late;
  }
  if (all.late == 0) {
    return Duration(0);
  }
  const double late = static_cast<double>(all.late) / static_cast<double>(all.messages);
  std::vector<double> more;  // Than there would be if all parts were alike.
  more.reserve(score.parts.size());
  for (const sim::Lateness& one : score.parts) {
    more.push_back(static_cast<double>(one.late) - late * static_cast<double>(one.messages));
  }
  std::size_t apart = 0;
  for (const Duration period : kPeriods) {
    const auto parts = static_cast<std::size_t>(period / part);
    const bool holds_two = period % part == Duration(0) && 2 * parts <= more.size();
    apart = apart == 0 && holds_two ? parts : apart;
  }
  // Where one part is late its neighbours often are, too, and a busy week has many such days: taken
  // alone, the parts would tell less than the days and weeks differ.
  double variance = variance_of_sum(more, apart, 1);
  for (const Duration period : kPeriods) {
    const auto parts = static_cast<std::size_t>(period / part);
    variance = std::max(variance, variance_of_sum(more, apart, std::max<std::size_t>(parts, 1)));
  }
  const double deviation = std::sqrt(kVariances * variance) / static_cast<double>(all.messages);
  return score.waiting.quantile(share + kDeviations * deviation) - score.waiting.quantile(share);
}

}  // namespace scaler::study
