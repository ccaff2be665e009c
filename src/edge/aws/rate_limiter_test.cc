#include "edge/aws/rate_limiter.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

constexpr Deadline kStart{std::chrono::hours(1000)};

struct Limit {
  std::string_view operation;
  int burst;
  int per_second;
};

// The table of ECS's documentation, written down a second time.
constexpr std::array kLimits{
    Limit{"DescribeServices", 100, 20}, Limit{"UpdateService", 50, 5},
    Limit{"TagResource", 20, 10},       Limit{"UntagResource", 20, 10},
    Limit{"ListTasks", 100, 20},        Limit{"GetTaskProtection", 200, 80}};

TEST(RateLimiter, LetsABurstGoAndThenTheSustainedRate) {
  for (const Limit& limit : kLimits) {
    RateLimiter limiter;
    const auto reserve = [&](Deadline now) {
      return *limiter.reserve(AwsService::Ecs, limit.operation, now, now + 1h) - now;
    };
    for (int i = 0; i < limit.burst; ++i) {
      EXPECT_EQ(reserve(kStart), 0ms) << limit.operation << " " << i;
    }
    const auto late = [&limit](int tokens) {
      return tokens * (Deadline::duration(1s) / limit.per_second);
    };
    EXPECT_EQ(reserve(kStart), late(1)) << limit.operation;
    EXPECT_EQ(reserve(kStart), late(2)) << limit.operation;
    EXPECT_EQ(reserve(kStart + 1s), 0ms) << limit.operation;
    EXPECT_EQ(reserve(kStart + 1h), 0ms) << limit.operation;
  }
}

TEST(RateLimiter, FourThatShareTheBucketsTogetherKeepWithinThem) {
  for (const Limit& limit : kLimits) {
    int at_once = 0;
    int in_ten_seconds = 0;
    for (int part = 0; part < 4; ++part) {
      RateLimiter limiter;
      limiter.share(4);
      EXPECT_EQ(limiter.allowance(AwsService::Ecs, limit.operation, kStart)->tokens,
                limit.burst / 4);
      while (const auto slot =
                 limiter.reserve(AwsService::Ecs, limit.operation, kStart, kStart + 10s)) {
        at_once += *slot == kStart ? 1 : 0;
        ++in_ten_seconds;
      }
    }
    EXPECT_LE(at_once, limit.burst);
    EXPECT_LE(in_ten_seconds, limit.burst + 10 * limit.per_second + 4) << limit.operation;
    EXPECT_GE(in_ten_seconds, 10 * limit.per_second) << limit.operation;
  }
}

TEST(RateLimiter, HeedsTheCallsThatOthersMade) {
  const auto left = [](const RateLimiter& limiter, Deadline now) {
    return limiter.allowance(AwsService::Ecs, "UpdateService", now)->tokens;
  };
  RateLimiter limiter;
  limiter.heed(AwsService::Ecs, "UpdateService", std::vector(60, kStart));
  EXPECT_EQ(left(limiter, kStart), -10);
  EXPECT_EQ(left(limiter, kStart + 2s), 0);
  EXPECT_EQ(left(limiter, kStart + 12s), 50);

  RateLimiter own;  // Whose calls are among them.
  for (int i = 0; i < 30; ++i) {
    own.reserve(AwsService::Ecs, "UpdateService", kStart, kStart);
  }
  own.heed(AwsService::Ecs, "UpdateService", std::vector(30, kStart));
  EXPECT_EQ(left(own, kStart), 20);
  own.heed(AwsService::Ecs, "UpdateService", std::vector(50, kStart - 1h));
  own.heed(AwsService::Sqs, "GetQueueAttributes", std::vector(50, kStart));
  EXPECT_EQ(left(own, kStart), 20);
}

TEST(RateLimiter, NeverLetsMoreGoThanTheBucketAllows) {
  RateLimiter limiter;
  std::vector<Deadline> gone;
  Random random(7);
  Deadline now = kStart;
  for (int i = 0; i < 2000; ++i) {
    now += Duration(random.between(0, 300));
    gone.push_back(*limiter.reserve(AwsService::Ecs, "UpdateService", now, now + 24h));
  }
  std::ranges::sort(gone);
  for (std::size_t first = 0; first < gone.size(); ++first) {
    for (std::size_t last = first; last < std::min(first + 200, gone.size()); ++last) {
      const double seconds = std::chrono::duration<double>(gone[last] - gone[first]).count();
      ASSERT_LE(static_cast<double>(last - first + 1), 50 + 5 * seconds + 1e-9);
    }
  }
}

TEST(RateLimiter, SharesTheBucketOfTagsAndKeepsOthersApart) {
  RateLimiter limiter;
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(limiter.reserve(AwsService::Ecs, "TagResource", kStart, kStart), kStart);
    EXPECT_EQ(limiter.reserve(AwsService::Ecs, "UntagResource", kStart, kStart), kStart);
  }
  EXPECT_EQ(limiter.reserve(AwsService::Ecs, "TagResource", kStart, kStart + 1h), kStart + 100ms);
  EXPECT_EQ(limiter.reserve(AwsService::Ecs, "UpdateService", kStart, kStart), kStart);
}

TEST(RateLimiter, LimitsNothingThatHasNoDocumentedLimit) {
  RateLimiter limiter;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_EQ(limiter.reserve(AwsService::Sqs, "GetQueueAttributes", kStart, kStart), kStart);
  }
  EXPECT_EQ(limiter.allowance(AwsService::Sqs, "GetQueueAttributes", kStart), std::nullopt);
}

