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
constexpr std::int64_t kPartsMin = 16;

/// Of a sum of values, told from the differences of those that are so many apart; of those from
/// zero, their mean, where that is 0.
double variance_of_sum(const std::vector<double>& values, std::size_t apart) {
  const auto count = static_cast<double>(values.size());
  double squares = 0;
  for (std::size_t i = apart; i < values.size(); ++i) {
    const double difference = values[i] - (apart > 0 ? values[i - apart] : 0);
    squares += difference * difference;
  }
  return apart > 0 ? squares / 2 * count / (count - static_cast<double>(apart))
                   : squares * count / std::max(count - 1, 1.0);
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
  const double deviation =
      std::sqrt(kVariances * variance_of_sum(more, apart)) / static_cast<double>(all.messages);
  return score.waiting.quantile(share + kDeviations * deviation) - score.waiting.quantile(share);
}

}  // namespace scaler::study
