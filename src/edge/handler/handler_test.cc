#include "edge/handler/handler.h"

#include <gtest/gtest.h>

#include "edge/handler/test_support.h"
#include "scaler/state/state_text.h"
#include "wire/shard_order.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::HandlerTest;
using testing::kNoon;

TEST_F(HandlerTest, AnswersAScheduleInTheSeedsShape) {
  aws_.depth = QueueDepth{.visible = 5};
  const Result<std::string> answer = schedule();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(
      *answer,
      R"({"statusCode":200,"body":{"trigger_source":"schedule","queue_depth":5,"in_flight":0,)"
      R"("delayed":0,"current_tasks":0,"running_tasks":0,"desired_tasks":3,)"
      R"("action_taken":"scale_out","timestamp":"2026-11-23T12:00:00Z","steps":[)"
      R"({"rule":"backlog","tasks":3,"note":"5 visible = 5 messages; fixed target -> 3"},)"
      R"({"rule":"activation","tasks":3,"note":"at zero with 5 messages, woken from 1 on -> 3"}]}})");
}

TEST_F(HandlerTest, AWakeScalesOutAndReturnsEveryMessage) {
  aws_.depth = QueueDepth{.in_flight = 2};
  const Result<std::string> answer = wake();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  // Nothing but this: were it taken for a plain success, the jobs would be deleted.
  EXPECT_EQ(*answer, R"({"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]})");
  EXPECT_EQ(aws_.service->service.desired, 3);
  ASSERT_EQ(aws_.returned.size(), 2U);
  EXPECT_EQ(aws_.returned[0].receipt_handle, "handle-m1");
  EXPECT_EQ(aws_.returned[0].visibility, 30s);
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AWakeThatCannotScaleFailsAndStillReturnsItsMessages) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.scaling = fail(ErrorKind::Denied, "UpdateService c/s: AccessDeniedException");
  const Result<std::string> answer = wake();
  EXPECT_EQ(answer.error().message, "UpdateService c/s: AccessDeniedException");
  EXPECT_EQ(aws_.returned.size(), 2U);
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, WhatAWakeWasHandedIsThereWhateverTheCountsSay) {
  config_.policy = testing::policy({.scale_up_target = 3, .count_in_flight = false});
  EXPECT_TRUE(wake().has_value());  // SQS's counts may lag by a minute.
  EXPECT_EQ(aws_.service->service.desired, 3);
  EXPECT_EQ(aws_.returned.size(), 2U);
}

TEST_F(HandlerTest, AWakeNeverScalesIn) {
  aws_.service->service = testing::tasks(3);
  aws_.service->saved_state =
      format_state({.last_look = kNoon - 30s, .empty_since = kNoon - 1h, .empty_observations = 9});
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

// The function may be invoked by its plain ARN, by an alias or by a version.
TEST_F(HandlerTest, TheMappingIsAskedForByWhatWasInvokedAndTheQueueOfTheRecords) {
  function_arn_ = "arn:aws:lambda:us-east-1:1:function:f:live";
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.asked.function_arn, function_arn_);
  EXPECT_EQ(aws_.asked.queue_arn, testing::kJobs);
}

TEST_F(HandlerTest, WhatFailsBesideAWakesPassFailsItToo) {
  aws_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_EQ(wake(4).error().message, "TooManyRequestsException");
  ASSERT_EQ(aws_.returned.size(), 2U);
  EXPECT_EQ(aws_.returned[0].visibility, 240s);
}

TEST_F(HandlerTest, AScheduleSwitchesTheMappingOnlyWithWake) {
  aws_.mappings[0].enabled = false;
  config_.wake = false;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
  handler_.reset();
  config_.wake = true;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_TRUE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, RecordsOfAnotherQueueAreNotConsumed) {
  const Result<std::string> answer = messages("arn:aws:sqs:us-east-1:1:other");
  ASSERT_FALSE(answer.has_value());
  EXPECT_NE(answer.error().message.find("none is consumed"), std::string::npos);
  EXPECT_TRUE(aws_.returned.empty());
}

