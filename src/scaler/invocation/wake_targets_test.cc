// Whose queues may wake, in which region, and whose a mapping is.
#include "scaler/invocation/wake_targets.h"

#include <gtest/gtest.h>

#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

ManagedService served(const std::string& url, const std::string& region = "") {
  return {.id = {.cluster = "c", .service = "s", .region = region},
          .queues = {{url}},
          .policy = testing::fixed(1)};
}

WakeTargets targets_of(const std::vector<ManagedService>& services, std::string_view region,
                       const WakeOptions& options = {.wake = true, .many = true}) {
  const PassRecord blind{.reading = fail(ErrorKind::Throttled, "slow down")};
  std::vector<Followed> all;
  for (const ManagedService& service : services) {
    all.push_back({.service = &service, .record = &blind});
  }
  return {all, options, region};
}

TEST(WakeTargets, AQueueWithoutARegionLiesInItsServices) {
  const std::string url = "http://127.0.0.1:4566/000000000000/jobs";
  EXPECT_EQ(targets_of({served(url)}, "us-east-1").targets().size(), 1U);
  EXPECT_EQ(targets_of({served(url, "eu-west-1")}, "us-east-1").targets().size(), 0U);
  EXPECT_EQ(targets_of({served(url, "eu-west-1")}, "eu-west-1").targets().size(), 1U);
  EXPECT_EQ(targets_of({served(url, "eu-west-1")}, "").targets().size(), 1U);
}

TEST(WakeTargets, AMappingIsOfTheQueueOfItsAccount) {
  const WakeTargets known =
      targets_of({served("https://sqs.us-east-1.amazonaws.com/123456789012/jobs"),
                  served("https://sqs.us-east-1.amazonaws.com/210987654321/jobs")},
                 "us-east-1");
  EXPECT_EQ(known.target_of("arn:aws:sqs:us-east-1:123456789012:jobs"), 0U);
  EXPECT_EQ(known.target_of("arn:aws:sqs:us-east-1:210987654321:jobs"), 1U);
  EXPECT_EQ(known.target_of("arn:aws:sqs:us-east-1:345678901234:jobs"), std::nullopt);
  EXPECT_EQ(known.target_of("arn:aws:sqs:us-east-1:123456789012:job"), std::nullopt);
  EXPECT_EQ(known.target_of("arn:aws:kinesis:us-east-1:123456789012:stream/jobs"), std::nullopt);
  EXPECT_EQ(known.target_of(""), std::nullopt);
}

TEST(WakeTargets, WhatAServiceSaysComesBeforeTheDeployment) {
  std::vector<ManagedService> services{
      served("https://sqs.us-east-1.amazonaws.com/123456789012/a"),
      served("https://sqs.us-east-1.amazonaws.com/123456789012/b"),
      served("https://sqs.us-east-1.amazonaws.com/123456789012/c")};
  services[1].wake = true;
  services[2].wake = false;
  WakeTargets off = targets_of(services, "us-east-1", {.wake = false, .many = true});
  ASSERT_EQ(off.targets().size(), 1U);
  EXPECT_EQ(off.targets()[0].queue.name, "b");
  EXPECT_TRUE(off.targets()[0].expected);
  WakeTargets on = targets_of(services, "us-east-1");
  ASSERT_EQ(on.targets().size(), 2U);
  EXPECT_FALSE(on.targets()[0].expected);
  EXPECT_TRUE(on.targets()[1].expected);
}

}  // namespace
}  // namespace scaler
