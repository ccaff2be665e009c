#include "edge/lambda/event.h"

#include <gtest/gtest.h>

namespace scaler::lambda {
namespace {

TEST(Event, KnowsBothKindsOfSchedule) {
  const auto rule = parse_event(
      R"({"version":"0","id":"1","detail-type":"Scheduled Event","source":"aws.events",
          "account":"123456789012","time":"2026-11-23T21:00:00Z","region":"eu-central-1",
          "resources":["arn:aws:events:eu-central-1:123456789012:rule/r"],"detail":{}})");
  ASSERT_TRUE(rule.has_value()) << rule.error().message;
  EXPECT_EQ(std::get<ScheduleEvent>(*rule).source, "aws.events");
  const auto scheduler =
      parse_event(R"({"source":"aws.scheduler","detail-type":"Scheduled Event","detail":"{}"})");
  EXPECT_EQ(std::get<ScheduleEvent>(*scheduler).source, "aws.scheduler");
}

// The event of ECS's documentation, with names of its own.
TEST(Event, KnowsOneOfEcs) {
  const auto event = parse_event(
      R"({"version":"0","id":"1","detail-type":"ECS Deployment State Change","source":"aws.ecs",
          "account":"123456789012","time":"2026-11-23T21:00:00Z","region":"eu-central-1",
          "resources":["arn:aws:ecs:eu-central-1:123456789012:service/main/worker"],
          "detail":{"eventType":"INFO","eventName":"SERVICE_DEPLOYMENT_IN_PROGRESS",
                    "deploymentId":"ecs-svc/1","updatedAt":"2026-11-23T21:00:00Z","reason":"r"}})");
  ASSERT_TRUE(event.has_value()) << event.error().message;
  EXPECT_TRUE(std::holds_alternative<EcsEvent>(*event));
}

TEST(Event, ReadsSqsRecords) {
  const auto event = parse_event(
      R"({"Records":[{"messageId":"m1","receiptHandle":"r1","body":"x",
          "attributes":{"ApproximateReceiveCount":"3"},"messageAttributes":{},"md5OfBody":"9dd4",
          "eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:jobs",
          "awsRegion":"us-east-1"},
         {"messageId":"m2","receiptHandle":"r2","eventSource":"aws:sqs",
          "eventSourceARN":"arn:aws:sqs:us-east-1:123456789012:jobs"}]})");
  ASSERT_TRUE(event.has_value()) << event.error().message;
  const auto& records = std::get<SqsEvent>(*event).records;
  EXPECT_EQ(records[0].message_id, "m1");
  EXPECT_EQ(records[0].receipt_handle, "r1");
  EXPECT_EQ(records[0].receive_count, 3);
  EXPECT_EQ(records[1].receive_count, 1);
}

TEST(Event, KnowsANotification) {
  const auto event = parse_event(
      R"({"Records":[{"EventSource":"aws:sns","EventVersion":"1.0",
          "EventSubscriptionArn":"arn:aws:sns:us-east-1:123456789012:bell:1",
          "Sns":{"Type":"Notification","MessageId":"1","Message":"ring"}}]})");
  ASSERT_TRUE(event.has_value()) << event.error().message;
  EXPECT_EQ(std::get<SnsEvent>(*event).subscription_arn,
            "arn:aws:sns:us-east-1:123456789012:bell:1");
}

TEST(Event, RefusesRecordsOfTwoServices) {
  const auto event = parse_event(
      R"({"Records":[{"eventSource":"aws:sqs","messageId":"m","receiptHandle":"r",
          "eventSourceARN":"arn:aws:sqs:us-east-1:1:jobs"},
          {"EventSource":"aws:sns","EventSubscriptionArn":"arn:aws:sns:us-east-1:1:bell:1"}]})");
  EXPECT_EQ(event.error().message,
            "$.Records[1].eventSource: 'aws:sns' after records of aws:sqs in the same event");
}

TEST(Event, KnowsAManualCall) {
  EXPECT_FALSE(std::get<ManualEvent>(*parse_event("{}")).dry_run);
  EXPECT_TRUE(std::get<ManualEvent>(*parse_event(R"({"dry_run":true})")).dry_run);
}

TEST(Event, NamesWhatIsWrongWithAnyOther) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"", "not JSON: incomplete JSON at byte 0"},
           {"[]", "$: an event is an object, not an array"},
           {R"({"source":"aws.s3"})",
            "$.source: 'aws.s3' is not one of aws.events|aws.scheduler|aws.ecs"},
           {R"({"Records":[]})", "$.Records: an event of SQS or SNS has at least one record"},
           {R"({"Records":[{"eventSource":"aws:s3"}]})",
            "$.Records[0].eventSource: 'aws:s3' is neither aws:sqs nor aws:sns"},
           {R"({"Records":[{"eventSource":"aws:sqs","messageId":"m"}]})",
            "$.Records[0].receiptHandle is missing"},
           {R"({"Records":[{"EventSource":"aws:sns"}]})",
            "$.Records[0].EventSubscriptionArn is missing"},
           {R"({"Records":[{}]})", "$.Records[0].eventSource is missing"},
           {R"({"Records":{}})", "$.Records: an object is not an array"},
           {R"({"dryrun":true})",
            "not an event of a schedule, ECS, SQS or SNS, or a manual call ({} or "
            "{\"dry_run\":true}): "
            "$.dryrun is not a known field; did you mean 'dry_run'?"},
           {R"({"source":"aws.events","dry_run":true})",
            "$.dry_run: only a manual call is a dry run, {\"dry_run\":true} with nothing beside"},
           {R"({"dry_run":"yes"})", "$.dry_run: 'yes' is not true or false"}}) {
    const auto event = parse_event(text);
    ASSERT_FALSE(event.has_value()) << text;
    EXPECT_EQ(event.error().message, message);
  }
}

}  // namespace
}  // namespace scaler::lambda
