#include "watch/health.h"

#include <vector>

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

TEST(ReadLately, CountsWhoWasReadWithinTheTimeAndNeverWhoWasNot) {
  using namespace std::chrono_literals;
  const Instant now = Instant(1'000'000s);
  const std::vector<Instant> last_read{now, now - 30s, now - 31s, Instant{}};
  EXPECT_EQ(read_lately(last_read, 30s, now), 2U);
}

TEST(ReadLately, DoesNotTrustWhatWasReadBeforeTheClockWasSetBack) {
  const Instant now = Instant(1'000'000s);
  const std::vector<Instant> last_read{now + 5s, now + 1h};
  EXPECT_EQ(read_lately(last_read, 30s, now), 1U);
}

TEST(Readiness, NeedsMoreThanHalfOfTheServices) {
  EXPECT_FALSE(readiness(0, 1).well);
  EXPECT_FALSE(readiness(2, 4).well);
  EXPECT_TRUE(readiness(3, 4).well);
  EXPECT_EQ(readiness(3, 4).text, "3 of 4 services were read lately\n");
}

}  // namespace
}  // namespace scaler
