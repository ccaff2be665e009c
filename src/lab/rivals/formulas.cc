#include "lab/rivals/formulas.h"

#include <algorithm>
#include <cmath>

namespace scaler::rivals {
namespace {

constexpr double kHpaTolerance = 0.1;

template <typename Breaches>
bool all_latest(const std::deque<double>& datapoints, std::size_t count, Breaches breaches) {
  return datapoints.size() >= count &&
         std::all_of(datapoints.end() - static_cast<std::ptrdiff_t>(count), datapoints.end(),
                     breaches);
}

/// A percentage of the capacity: rounded towards zero, but at least one task.
std::int64_t percent_of(std::int64_t capacity, std::int64_t percent) {
  return std::max<std::int64_t>(1, capacity * percent / 100);
}

}  // namespace

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return a / b + (a % b > 0 ? 1 : 0);
}

std::int64_t tracked(std::int64_t capacity, double metric, double target) {
  constexpr double kRounding = 1e-9;  // 3 * (6.6 / 6.6) is 3, not 4.
  return static_cast<std::int64_t>(
      std::ceil(static_cast<double>(capacity) * metric / target - kRounding));
}

bool all_above(const std::deque<double>& datapoints, std::size_t count, double threshold) {
  return all_latest(datapoints, count, [=](double value) { return value > threshold; });
}

bool all_below(const std::deque<double>& datapoints, std::size_t count, double threshold) {
  return all_latest(datapoints, count, [=](double value) { return value < threshold; });
}

std::int64_t stepped_out(std::int64_t capacity, double metric, double threshold) {
  if (metric >= 4 * threshold) {
    return capacity + percent_of(capacity, 300);
  }
  return capacity + percent_of(capacity, metric >= 2 * threshold ? 100 : 25);
}

std::int64_t stepped_in(std::int64_t capacity) {
  return capacity - percent_of(capacity, 25);
}

std::int64_t hpa_recommendation(std::int64_t replicas, std::int64_t messages,
                                std::int64_t per_replica) {
  const double ratio = static_cast<double>(messages) /
                       static_cast<double>(per_replica * std::max<std::int64_t>(1, replicas));
  if (std::abs(ratio - 1) <= kHpaTolerance) {
    return replicas;
  }
  return ceil_div(messages, per_replica);
}

std::int64_t hpa_scale_up_limit(std::int64_t replicas_a_period_ago) {
  return replicas_a_period_ago + std::max<std::int64_t>(4, replicas_a_period_ago);
}

}  // namespace scaler::rivals
