#include "lab/world/duration_range.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

namespace scaler::world {
namespace {

using std::chrono::seconds;

struct Moments {
  double mean = 0;
  double deviation = 0;
  Duration min = Duration::max();
};

Moments moments(const DurationRange& range) {
  constexpr int kDraws = 100'000;
  Random random(7);
  Moments moments;
  double squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const Duration drawn = draw(range, random);
    const auto value = static_cast<double>(drawn.count());
    moments.mean += value / kDraws;
    squares += value * value / kDraws;
    moments.min = std::min(moments.min, drawn);
  }
  moments.deviation = std::sqrt(std::max(0.0, squares - moments.mean * moments.mean));
  return moments;
}

TEST(DurationRange, IsFixedWhenItHasNoWidth) {
  const Moments fixed = moments({.min = seconds(3), .max = seconds(3)});
  EXPECT_NEAR(fixed.mean, 3000, 1e-6);
  EXPECT_EQ(fixed.min, seconds(3));
}

TEST(DurationRange, IsUniformBetweenItsEnds) {
  const Moments uniform = moments({.min = seconds(10), .max = seconds(20)});
  EXPECT_NEAR(uniform.mean, 15'000, 50);
  EXPECT_NEAR(uniform.deviation, 10'000 / std::sqrt(12.0), 50);
}

TEST(DurationRange, HasATailOfTheGivenMeanAndVariation) {
  for (const double variation : {0.2, 1.0, 2.0}) {
    const Moments drawn = moments(
        {.min = seconds(5), .max = seconds(5), .tail = seconds(20), .tail_variation = variation});
    EXPECT_NEAR(drawn.mean, 25'000, 600) << variation;
    EXPECT_NEAR(drawn.deviation, 20'000 * variation, 1000 * variation + 100) << variation;
    EXPECT_GE(drawn.min, seconds(5));
  }
  EXPECT_NEAR(moments({.tail = seconds(20), .tail_variation = 0}).deviation, 0, 1);
}

}  // namespace
}  // namespace scaler::world
