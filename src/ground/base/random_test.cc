#include "ground/base/random.h"

#include <limits>

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(Random, RepeatsItsSequenceForASeed) {
  Random first(42);
  Random second(42);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(first.next(), second.next());
  }
}

TEST(Random, StaysWithinTheAskedRange) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const double uniform = random.uniform();
    EXPECT_GE(uniform, 0.0);
    EXPECT_LT(uniform, 1.0);
    const std::int64_t die = random.between(1, 6);
    EXPECT_GE(die, 1);
    EXPECT_LE(die, 6);
  }
}

TEST(Random, TakesTheWholeRangeOf64Bits) {
  Random random(7);
  constexpr std::int64_t kLow = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kHigh = std::numeric_limits<std::int64_t>::max();
  EXPECT_NE(random.between(kLow, kHigh), random.between(kLow, kHigh));
}

}  // namespace
}  // namespace scaler
