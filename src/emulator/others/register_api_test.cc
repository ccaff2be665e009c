#include "emulator/others/register_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

using ::testing::HasSubstr;

class RegisterTest : public ::testing::Test {
 protected:
  std::string call(std::string_view service, std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    EXPECT_TRUE(document.has_value()) << body;
    const ApiAnswer answer =
        register_.handle(service, {.operation = operation, .body = *document, .caller = caller_});
    return answer ? *answer : "error " + answer.error().code;
  }

  Random random_{1};
  world::World world_{{}, Instant(std::chrono::days(20'000)), random_};
  RegisterApi register_{world_};
  Caller caller_{.access_key_id = "AKID", .region = "eu-west-1", .service = "logs"};
};

TEST_F(RegisterTest, KeepsEachPlaceApart) {
  EXPECT_EQ(call("logs", "CreateLogGroup", R"({"logGroupName":"g"})"), "");
  EXPECT_EQ(call("logs", "CreateLogGroup", R"({"logGroupName":"g"})"),
            "error ResourceAlreadyExistsException");
  EXPECT_THAT(call("logs", "DescribeLogGroups", "{}"),
              HasSubstr("arn:aws:logs:eu-west-1:000000000000:log-group:g:*"));
  call("iam", "CreateRole", R"({"RoleName":"r","AssumeRolePolicyDocument":"{}"})");
  caller_.region = "us-east-1";
  EXPECT_EQ(call("logs", "DescribeLogGroups", "{}"), R"({"logGroups":[]})");
  EXPECT_THAT(call("iam", "GetRole", R"({"RoleName":"r"})"), HasSubstr("iam::000000000000:role/r"));
}

TEST_F(RegisterTest, WhatIsMadeForAThingGoesWithItOrKeepsIt) {
  const std::string filter =
      R"({"logGroupName":"g","filterName":"f","filterPattern":"","metricTransformations":[]})";
  EXPECT_EQ(call("logs", "PutMetricFilter", filter), "error ResourceNotFoundException");
  call("logs", "CreateLogGroup", R"({"logGroupName":"g"})");
  call("logs", "CreateLogGroup", R"({"logGroupName":"g2"})");
  EXPECT_EQ(call("logs", "PutMetricFilter", filter), "");
  EXPECT_EQ(call("logs", "DeleteLogGroup", R"({"logGroupName":"g"})"), "");
  EXPECT_EQ(call("logs", "DescribeMetricFilters", "{}"), R"({"metricFilters":[]})");

  call("iam", "CreateRole", R"({"RoleName":"r","AssumeRolePolicyDocument":"{}"})");
  call("iam", "AttachRolePolicy", R"({"RoleName":"r","PolicyArn":"arn:aws:iam::aws:policy/a/B"})");
  EXPECT_EQ(call("iam", "DeleteRole", R"({"RoleName":"r"})"), "error DeleteConflict");
  EXPECT_THAT(call("iam", "ListAttachedRolePolicies", R"({"RoleName":"r"})"),
              HasSubstr(R"("PolicyName":"B")"));
}

TEST_F(RegisterTest, RefusesWhatAwsRefuses) {
  call("logs", "CreateLogGroup", R"({"logGroupName":"g"})");
  EXPECT_EQ(call("logs", "PutRetentionPolicy", R"({"logGroupName":"g","retentionInDays":2})"),
            "error InvalidParameterException");
  EXPECT_EQ(call("events", "PutRule", R"({"Name":"r"})"), "error ValidationException");
  EXPECT_EQ(call("events", "PutRule", R"({"Name":"r","ScheduleExpression":"daily"})"),
            "error ValidationException");
  for (const char* const pattern :
       {"no JSON", "[]", "{}", R"({\"source\":\"aws.ecs\"})", R"({\"detail\":{\"a\":[]}})"}) {
    EXPECT_EQ(call("events", "PutRule",
                   std::string(R"({"Name":"r","EventPattern":")") + pattern + R"("})"),
              "error InvalidEventPatternException")
        << pattern;
  }
  EXPECT_THAT(
      call("events", "PutRule",
           R"({"Name":"r","EventPattern":"{\"source\":[\"aws.ecs\"],\"detail\":{\"a\":[1]}}"})"),
      HasSubstr("RuleArn"));
  EXPECT_EQ(call("iam", "CreateRole", R"({"RoleName":"r","AssumeRolePolicyDocument":"{"})"),
            "error MalformedPolicyDocument");
  EXPECT_EQ(call("events", "CreateEventBus", "{}"), "error UnknownOperationException");
}

TEST_F(RegisterTest, TagsAreKeptWithTheThing) {
  call("logs", "CreateLogGroup", R"({"logGroupName":"g","tags":{"a":"1"}})");
  const std::string arn = R"("resourceArn":"arn:aws:logs:eu-west-1:000000000000:log-group:g")";
  EXPECT_EQ(call("logs", "TagResource", "{" + arn + R"(,"tags":{"b":"2"}})"), "");
  EXPECT_EQ(call("logs", "UntagResource", "{" + arn + R"(,"tagKeys":["a"]})"), "");
  EXPECT_EQ(call("logs", "ListTagsForResource", "{" + arn + "}"), R"({"tags":{"b":"2"}})");
  EXPECT_EQ(call("logs", "TagResource", "{" + arn + R"(,"tags":{"":"2"}})"),
            "error InvalidParameterException");
}

}  // namespace
}  // namespace scaler::emulator
