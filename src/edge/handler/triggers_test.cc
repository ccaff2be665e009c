// Ticks, doorbell, and the line that carries the metrics.

#include <gtest/gtest.h>

#include "edge/handler/handler.h"
#include "edge/handler/test_support.h"
#include "ground/json/reader.h"
#include "scaler/state/state_text.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::kDoorbell;
using testing::kNoon;
using testing::kTicks;

class TriggersTest : public testing::HandlerTest {
 protected:
  TriggersTest() {
    config_.wake = false;
    config_.tick_queue_url = "https://sqs/1/ticks";
    config_.doorbell_queue_url = "https://sqs/1/doorbell";
  }

  /// Three tasks, and the queue has been empty for an hour: time to sleep.
  void rest_is_due() {
    aws_.service->service = testing::tasks(3);
    aws_.service->saved_state = format_state(
        {.last_look = kNoon - 30s, .empty_since = kNoon - 1h, .empty_observations = 9});
  }
};

constexpr std::string_view kNotification =
    R"({"Records":[{"EventSource":"aws:sns",
        "EventSubscriptionArn":"arn:aws:sns:us-east-1:1:bell:1","Sns":{"Message":"ring"}}]})";

TEST_F(TriggersTest, AScheduleSendsTheTicksOfTheComingMinute) {
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.ticks_to, "https://sqs/1/ticks");
  EXPECT_EQ(aws_.ticks, (std::vector<Duration>{10s, 20s, 30s, 40s, 50s}));
}

TEST_F(TriggersTest, OnlyAScheduleSendsTicks) {
  EXPECT_TRUE(messages(kTicks).has_value());
  EXPECT_TRUE(messages(kDoorbell).has_value());
  EXPECT_TRUE(handle(kNotification).has_value());
  EXPECT_TRUE(handle("{}").has_value());
  EXPECT_TRUE(aws_.ticks.empty());
}

TEST_F(TriggersTest, TicksAreOffAtZeroSecondsAndWithoutAQueue) {
  config_.tick = 0s;
  EXPECT_TRUE(schedule().has_value());
  handler_.reset();
  config_.tick = 10s;
  config_.tick_queue_url.clear();
  EXPECT_TRUE(schedule().has_value());
  EXPECT_TRUE(aws_.ticks.empty());
}

