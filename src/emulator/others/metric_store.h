#pragma once
// MetricStore: CloudWatch's memory: of each metric what was put in each minute.

#include <algorithm>
#include <compare>
#include <map>
#include <string>
#include <vector>

#include "ground/base/clock.h"

namespace scaler::emulator {

struct MetricId {
  std::string account = {};
  std::string region = {};
  std::string name_space = {};
  std::string name = {};
  std::map<std::string, std::string> dimensions = {};
  auto operator<=>(const MetricId&) const = default;
};

/// What CloudWatch keeps of the values of a period.
struct Statistics {
  double sum = 0;
  double minimum = 0;
  double maximum = 0;
  double count = 0;  ///< of values; 0: there is none

  void add(const Statistics& other) {
    minimum = count > 0 ? std::min(minimum, other.minimum) : other.minimum;
    maximum = count > 0 ? std::max(maximum, other.maximum) : other.maximum;
    sum += other.sum;
    count += other.count;
  }
  static Statistics of(double value) {
    return {.sum = value, .minimum = value, .maximum = value, .count = 1};
  }
};

/// The periods that are wanted: those that begin in [from, to).
struct MetricRange {
  Instant from = {};
  Instant to = {};
  Duration period = std::chrono::minutes(1);
};

class MetricStore {
 public:
  using Minutes = std::map<Instant, Statistics>;

  /// False when there is no room for another metric.
  bool put(const MetricId& metric, Instant at, const Statistics& values);
  /// By the beginning of each period that has values, the earliest first.
  std::vector<std::pair<Instant, Statistics>> read(const MetricId& metric,
                                                   const MetricRange& range) const;
  const std::map<MetricId, Minutes>& metrics() const { return metrics_; }

 private:
  std::map<MetricId, Minutes> metrics_ = {};
};

}  // namespace scaler::emulator
