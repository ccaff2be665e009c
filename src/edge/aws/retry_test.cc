#include "edge/aws/retry.h"

#include <gtest/gtest.h>

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

constexpr Attempt kTransient{.next = Attempt::Next::AgainLater, .kind = ErrorKind::Unavailable};
constexpr Attempt kThrottled{.next = Attempt::Next::AgainLater, .kind = ErrorKind::Throttled};

/// The longest of many pauses after so many failed attempts.
Duration longest_pause(const Attempt& failed, int attempts) {
  Random random(7);
  Duration longest{0};
  for (int i = 0; i < 2000; ++i) {
    RetryPolicy policy(100);
    longest = std::max(longest, *policy.pause(failed, attempts, random));
  }
  return longest;
}

TEST(RetryPolicy, DoublesItsPausesUpToTwentySeconds) {
  EXPECT_NEAR(static_cast<double>(longest_pause(kTransient, 1).count()), 50, 1);
  EXPECT_NEAR(static_cast<double>(longest_pause(kTransient, 2).count()), 100, 2);
  EXPECT_NEAR(static_cast<double>(longest_pause(kTransient, 5).count()), 800, 10);
  EXPECT_NEAR(static_cast<double>(longest_pause(kThrottled, 1).count()), 1000, 10);
  EXPECT_NEAR(static_cast<double>(longest_pause(kThrottled, 3).count()), 4000, 40);
  EXPECT_NEAR(static_cast<double>(longest_pause(kThrottled, 90).count()), 20000, 200);
}

TEST(RetryPolicy, SpreadsItsPausesOverTheWholeRange) {
  Random random(3);
  RetryPolicy policy(100);
  int below_half = 0;
  for (int i = 0; i < 90; ++i) {
    below_half += *policy.pause(kThrottled, 1, random) < 500ms ? 1 : 0;
  }
  EXPECT_GT(below_half, 25);
  EXPECT_LT(below_half, 65);
}

TEST(RetryPolicy, CountsTheFirstAttempt) {
  Random random(1);
  RetryPolicy policy(3);
  EXPECT_TRUE(policy.pause(kTransient, 1, random).has_value());
  EXPECT_TRUE(policy.pause(kTransient, 2, random).has_value());
  EXPECT_FALSE(policy.pause(kTransient, 3, random).has_value());
}

TEST(RetryPolicy, PaysFromABucketOfTokensAndGetsThemBackAfterASuccess) {
  Random random(1);
  RetryPolicy policy(100);
  int retries = 0;
  while (policy.pause(kTransient, 1, random)) {
    ++retries;
  }
  EXPECT_EQ(retries, 35);  // 500 tokens at 14 each.
  EXPECT_EQ(policy.tokens(), 10);
  EXPECT_TRUE(policy.pause(kThrottled, 1, random).has_value());  // 5
  policy.succeeded(ErrorKind::Throttled);
  policy.succeeded(ErrorKind::Unavailable);
  policy.succeeded(std::nullopt);
  EXPECT_EQ(policy.tokens(), 25);
  for (int i = 0; i < 1000; ++i) {
    policy.succeeded(std::nullopt);
  }
  EXPECT_EQ(policy.tokens(), RetryPolicy::kTokens);
}

TEST(RetryPolicy, HonoursTheServersPauseWithinFiveSecondsOfItsOwn) {
  Random random(1);
  Attempt asked = kTransient;
  asked.server_pause = 1500ms;
  EXPECT_EQ(RetryPolicy(3).pause(asked, 1, random), 1500ms);
  asked.server_pause = 1h;
  const Duration capped = *RetryPolicy(3).pause(asked, 1, random);
  EXPECT_GE(capped, 5s);
  EXPECT_LE(capped, 5050ms);
}

TEST(PauseAfter, GoesAtOnceWhenTheCauseIsMendedAndNeverAfterASuccess) {
  Random random(1);
  RetryPolicy policy(1);
  CallHistory history;
  EXPECT_EQ(pause_after({.next = Attempt::Next::AgainNow}, history, policy, random), 0ms);
  EXPECT_EQ(pause_after({.next = Attempt::Next::GiveUp}, history, policy, random), std::nullopt);
  EXPECT_EQ(pause_after({.next = Attempt::Next::Finished}, history, policy, random), std::nullopt);
  EXPECT_EQ(history.failures, 0);
}

TEST(PauseAfter, CountsTheFailuresOfItsCall) {
  Random random(1);
  RetryPolicy policy(3);
  CallHistory history;
  EXPECT_TRUE(pause_after(kThrottled, history, policy, random).has_value());
  EXPECT_TRUE(pause_after(kThrottled, history, policy, random).has_value());
  EXPECT_FALSE(pause_after(kThrottled, history, policy, random).has_value());
  EXPECT_EQ(policy.tokens(), RetryPolicy::kTokens - 10);
  pause_after({.next = Attempt::Next::Finished}, history, policy, random);
  EXPECT_EQ(policy.tokens(), RetryPolicy::kTokens - 5);
}

}  // namespace
}  // namespace scaler::aws
