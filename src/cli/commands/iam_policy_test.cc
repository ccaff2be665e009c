#include "cli/commands/iam_policy.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/commands/commands.h"

namespace scaler::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Environment five() {
  return {{"SQS_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"},
          {"ECS_CLUSTER_NAME", "main"},
          {"ECS_SERVICE_NAME", "worker"}};
}

Environment with(Environment environment, const Environment& more) {
  environment.insert(more.begin(), more.end());
  return environment;
}

Result<std::vector<IamStatement>> policy(const Environment& environment,
                                         const IamFlags& flags = {}) {
  const ServiceConfig config = TRY(service_from_environment(environment));
  const IamScope scope = TRY(iam_scope(flags, environment, config));
  return iam_statements(config, scope);
}

std::vector<std::string> sids(const std::vector<IamStatement>& statements) {
  std::vector<std::string> names;
  names.reserve(statements.size());
  for (const IamStatement& statement : statements) {
    names.push_back(statement.sid);
  }
  return names;
}

std::string complaint(const Environment& environment, const IamFlags& flags = {}) {
  const auto statements = policy(environment, flags);
  return statements ? "" : statements.error().message;
}

TEST(IamPolicy, OutsideLambdaThreeStatementsAreEnough) {
  const auto statements = policy(five());
  ASSERT_TRUE(statements);
  EXPECT_THAT(sids(*statements),
              ElementsAre("ReadJobQueue", "ReadAndScaleService", "RememberState"));
  EXPECT_THAT((*statements)[0].resources,
              ElementsAre("arn:aws:sqs:eu-central-1:123456789012:jobs"));
  EXPECT_THAT((*statements)[1].resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:service/main/worker"));
}

TEST(IamPolicy, EachTriggerBringsItsStatements) {
  const Environment all = with(five(), {{"WAKE", "true"},
                                        {"TICK_QUEUE_URL",
                                         "https://sqs.eu-central-1.amazonaws.com/"
                                         "123456789012/ticks"},
                                        {"DOORBELL_QUEUE_URL",
                                         "https://sqs.eu-central-1.amazonaws."
                                         "com/123456789012/bell"},
                                        {"SCALE_IN_WHEN", "protected"}});
  const auto statements = policy(all, {.function_name = "scaler"});
  ASSERT_TRUE(statements);
  EXPECT_THAT(
      sids(*statements),
      ElementsAre("ReadJobQueue", "ReadAndScaleService", "RememberState", "ListTasks",
                  "ReadTaskProtection", "WriteLogs", "SendTicks", "ReceiveTicks", "ReceiveDoorbell",
                  "WakeMapping", "HandBackMessages", "FindMappings", "SwitchMapping"));
}

TEST(IamPolicy, OnlyWakeMayDeleteFromTheJobQueue) {
  const std::string job_queue = "arn:aws:sqs:eu-central-1:123456789012:jobs";
  for (const char* wake : {"false", "true"}) {
    const auto statements = policy(with(five(), {{"WAKE", wake}}), {.function_name = "scaler"});
    ASSERT_TRUE(statements);
    const bool deletes = std::ranges::any_of(*statements, [&](const IamStatement& statement) {
      return std::ranges::find(statement.resources, job_queue) != statement.resources.end() &&
             std::ranges::find(statement.actions, "sqs:DeleteMessage") != statement.actions.end();
    });
    EXPECT_EQ(deletes, std::string_view(wake) == "true");
  }
}

TEST(IamPolicy, AMappingMayBeBoundToAnAliasOrAVersion) {
  const auto statements = policy(with(five(), {{"WAKE", "true"}}), {.function_name = "scaler"});
  ASSERT_TRUE(statements);
  EXPECT_THAT(statements->back().condition->values,
              ElementsAre("arn:aws:lambda:eu-central-1:123456789012:function:scaler",
                          "arn:aws:lambda:eu-central-1:123456789012:function:scaler:*"));
}

TEST(IamPolicy, PartitionAccountAndRegionComeFromTheFlagsFirst) {
  const auto china = policy(five(), {.account = "210987654321", .region = "cn-north-1"});
  ASSERT_TRUE(china);
  EXPECT_THAT((*china)[1].resources,
              ElementsAre("arn:aws-cn:ecs:cn-north-1:210987654321:service/main/worker"));
}

TEST(IamPolicy, ArnsOfClusterAndServiceAreTakenAsTheyAre) {
  Environment environment = five();
  environment["ECS_CLUSTER_NAME"] = "arn:aws:ecs:eu-west-1:1:cluster/main";
  const auto by_name = policy(environment);
  ASSERT_TRUE(by_name);
  EXPECT_THAT((*by_name)[1].resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:service/main/worker"));
  environment["ECS_SERVICE_NAME"] = "arn:aws:ecs:eu-west-1:1:service/main/worker";
  const auto by_arn = policy(environment);
  ASSERT_TRUE(by_arn);
  EXPECT_THAT((*by_arn)[1].resources, ElementsAre("arn:aws:ecs:eu-west-1:1:service/main/worker"));
}

TEST(IamPolicy, SaysWhichPartIsMissing) {
  Environment environment = five();
  environment["SQS_QUEUE_URL"] = "http://127.0.0.1:4566/local/jobs";
  environment["WAKE"] = "true";
  const std::string text = complaint(environment);
  EXPECT_THAT(text, HasSubstr("the region '' is none"));
  EXPECT_THAT(text, HasSubstr("the account 'local' is not twelve digits"));
  EXPECT_THAT(text, HasSubstr("--function-name"));
  EXPECT_EQ(complaint(environment,
                      {.account = "123456789012", .region = "us-east-1", .function_name = "f"}),
            "");
}

TEST(IamPolicy, IsADocumentThatIamReads) {
  const auto statements = policy(five());
  ASSERT_TRUE(statements);
  EXPECT_THAT(iam_json(*statements),
              testing::StartsWith(
                  R"({"Version":"2012-10-17","Statement":[{"Sid":"ReadJobQueue","Effect":"Allow",)"
                  R"("Action":["sqs:GetQueueAttributes"],)"
                  R"("Resource":["arn:aws:sqs:eu-central-1:123456789012:jobs"]})"));
  EXPECT_THAT(iam_json(*statements), HasSubstr(R"("Condition":{"ForAllValues:StringEquals":)"
                                               R"({"aws:TagKeys":["ecs-scaler:state"]}})"));
}

}  // namespace
}  // namespace scaler::cli
