#pragma once
// Integer arithmetic of the rules: 64 bit, rounding named, never overflowing. Arguments are not
// negative.

#include <compare>
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

/// value x numerator / denominator, exact in between, rounded up, saturating; `denominator` is at
/// least 1.
constexpr std::int64_t scale_rounding_up(std::int64_t value, std::int64_t numerator,
                                         std::int64_t denominator) {
  if (((value | numerator) >> 31) == 0) {  // Quick: the product fits.
    return divide_rounding_up(value * numerator, denominator);
  }
  __extension__ using Wide = unsigned __int128;
  constexpr Wide kMax = std::numeric_limits<std::int64_t>::max();
  const Wide product = static_cast<Wide>(value) * static_cast<Wide>(numerator);
  const auto divisor = static_cast<Wide>(denominator);
  const Wide quotient = product / divisor + (product % divisor == 0 ? 0 : 1);
  return static_cast<std::int64_t>(quotient > kMax ? kMax : quotient);
}

/// A number with six decimals, as a whole number of millionths: 0.1 is {100'000}. Ratios, weights
/// and rates are these, so that no rule computes with floating point.
struct Millionths {
  static constexpr std::int64_t kOne = 1'000'000;

  std::int64_t count = 0;
  constexpr auto operator<=>(const Millionths&) const = default;
};

}  // namespace scaler
