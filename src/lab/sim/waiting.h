#pragma once
// WaitingTimes: a distribution of durations in fixed memory. Counts are exact; a quantile is told
// within 1 part in 256.

#include <cstdint>
#include <vector>

#include "ground/base/clock.h"

namespace scaler::sim {

class WaitingTimes {
 public:
  void add(Duration duration, std::int64_t count = 1);
  WaitingTimes& operator+=(const WaitingTimes& other);

  std::int64_t count() const { return count_; }
  Duration max() const { return max_; }
  /// Milliseconds; 0 without any.
  double mean() const;
  double variance() const;
  /// The smallest duration that at least this share (0..1) of all does not exceed, rounded up to
  /// the histogram's resolution and never above max(); zero without any.
  Duration quantile(double share) const;
  /// The share that is at most as long, at the histogram's resolution; 1 without any.
  double share_within(Duration limit) const;

 private:
  std::vector<std::int64_t> buckets_ = {};
  std::int64_t count_ = 0;
  Duration max_ = Duration(0);
  double sum_ = 0;
  double sum_of_squares_ = 0;
};

}  // namespace scaler::sim
