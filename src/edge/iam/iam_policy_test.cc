#include "edge/iam/iam_policy.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edge/iam/test_support.h"

namespace scaler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

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
                                         const IamOverrides& flags = {}) {
  const ServiceConfig config = TRY(service_from_environment(environment));
  const IamScope scope = TRY(iam_scope(flags, environment, config));
  return iam_statements(config, scope);
}

std::string complaint(const Environment& environment, const IamOverrides& flags = {}) {
  const auto statements = policy(environment, flags);
  return statements ? "" : statements.error().message;
}

TEST(IamPolicy, OutsideLambdaThreeStatementsAreEnough) {
  const auto statements = policy(five());
  ASSERT_TRUE(statements);
  EXPECT_THAT(testing::sids(*statements),
              ElementsAre("ReadJobQueue", "ReadAndScaleService", "RememberState"));
  EXPECT_THAT((*statements)[0].resources,
              ElementsAre("arn:aws:sqs:eu-central-1:123456789012:jobs"));
  EXPECT_THAT((*statements)[1].resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:service/main/worker"));
}

TEST(IamPolicy, ALeaseIsOneItemOfOneTable) {
  const auto statements = policy(five(), {.lease = {.table = "locks", .key = "blue"}});
  ASSERT_TRUE(statements.has_value());
  EXPECT_EQ(statements->back().sid, "HoldLease");
  EXPECT_THAT(statements->back().resources,
              ElementsAre("arn:aws:dynamodb:eu-central-1:123456789012:table/locks"));
  EXPECT_THAT(statements->back().conditions.at(0).values, ElementsAre("blue"));
  const std::string arn = "arn:aws:dynamodb:us-east-1:210987654321:table/locks";
  EXPECT_THAT(policy(five(), {.lease = {.table = arn, .key = "blue"}})->back().resources,
              ElementsAre(arn));
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
      testing::sids(*statements),
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
  EXPECT_THAT(statements->back().conditions.at(0).values,
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
  environment["ECS_CLUSTER_NAME"] = "arn:aws:ecs:eu-west-1:123456789012:cluster/main";
  const auto by_name = policy(environment);
  ASSERT_TRUE(by_name);
  EXPECT_THAT((*by_name)[1].resources,
              ElementsAre("arn:aws:ecs:eu-west-1:123456789012:service/main/worker"));
  environment["ECS_SERVICE_NAME"] = "arn:aws:ecs:eu-west-1:123456789012:service/main/worker";
  const auto by_arn = policy(environment);
  ASSERT_TRUE(by_arn);
  EXPECT_THAT((*by_arn)[1].resources,
              ElementsAre("arn:aws:ecs:eu-west-1:123456789012:service/main/worker"));
}

/// All resources of the statement of that id.
std::vector<std::string> resources(const Environment& environment, const IamOverrides& flags,
                                   std::string_view sid) {
  const auto statements = policy(environment, flags);
  if (!statements) {
    return {statements.error().message};
  }
  const auto found = std::ranges::find(*statements, sid, &IamStatement::sid);
  return found == statements->end() ? std::vector<std::string>() : found->resources;
}

TEST(IamPolicy, KeepsTheAccountsOfServiceFunctionAndQueuesApart) {
  const Environment environment =
      with({{"SQS_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111111111111/jobs"},
            {"ECS_CLUSTER_NAME", "arn:aws:ecs:eu-west-2:222222222222:cluster/main"},
            {"ECS_SERVICE_NAME", "worker"}},
           {{"WAKE", "true"}, {"SCALE_IN_WHEN", "protected"}});
  const IamOverrides flags{.function_name =
                               "arn:aws:lambda:eu-west-1:333333333333:function:scaler:live"};
  EXPECT_THAT(resources(environment, flags, "ReadJobQueue"),
              ElementsAre("arn:aws:sqs:eu-west-1:111111111111:jobs"));
  EXPECT_THAT(resources(environment, flags, "RememberState"),
              ElementsAre("arn:aws:ecs:eu-west-2:222222222222:service/main/worker"));
  EXPECT_THAT(resources(environment, flags, "ReadTaskProtection"),
              ElementsAre("arn:aws:ecs:eu-west-2:222222222222:task/main/*"));
  EXPECT_THAT(resources(environment, flags, "WriteLogs"),
              ElementsAre("arn:aws:logs:eu-west-1:333333333333:log-group:/aws/lambda/scaler:*"));
  EXPECT_THAT(resources(environment, flags, "SwitchMapping"),
              ElementsAre("arn:aws:lambda:eu-west-1:333333333333:event-source-mapping:*"));
}

TEST(IamPolicy, TheGuardMayProtectItsTaskAndWorkOffTheQueueAndNothingElse) {
  const ServiceConfig config = *service_from_environment(five());
  const auto statements = guard_iam_statements(config, *iam_scope({}, five(), config));
  EXPECT_THAT(testing::sids(statements), ElementsAre("ProtectOwnTask", "WorkOffJobQueue"));
  EXPECT_THAT(statements[0].actions,
              ElementsAre("ecs:GetTaskProtection", "ecs:UpdateTaskProtection"));
  EXPECT_THAT(statements[0].resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:task/main/*"));
  EXPECT_THAT(statements[1].resources, ElementsAre("arn:aws:sqs:eu-central-1:123456789012:jobs"));
}

TEST(IamPolicy, NamesAFunctionWithoutItsQualifier) {
  for (const char* name : {"f", "f:live", "f:7", "f:$LATEST"}) {
    EXPECT_THAT(resources(five(), {.function_name = name}, "WriteLogs"),
                ElementsAre("arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/f:*"));
  }
  for (const char* name : {"f:a:b", "arn:aws:lambda:eu-west-1:1:layer:f", "a b", ":live"}) {
    EXPECT_THAT(complaint(five(), {.function_name = name}), HasSubstr("is no function")) << name;
  }
}

TEST(IamPolicy, RefusesAFlagThatContradictsAnArn) {
  Environment environment = five();
  environment["ECS_SERVICE_NAME"] = "arn:aws:ecs:eu-west-1:123456789012:service/main/worker";
  EXPECT_EQ(complaint(environment, {.region = "eu-west-2"}),
            "--region is eu-west-2, but the service's ARN is of eu-west-1");
  EXPECT_EQ(complaint(environment, {.account = "210987654321"}),
            "--account is 210987654321, but the service's ARN is of 123456789012");
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
              ::testing::StartsWith(
                  R"({"Version":"2012-10-17","Statement":[{"Sid":"ReadJobQueue","Effect":"Allow",)"
                  R"("Action":["sqs:GetQueueAttributes"],)"
                  R"("Resource":["arn:aws:sqs:eu-central-1:123456789012:jobs"]})"));
  EXPECT_THAT(iam_json(*statements), HasSubstr(R"("Condition":{"ForAllValues:StringEquals":)"
                                               R"({"aws:TagKeys":["ecs-scaler:state"]}})"));
}

TEST(IamPolicy, InstancesAreThoseOfOneGroup) {
  const auto added = [](const std::string& capacity, const IamInstances& instances) {
    std::vector<std::string> names =
        testing::sids(*policy(with(five(), {{"CAPACITY", capacity}}), {.instances = instances}));
    names.erase(names.begin(), names.begin() + 3);
    return names;
  };
  EXPECT_THAT(added("follow", {}), ElementsAre());
  EXPECT_THAT(added("off", {.group = "gpus"}), ElementsAre());
  EXPECT_THAT(added("follow", {.group = "gpus"}),
              ElementsAre("ReadCapacityProvider", "ReadGroup", "StartInstances"));
  EXPECT_THAT(added("follow", {.provider = "managed"}), ElementsAre("ReadCapacityProvider"));
  EXPECT_THAT(added("off", {.provider = "managed"}), ElementsAre());
  EXPECT_THAT(added("own", {.group = "gpus"}),
              ElementsAre("ReadCapacityProvider", "ReadGroup", "StartInstances", "ListInstances",
                          "ListWorkOnInstances", "ReadWorkOnInstances", "DrainInstances",
                          "MarkInstances", "EndInstances"));
}

TEST(IamPolicy, OnlyTheServicesOwnGroupIsChanged) {
  const auto statements = policy(with(five(), {{"CAPACITY", "own"}}),
                                 {.instances = {.group = "gpus", .provider = "gpu"}});
  for (const IamStatement& statement : *statements) {
    for (const std::string& action : statement.actions) {
      if (action == "autoscaling:SetDesiredCapacity" ||
          action == "autoscaling:TerminateInstanceInAutoScalingGroup") {
        EXPECT_THAT(statement.resources,
                    ElementsAre("arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:"
                                "autoScalingGroupName/gpus"));
      } else if (action == "ecs:UpdateContainerInstancesState") {
        EXPECT_THAT(statement.resources,
                    ElementsAre("arn:aws:ecs:eu-central-1:123456789012:container-instance/main/*"));
      } else if (action == "ecs:DescribeCapacityProviders") {
        EXPECT_THAT(statement.resources,
                    ElementsAre("arn:aws:ecs:eu-central-1:123456789012:capacity-provider/gpu"));
      }
    }
    if (statement.sid == "MarkInstances") {
      EXPECT_THAT(statement.conditions.at(0).values, ElementsAre("ecs-scaler:instance"));
    }
  }
}

}  // namespace
}  // namespace scaler
