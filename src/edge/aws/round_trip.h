#pragma once
// RoundTrip: the fastest round trip of the last minutes.

#include <algorithm>

#include "ground/base/clock.h"

namespace scaler::aws {

/// Pure: steady time comes in. What it knows is forgotten after two to four minutes, so that a link
/// that has become slower for good is believed.
class RoundTrip {
 public:
  void add(Duration took, Deadline now) {
    constexpr Duration kSpan = std::chrono::minutes(2);
    if (now - since_ >= kSpan) {
      before_ = now - since_ >= 2 * kSpan ? Duration::max() : latest_;
      latest_ = Duration::max();
      since_ = now;
    }
    latest_ = std::min(latest_, std::max(took, Duration(1)));
  }

  /// Zero while none is known.
  Duration fastest() const {
    const Duration fastest = std::min(latest_, before_);
    return fastest == Duration::max() ? Duration::zero() : fastest;
  }

 private:
  Deadline since_ = {};
  Duration latest_ = Duration::max();
  Duration before_ = Duration::max();
};

}  // namespace scaler::aws