TEST_F(TriggersTest, TicksThatCannotBeSentFailTheInvocationAfterItsPass) {
  aws_.depth = QueueDepth{.visible = 5};
  aws_.ticking = fail(ErrorKind::NotFound, "SQS SendMessageBatch ticks: QueueDoesNotExist");
  EXPECT_EQ(schedule().error().message, "SQS SendMessageBatch ticks: QueueDoesNotExist");
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(TriggersTest, TicksAreSentAlsoWhenThePassFails) {
  aws_.depth = fail(ErrorKind::Throttled, "GetQueueAttributes: RequestThrottled");
  EXPECT_FALSE(schedule().has_value());
  EXPECT_EQ(aws_.ticks.size(), 5U);
}

TEST_F(TriggersTest, ABatchOfTicksIsOnePassAndConsumed) {
  rest_is_due();
  const Result<std::string> answer = messages(kTicks);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(*answer, R"({"batchItemFailures":[]})");
  EXPECT_EQ(aws_.reads, 2);  // The second confirms the scale-in.
  EXPECT_EQ(aws_.service->service.desired, 0);
}

TEST_F(TriggersTest, AnotherMinutesTicksDoNothingTwice) {
  rest_is_due();
  for (int i = 0; i < 10; ++i) {
    clock_.at += 90s;  // Stale: they were to come long ago.
    EXPECT_TRUE(messages(kTicks, 2).has_value());
  }
  EXPECT_EQ(aws_.service->service.desired, 0);
  EXPECT_EQ(aws_.reads, 11);
}

TEST_F(TriggersTest, AFailedTickIsAFailedInvocation) {
  aws_.service = fail(ErrorKind::Throttled, "DescribeServices: ThrottlingException");
  EXPECT_EQ(messages(kTicks).error().message, "DescribeServices: ThrottlingException");
}

TEST_F(TriggersTest, TheDoorbellOnlyScalesOutAndIsConsumed) {
  aws_.depth = QueueDepth{.visible = 5};
  const Result<std::string> answer = messages(kDoorbell);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(*answer, R"({"batchItemFailures":[]})");
  EXPECT_EQ(aws_.service->service.desired, 3);
  aws_.depth = QueueDepth{};
  rest_is_due();
  EXPECT_TRUE(messages(kDoorbell).has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(TriggersTest, ARingIsAMessageWhateverTheCountsSay) {
  EXPECT_TRUE(messages(kDoorbell).has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
  aws_.service->service = testing::tasks(0);
  EXPECT_TRUE(handle(kNotification).has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(TriggersTest, ANotificationIsADoorbellWithoutMessages) {
  aws_.depth = QueueDepth{.visible = 5};
  const Result<std::string> answer = handle(kNotification);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_NE(answer->find(R"("trigger_source":"doorbell")"), std::string::npos);
  EXPECT_EQ(answer->find("batchItemFailures"), std::string::npos);
  EXPECT_EQ(aws_.service->service.desired, 3);
  aws_.depth = QueueDepth{};
  rest_is_due();
  EXPECT_TRUE(handle(kNotification).has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

// Of a deployment, which may have set a count of its own.
TEST_F(TriggersTest, AnEventOfEcsIsARingThatTellsOfNoMessage) {
  constexpr std::string_view kDeployment = R"({"source":"aws.ecs","detail-type":
      "ECS Deployment State Change","detail":{"eventName":"SERVICE_DEPLOYMENT_IN_PROGRESS"}})";
  EXPECT_TRUE(handle(kDeployment).has_value());
  EXPECT_EQ(aws_.service->service.desired, 0);
  aws_.depth = QueueDepth{.visible = 5};
  const Result<std::string> answer = handle(kDeployment);
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_NE(answer->find(R"("trigger_source":"doorbell")"), std::string::npos);
  EXPECT_EQ(aws_.service->service.desired, 3);
  aws_.depth = QueueDepth{};
  rest_is_due();
  EXPECT_TRUE(handle(kDeployment).has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(TriggersTest, QueuesThatAreNotConfiguredAreUnknown) {
  config_.tick_queue_url.clear();
  config_.doorbell_queue_url.clear();
  for (const std::string_view arn : {kTicks, kDoorbell, std::string_view("nonsense")}) {
    EXPECT_TRUE(messages(arn).error().message.starts_with("records of ")) << arn;
  }
  EXPECT_EQ(aws_.reads, 0);
}

TEST_F(TriggersTest, RecordsOfTwoQueuesAreRefusedTogether) {
  const Result<std::string> answer = handle(
      R"({"Records":[{"eventSource":"aws:sqs","messageId":"1","receiptHandle":"r",
          "eventSourceARN":"arn:aws:sqs:us-east-1:1:ticks"},
          {"eventSource":"aws:sqs","messageId":"2","receiptHandle":"r",
          "eventSourceARN":"arn:aws:sqs:us-east-1:1:jobs"}]})");
  EXPECT_EQ(answer.error().message,
            "records of two queues came in one event, arn:aws:sqs:us-east-1:1:ticks and "
            "arn:aws:sqs:us-east-1:1:jobs: none is consumed");
  EXPECT_EQ(aws_.reads, 0);
}

TEST_F(TriggersTest, ThePassRecordCarriesTheMetricsWhateverTheLogLevel) {
  config_.metrics = {Metric::QueueDepth, Metric::ScaleOut};
  aws_.depth = QueueDepth{.visible = 5};
  EXPECT_TRUE(schedule().has_value());
  const Result<json::Value> line = json::parse(logged());
  ASSERT_TRUE(line.has_value()) << logged();
  const json::Reader root(*line);
  EXPECT_EQ(root.field("level")->string().value(), "INFO");
  EXPECT_EQ(root.field("Cluster")->string().value(), "c");
  EXPECT_EQ(root.field("Service")->string().value(), "s");
  EXPECT_EQ(root.field("QueueDepth")->integer().value(), 5);
  EXPECT_EQ(root.field("ScaleOut")->integer().value(), 1);
  EXPECT_TRUE(root.field("_aws")->field("CloudWatchMetrics").has_value());
  EXPECT_FALSE(root.optional_field("InFlight").has_value());
}

TEST_F(TriggersTest, ADryRunPublishesNothing) {
  config_.metrics = {Metric::ScaleOut};
  level_ = LogLevel::Info;
  aws_.depth = QueueDepth{.visible = 5};
  EXPECT_TRUE(handle(R"({"dry_run":true})").has_value());
  EXPECT_NE(logged().find(R"("trigger":"manual")"), std::string::npos);
  EXPECT_EQ(logged().find("_aws"), std::string::npos);
}

TEST_F(TriggersTest, WithoutMetricsTheRecordIsAnOrdinaryLine) {
  level_ = LogLevel::Info;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_NE(logged().find(R"("trigger":"schedule")"), std::string::npos);
  EXPECT_EQ(logged().find("_aws"), std::string::npos);
}

}  // namespace
}  // namespace scaler
