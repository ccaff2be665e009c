#pragma once
// Histogram: how long things took, as counts within fixed bounds.

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "ground/base/clock.h"

namespace scaler {

class Histogram {
 public:
  /// Of a call to the next rack as well as of a pass over thousands of services.
  static constexpr std::array<Duration, 12> kBounds{
      Duration(5),    Duration(10),   Duration(25),    Duration(50),
      Duration(100),  Duration(250),  Duration(500),   Duration(1000),
      Duration(2500), Duration(5000), Duration(10000), Duration(30000)};

  void add(Duration took) {
    const auto* const bound = std::ranges::lower_bound(kBounds, took);
    ++counts_.at(static_cast<std::size_t>(bound - kBounds.begin()));
    sum_ += took;
  }

  /// How many took no longer than each bound and longer than the one before; the last: longer than
  /// all.
  std::span<const std::int64_t> counts() const { return counts_; }
  Duration sum() const { return sum_; }

 private:
  std::array<std::int64_t, kBounds.size() + 1> counts_ = {};
  Duration sum_ = {};
};

}  // namespace scaler