TEST(RateLimiter, TakesNoTokenForACallThatCannotWait) {
  RateLimiter limiter;
  for (int i = 0; i < 50; ++i) {
    limiter.reserve(AwsService::Ecs, "UpdateService", kStart, kStart);
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(limiter.reserve(AwsService::Ecs, "UpdateService", kStart, kStart + 1s).has_value());
  }
  EXPECT_EQ(limiter.reserve(AwsService::Ecs, "UpdateService", kStart, kStart + 1s), std::nullopt);
  EXPECT_EQ(limiter.reserve(AwsService::Ecs, "UpdateService", kStart, kStart + 2s),
            kStart + 1200ms);
}

TEST(RateLimiter, TellsItsTokens) {
  RateLimiter limiter;
  const auto tokens = [&limiter](Deadline now) {
    return limiter.allowance(AwsService::Ecs, "UpdateService", now)->tokens;
  };
  EXPECT_EQ(limiter.allowance(AwsService::Ecs, "UpdateService", kStart)->per_second, 5);
  EXPECT_EQ(tokens(kStart), 50);
  for (int i = 0; i < 52; ++i) {
    limiter.reserve(AwsService::Ecs, "UpdateService", kStart, kStart + 1h);
  }
  EXPECT_EQ(tokens(kStart), -2);
  EXPECT_EQ(tokens(kStart + 590ms), 0);
  EXPECT_EQ(tokens(kStart + 1s), 3);
  EXPECT_EQ(tokens(kStart + 1h), 50);
}

TEST(Client, SendsWhatIsOverTheRateLaterAndInOrder) {
  TestClient test;
  test.transport.reply_with({ok("{}")});
  std::vector<ApiCall> calls;
  calls.reserve(53);
  for (int i = 0; i < 53; ++i) {
    calls.push_back({.service = AwsService::Ecs,
                     .operation = "UpdateService",
                     .subject = "s",
                     .body = std::to_string(i)});
  }
  for (const Result<ApiReply>& result : test.client().call(calls, soon())) {
    EXPECT_TRUE(result.has_value());
  }
  EXPECT_EQ(test.transport.round_sizes, (std::vector<std::size_t>{50, 1, 1, 1}));
  EXPECT_EQ(test.pauses, (std::vector<Duration>{200ms, 200ms, 200ms}));
  EXPECT_EQ(test.transport.requests.back().body, "52");
}

TEST(Client, RefusesWhatTheRateDoesNotAllowBeforeTheDeadline) {
  TestClient test;
  test.transport.reply_with({ok("{}")});
  const std::vector<ApiCall> calls(
      60,
      {.service = AwsService::Ecs, .operation = "UpdateService", .subject = "c/s", .body = "{}"});
  const auto results = test.client().call(calls, after(1s));
  EXPECT_EQ(std::ranges::count_if(results, [](const auto& result) { return result.has_value(); }),
            54);  // The fifth of the later ones would have no time for its reply.
  ASSERT_FALSE(results.back().has_value());
  EXPECT_EQ(results.back().error().kind, ErrorKind::Throttled);
  EXPECT_EQ(results.back().error().message,
            "ECS UpdateService c/s: not sent: the documented rate of UpdateService does not allow "
            "it in time");
}

TEST(Client, UsesTheWholeRateWhateverTheRepliesTake) {
  TestClient test;
  test.transport.reply_with({ok("{}")});
  test.transport.delay = [](const auto&) { return 107ms; };
  const std::vector<ApiCall> calls(
      300, {.service = AwsService::Ecs, .operation = "DescribeServices", .body = "{}"});
  const Deadline begin = test.clock.steady();
  for (const Result<ApiReply>& result : test.client().call(calls, soon())) {
    EXPECT_TRUE(result.has_value());
  }
  // A hundred at once and two hundred at twenty a second.
  EXPECT_LE(test.transport.sent_at.back() - begin, 10s * 100 / 95);
  EXPECT_GE(test.transport.sent_at.back() - begin, 10s);
  EXPECT_EQ(test.client().round_trip({}), 107ms);
}

TEST(Client, TellsOfWhatWasSentWhatCameOfItThoughTheDeadlineIsNear) {
  TestClient test;
  test.transport.reply_with({ok("{}")});
  test.transport.delay = [](const auto&) { return 240ms; };
  const std::vector<ApiCall> calls(
      100, {.service = AwsService::Ecs, .operation = "UpdateService", .body = "{}", .once = true});
  const auto results = test.client().call(calls, test.clock.steady() + 4s);
  const auto done =
      std::ranges::count_if(results, [](const auto& result) { return result.has_value(); });
  EXPECT_EQ(static_cast<std::size_t>(done), test.transport.requests.size());
  EXPECT_GE(done, 60);
  EXPECT_EQ(results.back().error().kind, ErrorKind::Throttled);
}

TEST(Client, SendsNoCallThatCannotLeaveInTime) {
  TestClient test;
  test.transport.reply_with({ok("{}")});
  std::vector<ApiCall> calls(
      60,
      {.service = AwsService::Ecs, .operation = "UpdateService", .subject = "c/s", .body = "{}"});
  for (ApiCall& call : calls) {
    call.leave_by = test.clock.steady() + 500ms;
  }
  const auto results = test.client().call(calls, soon());
  EXPECT_EQ(std::ranges::count_if(results, [](const auto& result) { return result.has_value(); }),
            52);
  EXPECT_EQ(results.back().error().kind, ErrorKind::Overdue);
  EXPECT_EQ(test.transport.requests.size(), 52U);
}

}  // namespace
}  // namespace scaler::aws
