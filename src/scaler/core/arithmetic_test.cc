#include "scaler/core/arithmetic.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLarge = std::int64_t{1} << 33;

TEST(SaturatingAdd, EndsAtTheLargestNumber) {
  EXPECT_EQ(saturating_add(kMax - 2, 1), kMax - 1);
  EXPECT_EQ(saturating_add(kMax - 1, 1), kMax);
  EXPECT_EQ(saturating_add(kMax, kMax), kMax);
}

TEST(ScaleRoundingUp, IsExactWhereTheProductDoesNotFit) {
  EXPECT_EQ(scale_rounding_up(kLarge, kLarge, kLarge), kLarge);
  EXPECT_EQ(scale_rounding_up(kMax, kMax, kMax), kMax);
  EXPECT_EQ(scale_rounding_up(kMax - 1, 3, 3), kMax - 1);
}

TEST(ScaleRoundingUp, RoundsUpOnlyWhatIsNotWhole) {
  EXPECT_EQ(scale_rounding_up(kLarge, 1, 2), kLarge / 2);
  EXPECT_EQ(scale_rounding_up(kLarge + 1, 1, 2), kLarge / 2 + 1);
  EXPECT_EQ(scale_rounding_up(10, 2, 5), 4);
  EXPECT_EQ(scale_rounding_up(11, 2, 5), 5);
}

TEST(ScaleRoundingUp, EndsAtTheLargestNumber) {
  EXPECT_EQ(scale_rounding_up(kMax, 2, 1), kMax);
  EXPECT_EQ(scale_rounding_up(kMax, kMax, 1), kMax);
}

}  // namespace
}  // namespace scaler
