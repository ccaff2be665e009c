#include "ground/base/turns.h"

#include <string>

#include <gtest/gtest.h>

namespace scaler {
namespace {

using namespace std::chrono_literals;

const Instant kStart = *parse_instant("2026-11-23T12:00:00Z");

TEST(Turns, EachHasOneInEachPeriod) {
  for (int i = 0; i < 100; ++i) {
    const std::string name = "service-" + std::to_string(i);
    int turns = 0;
    for (Instant at = kStart; at < kStart + 50min; at += 10s) {
      turns += turn_came(name, at, at + 10s, 5min) ? 1 : 0;
    }
    EXPECT_EQ(turns, 10) << name;
    EXPECT_TRUE(turn_came(name, kStart, kStart + 5min, 5min));
    EXPECT_TRUE(turn_came(name, kStart, kStart - 1h, 5min));
    EXPECT_FALSE(turn_came(name, kStart, kStart, 5min));
  }
}

TEST(Turns, AreSpreadEvenly) {
  int most = 0;
  for (Instant at = kStart; at < kStart + 5min; at += 10s) {
    int now = 0;
    for (int i = 0; i < 3000; ++i) {
      now += turn_came("arn:aws:ecs:r:1:service/main/s" + std::to_string(i), at, at + 10s, 5min);
    }
    most = std::max(most, now);
  }
  EXPECT_LT(most, 150);  // A hundred of the 3,000 on average.
}

}  // namespace
}  // namespace scaler
