#include "lab/sim/waiting.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ground/base/random.h"

namespace scaler::sim {
namespace {

TEST(WaitingTimes, TellsNothingOfNothing) {
  const WaitingTimes none;
  EXPECT_EQ(none.quantile(0.5), Duration(0));
  EXPECT_EQ(none.max(), Duration(0));
  EXPECT_EQ(none.mean(), 0);
  EXPECT_EQ(none.share_within(Duration(0)), 1);
}

TEST(WaitingTimes, IsExactBelowHalfASecond) {
  WaitingTimes times;
  for (int i = 1; i <= 100; ++i) {
    times.add(Duration(i));
  }
  EXPECT_EQ(times.quantile(0.5), Duration(50));
  EXPECT_EQ(times.quantile(0.95), Duration(95));
  EXPECT_EQ(times.quantile(1), Duration(100));
  EXPECT_DOUBLE_EQ(times.mean(), 50.5);
  EXPECT_NEAR(times.variance(), 833.25, 1e-9);
  EXPECT_DOUBLE_EQ(times.share_within(Duration(30)), 0.3);
}

TEST(WaitingTimes, TellsQuantilesOfLongTimesWithinOnePartIn256) {
  Random random(1);
  WaitingTimes times;
  std::vector<Duration> all;
  for (int i = 0; i < 10'000; ++i) {
    const auto drawn = Duration(static_cast<std::int64_t>(std::exp(18 * random.uniform())));
    all.push_back(drawn);
    times.add(drawn);
  }
  std::ranges::sort(all);
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999}) {
    const Duration exact =
        all[static_cast<std::size_t>(std::ceil(share * static_cast<double>(all.size()))) - 1];
    EXPECT_GE(times.quantile(share), exact) << share;
    EXPECT_LE(times.quantile(share), exact + exact / 256 + Duration(1)) << share;
  }
  EXPECT_EQ(times.quantile(1), all.back());
  EXPECT_EQ(times.max(), all.back());
}

TEST(WaitingTimes, AddsUp) {
  WaitingTimes a;
  a.add(Duration(10), 3);
  WaitingTimes b;
  b.add(Duration(100'000));
  a += b;
  EXPECT_EQ(a.count(), 4);
  EXPECT_EQ(a.max(), Duration(100'000));
  EXPECT_EQ(a.quantile(0.75), Duration(10));
  EXPECT_EQ(a.quantile(0.76), Duration(100'000));
}

}  // namespace
}  // namespace scaler::sim
