#pragma once
// Integer arithmetic of the rules: 64 bit, rounding named, never overflowing. Arguments are not
// negative.

#include <cstdint>
#include <limits>

namespace scaler {

constexpr std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  return a > kMax - b ? kMax : a + b;
}

/// `divisor` is at least 1.
constexpr std::int64_t divide_rounding_up(std::int64_t dividend, std::int64_t divisor) {
  return dividend / divisor + (dividend % divisor == 0 ? 0 : 1);
}

}  // namespace scaler
