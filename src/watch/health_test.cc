#include "watch/health.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

using namespace std::chrono_literals;

TEST(Health, IsWellWhileThePassesEnd) {
  EXPECT_TRUE(health(0s, 30s).well);
  EXPECT_TRUE(health(30s, 30s).well);
  EXPECT_EQ(health(30s, 30s).text, "ok\n");
}

TEST(Health, IsIllOnceNoneHasEndedForTooLong) {
  const Health ill = health(30'001ms, 30s);
  EXPECT_FALSE(ill.well);
  EXPECT_EQ(health(90s, 30s).text, "no pass has ended for 1 min 30 s\n");
}

}  // namespace
}  // namespace scaler