TEST_F(HandlerTest, AQueueThatCannotBeReadIsAFailedInvocation) {
  aws_.depth = fail(ErrorKind::Throttled, "GetQueueAttributes jobs: RequestThrottled");
  aws_.service->service = testing::tasks(3);
  EXPECT_EQ(schedule().error().message, "GetQueueAttributes jobs: RequestThrottled");
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(HandlerTest, ADryRunChangesAndRemembersNothing) {
  aws_.depth = QueueDepth{.visible = 5};
  const Result<std::string> answer = handle(R"({"dry_run":true})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_NE(answer->find(R"("action_taken":"scale_out")"), std::string::npos);
  EXPECT_EQ(aws_.service->service.desired, 0);
  EXPECT_EQ(aws_.service->saved_state, "");
  EXPECT_TRUE(handle("{}").has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(HandlerTest, GarbageIsAFailedInvocation) {
  for (const char* event : {"", "null", "[]", R"({"source":"aws.s3"})"}) {
    EXPECT_FALSE(handle(event).has_value()) << event;
  }
}

/// The same outside with a fleet of one service.
class FleetHandlerTest : public HandlerTest {
 protected:
  FleetHandlerTest() {
    config_.queue_url.clear();
    config_.wake = false;
    config_.tick_queue_url = "https://sqs/1/ticks";
    level_ = LogLevel::Info;
    std::vector<ManagedService> fleet;
    fleet.push_back(
        {.id = {"c", "s"}, .queues = {{"https://sqs/1/jobs"}}, .policy = testing::fixed(3)});
    handler_.emplace(
        config_, std::move(fleet),
        InvocationPorts{.reader = aws_, .scaler = aws_, .states = &aws_, .clock = clock_},
        log_.emplace(output_, level_, clock_));
  }
};

TEST_F(FleetHandlerTest, TellsHowManyThereAreAndWhoIsChanged) {
  aws_.depth = QueueDepth{.visible = 1};
  const auto answer = schedule();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(*answer,
            R"({"statusCode":200,"body":{"trigger_source":"schedule","services":1,)"
            R"("wrong_settings":0,"changes":[{"cluster":"c","service":"s","current_tasks":0,)"
            R"("desired_tasks":3,"action_taken":"scale_out"}]}})");
  EXPECT_TRUE(logged().contains(R"("trigger":"schedule")"));
}

TEST_F(FleetHandlerTest, ATickThatChangesNothingIsNoLine) {
  EXPECT_TRUE(messages(testing::kTicks).has_value());
  EXPECT_EQ(logged(), "");
  aws_.depth = QueueDepth{.visible = 1};
  EXPECT_TRUE(messages(testing::kTicks).has_value());
  EXPECT_TRUE(logged().contains(R"("trigger":"tick")"));
}

/// The same woken by its queue.
class WokenHandlerTest : public HandlerTest {
 protected:
  WokenHandlerTest() {
    config_.queue_url.clear();
    config_.doorbell_queue_url = "https://sqs.us-east-1.amazonaws.com/123456789012/bell";
    std::vector<ManagedService> fleet;
    fleet.push_back({.id = {"c", "s"},
                     .queues = {{"https://sqs.us-east-1.amazonaws.com/123456789012/jobs"}},
                     .policy = testing::fixed(3)});
    handler_.emplace(config_, std::move(fleet),
                     InvocationPorts{.reader = aws_,
                                     .scaler = aws_,
                                     .states = &aws_,
                                     .clock = clock_,
                                     .messages = &aws_,
                                     .mapping = &aws_},
                     log_.emplace(output_, level_, clock_));
  }
};

TEST_F(WokenHandlerTest, AWakeIsAnsweredWithItsMessagesAndNothingElse) {
  const auto answer = messages("arn:aws:sqs:us-east-1:123456789012:jobs");
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(*answer, R"({"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]})");
  EXPECT_EQ(aws_.service->service.desired, 3);
  EXPECT_EQ(aws_.returned.size(), 2U);
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(WokenHandlerTest, RecordsOfNobodysQueueFailAndGoBack) {
  const auto answer = messages("arn:aws:sqs:us-east-1:210987654321:jobs");
  EXPECT_EQ(answer.error().message,
            "records of arn:aws:sqs:us-east-1:210987654321:jobs came, which is the job queue of no "
            "service of the fleet, nor the queue of ticks, doorbell or shards: none is consumed");
  EXPECT_EQ(aws_.returned.size(), 2U);
  EXPECT_FALSE(aws_.mappings[0].enabled);
  EXPECT_EQ(aws_.reads, 0);
}

TEST_F(WokenHandlerTest, WhatIsNoQueueIsNoWake) {
  EXPECT_TRUE(messages("nonsense").error().message.starts_with("records of nonsense came"));
  EXPECT_TRUE(aws_.returned.empty());
  EXPECT_TRUE(messages("arn:aws:sqs:us-east-1:123456789012:bell").has_value());
  EXPECT_TRUE(aws_.returned.empty());
}

/// With a queue of shards, each of one service.
class ShardHandlerTest : public HandlerTest {
 protected:
  ShardHandlerTest() {
    config_.queue_url.clear();
    config_.wake = false;
    config_.tick_queue_url = "https://sqs/1/ticks";
    config_.shard_queue_url = "https://sqs/1/shards";
    config_.shard_size = 1;
    level_ = LogLevel::Info;
    std::vector<ManagedService> fleet;
    for (const std::string name : {"a", "b"}) {
      fleet.push_back(
          {.id = {"c", name}, .queues = {{"https://sqs/1/jobs"}}, .policy = testing::fixed(3)});
    }
    handler_.emplace(config_, std::move(fleet),
                     InvocationPorts{.reader = aws_,
                                     .scaler = aws_,
                                     .states = &aws_,
                                     .clock = clock_,
                                     .ticks = &aws_,
                                     .orders = &orders_},
                     log_.emplace(output_, level_, clock_));
  }
  Result<std::string> records(const std::vector<std::string>& bodies) {
    json::Writer event;
    event.begin_object().name("Records").begin_array();
    for (const std::string& body : bodies) {
      event.begin_object()
          .field("messageId", "m")
          .field("receiptHandle", "h")
          .field("body", body)
          .field("eventSource", "aws:sqs")
          .field("eventSourceARN", testing::kShards)
          .end_object();
    }
    event.end_array().end_object();
    return handle(event.text());
  }

  testing::FakeOrders orders_;
};

TEST_F(ShardHandlerTest, ATickOrdersShardsAndSaysHowMany) {
  EXPECT_TRUE(messages(testing::kTicks).has_value());
  EXPECT_EQ(orders_.to, "https://sqs/1/shards");
  EXPECT_EQ(orders_.given.size(), 2U);
  EXPECT_EQ(aws_.reads, 0);
  EXPECT_TRUE(logged().contains(R"("message":"shards ordered","trigger":"tick","shards":2)"))
      << logged();
}

TEST_F(ShardHandlerTest, AnOrderIsOneLineAndItsMessageIsConsumed) {
  EXPECT_TRUE(messages(testing::kTicks).has_value());
  const auto answer = records({shard_order_json(orders_.given.at(1))});
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(*answer, R"({"batchItemFailures":[]})");
  EXPECT_EQ(aws_.reads, 1);
  EXPECT_TRUE(logged().contains(R"("message":"shard","by":"tick","place":"own","from":"c/b",)"
                                R"("before":"")"))
      << logged();
  EXPECT_TRUE(logged().contains(R"("ShardServices":1,"ShardUnread":0)")) << logged();
  EXPECT_FALSE(logged().contains("_aws"));
}

TEST_F(ShardHandlerTest, WithMetricsThatLineCarriesThem) {
  config_.metrics = {Metric::QueueDepth};
  handler_.emplace(
      config_, std::vector<ManagedService>(),
      InvocationPorts{
          .reader = aws_, .scaler = aws_, .states = &aws_, .clock = clock_, .orders = &orders_},
      log_.emplace(output_, LogLevel::Error, clock_));
  EXPECT_TRUE(records({shard_order_json({.at = clock_.at})}).has_value());
  EXPECT_TRUE(logged().contains(R"("Dimensions":[["Place"]])")) << logged();
  EXPECT_TRUE(logged().contains(R"("Place":"own")")) << logged();
}

TEST_F(ShardHandlerTest, AnOldOrderIsConsumedInOneLine) {
  EXPECT_TRUE(messages(testing::kTicks).has_value());
  clock_.at += 1min;
  EXPECT_TRUE(records({shard_order_json(orders_.given.at(1))}).has_value());
  EXPECT_EQ(aws_.reads, 0);
  EXPECT_TRUE(logged().contains("shard left out: its order is out of date")) << logged();
}

TEST_F(ShardHandlerTest, WhatIsNoOrderFailsByName) {
  EXPECT_TRUE(records({"tick"}).error().message.contains("is no order"));
  const std::string order = shard_order_json({.at = clock_.at});
  EXPECT_TRUE(records({order, order}).error().message.contains("must have BatchSize 1"));
  EXPECT_EQ(aws_.reads, 0);
}

}  // namespace
}  // namespace scaler
