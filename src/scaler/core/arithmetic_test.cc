#include "scaler/core/arithmetic.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLarge = std::int64_t{1} << 33;

TEST(SaturatingAdd, EndsAtTheLargestNumber) {
  EXPECT_EQ(saturating_add(kLargest - 2, 1), kLargest - 1);
  EXPECT_EQ(saturating_add(kLargest - 1, 1), kLargest);
  EXPECT_EQ(saturating_add(kLargest, kLargest), kLargest);
}

TEST(ScaleRoundingUp, IsExactWhereTheProductDoesNotFit) {
  EXPECT_EQ(scale_rounding_up(kLarge, kLarge, kLarge), kLarge);
  EXPECT_EQ(scale_rounding_up(kLargest, kLargest, kLargest), kLargest);
  EXPECT_EQ(scale_rounding_up(kLargest - 1, 3, 3), kLargest - 1);
}

TEST(ScaleRoundingUp, RoundsUpOnlyWhatIsNotWhole) {
  EXPECT_EQ(scale_rounding_up(kLarge, 1, 2), kLarge / 2);
  EXPECT_EQ(scale_rounding_up(kLarge + 1, 1, 2), kLarge / 2 + 1);
  EXPECT_EQ(scale_rounding_up(10, 2, 5), 4);
  EXPECT_EQ(scale_rounding_up(11, 2, 5), 5);
}

TEST(ScaleRoundingUp, EndsAtTheLargestNumber) {
  EXPECT_EQ(scale_rounding_up(kLargest, 2, 1), kLargest);
  EXPECT_EQ(scale_rounding_up(kLargest, kLargest, 1), kLargest);
}

}  // namespace
}  // namespace scaler
