#include "edge/iam/fleet_iam.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edge/iam/test_support.h"
#include "ground/json/value.h"

namespace scaler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const AccountRole kFirst{.arn = "arn:aws:iam::111111111111:role/scaler"};
const AccountRole kSecond{.arn = "arn:aws:iam::222222222222:role/scaler", .external_id = "our-id"};
const std::string kCaller = "arn:aws:iam::123456789012:role/hub";

ServiceSpec worker(const AccountRole& role, const std::string& queue_account) {
  return {.id = {.cluster = "main", .service = "worker", .region = "eu-west-1", .role = role},
          .queues = {{"https://sqs.eu-west-1.amazonaws.com/" + queue_account + "/jobs"}},
          .policy = Policy::create({}).value()};
}

Result<FleetIam> policies(const IamFleet& fleet, const std::string& caller = kCaller,
                          const IamOverrides& flags = {}) {
  const ServiceConfig deployment{.policy = Policy::create({}).value()};
  return fleet_iam(fleet, deployment, flags, caller, {{"AWS_REGION", "us-east-1"}});
}

const IamStatement& statement(const std::vector<IamStatement>& all, std::string_view sid) {
  const auto found = std::ranges::find(all, sid, &IamStatement::sid);
  EXPECT_NE(found, all.end()) << sid;
  return *found;
}

TEST(FleetIam, TheCallerAssumesJustTheRolesAndEachReachesItsOwnAccount) {
  const auto fleet =
      policies({.services = {worker({}, "123456789012"), worker(kFirst, "111111111111"),
                             worker(kSecond, "222222222222")}});
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_THAT(statement(fleet->caller, "AssumeRoles").resources,
              ElementsAre(kFirst.arn, kSecond.arn));
  EXPECT_THAT(statement(fleet->caller, "ReadAndScaleService").resources,
              ElementsAre("arn:aws:ecs:eu-west-1:123456789012:service/main/worker"));
  ASSERT_EQ(fleet->roles.size(), 2U);
  EXPECT_THAT(statement(fleet->roles[1].policy, "ReadAndScaleService").resources,
              ElementsAre("arn:aws:ecs:eu-west-1:222222222222:service/main/worker"));
  EXPECT_THAT(statement(fleet->roles[1].policy, "ReadJobQueue").resources,
              ElementsAre("arn:aws:sqs:eu-west-1:222222222222:jobs"));
}

TEST(FleetIam, AFileInS3IsReadAndNothingElseOfTheBucketAndItsServicesAreThoseOfTheCeilings) {
  const IamFleet fleet{.ceilings = {.queues = {"jobs-*"}, .clusters = {"main"}},
                       .object = ObjectAddress{.bucket = "scaling", .key = "teams/fleet.json"}};
  const auto printed = policies(fleet);
  ASSERT_TRUE(printed.has_value()) << printed.error().message;
  EXPECT_TRUE(printed->roles.empty());
  const IamStatement& read = statement(printed->caller, "ReadFleet");
  EXPECT_THAT(read.actions, ElementsAre("s3:GetObject"));
  EXPECT_THAT(read.resources, ElementsAre("arn:aws:s3:::scaling/teams/fleet.json"));
  const IamStatement& scale = statement(printed->caller, "ReadAndScaleService");
  EXPECT_THAT(scale.resources, ElementsAre("arn:aws:ecs:us-east-1:123456789012:service/main/*"));
  EXPECT_TRUE(scale.conditions.empty());
  const auto china =
      policies(fleet, "arn:aws-cn:iam::123456789012:role/hub", {.region = "cn-north-1"});
  EXPECT_THAT(statement(china->caller, "ReadFleet").resources,
              ElementsAre("arn:aws-cn:s3:::scaling/teams/fleet.json"));
}

TEST(FleetIam, ATrustPolicyAsksForTheExternalIdOfItsRole) {
  const auto fleet =
      policies({.services = {worker(kFirst, "111111111111"), worker(kSecond, "222222222222")}});
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  const std::string text = fleet_iam_json(*fleet);
  ASSERT_TRUE(json::parse(text).has_value());
  const std::string who = R"("Principal":{"AWS":")" + kCaller + R"("},"Action":"sts:AssumeRole")";
  EXPECT_THAT(text, HasSubstr(who + "}]}}"));
  EXPECT_THAT(text,
              HasSubstr(who + R"(,"Condition":{"StringEquals":{"sts:ExternalId":"our-id"}}}]}})"));
}

TEST(FleetIam, ServicesThatAreFoundMayBeChangedOnlyWhileTheyCarryTheTag) {
  const auto fleet = policies(
      {.places = {{.region = "eu-west-1", .role = kFirst}, {.region = "eu-west-2", .role = kFirst}},
       .ceilings = {.queues = {"team-*"}, .clusters = {"main"}}});
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  const std::vector<IamStatement>& policy = fleet->roles.at(0).policy;
  const IamStatement& change = statement(policy, "ScaleService");
  EXPECT_THAT(change.resources, ElementsAre("arn:aws:ecs:eu-west-1:111111111111:service/main/*",
                                            "arn:aws:ecs:eu-west-2:111111111111:service/main/*"));
  EXPECT_EQ(change.conditions.at(0).key, "aws:ResourceTag/ecs-scaler:queue");
  EXPECT_THAT(statement(policy, "ReadJobQueue").resources,
              ElementsAre("arn:aws:sqs:eu-west-1:111111111111:team-*",
                          "arn:aws:sqs:eu-west-2:111111111111:team-*"));
  EXPECT_THAT(statement(policy, "FindServices").actions, ElementsAre("tag:GetResources"));
}

TEST(FleetIam, WhoAssumesTheRolesMustBeKnown) {
  const IamFleet fleet{.services = {worker(kFirst, "111111111111")}};
  EXPECT_EQ(policies(fleet, "").error().message,
            "who assumes the roles is not known: give the caller's own role with --caller, or its "
            "account with --account");
  const auto by_account = policies(fleet, "", {.account = "123456789012"});
  ASSERT_TRUE(by_account.has_value());
  EXPECT_EQ(by_account->principal, "arn:aws:iam::123456789012:root");
}

// --- services of the caller's own account

Result<std::vector<IamStatement>> fleet_policy(const Environment& environment,
                                               const std::vector<ServiceSpec>& services = {},
                                               const IamOverrides& flags = {}) {
  const FleetConfig config = TRY(fleet_from_environment(environment));
  IamFleet fleet{.services = services, .ceilings = config.rules.ceilings};
  if (config.by_tags()) {
    fleet.places = {{}};
  }
  return TRY(fleet_iam(fleet, config.deployment, flags, "", environment)).caller;
}

Environment by_tags(const Environment& more = {}) {
  Environment environment{
      {"FLEET", "tags"},
      {"TICK_QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/ticks"}};
  environment.insert(more.begin(), more.end());
  return environment;
}

TEST(FleetIam, ByTagsOnlyWhoCarriesTheTagIsChanged) {
  const auto statements = fleet_policy(by_tags(), {}, {.function_name = "f"});
  ASSERT_TRUE(statements) << statements.error().message;
  EXPECT_THAT(
      testing::sids(*statements),
      ElementsAre("FindServices", "ReadJobQueue", "ReadService", "ScaleService", "RememberState",
                  "ListTasks", "ReadTaskProtection", "WriteLogs", "SendTicks", "ReceiveTicks"));
  for (const IamStatement& one : *statements) {
    const bool changes = std::ranges::any_of(one.actions, [](const std::string& action) {
      return action.starts_with("ecs:Update") || action.contains("Tag");
    });
    const bool of_tagged = !one.conditions.empty() &&
                           one.conditions.back().key == "aws:ResourceTag/ecs-scaler:queue" &&
                           one.conditions.back().comparison == "Null" &&
                           one.conditions.back().values == std::vector<std::string>{"false"};
    EXPECT_EQ(changes, of_tagged) << one.sid;
  }
  EXPECT_TRUE(statement(*statements, "ReadService").conditions.empty());
  EXPECT_THAT(statement(*statements, "ScaleService").resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:service/*/*"));
  EXPECT_THAT(
      iam_json(*statements),
      HasSubstr(
          R"("Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":)"
          R"(["ecs-scaler:state","ecs-scaler:last-good"]},"Null":{"aws:ResourceTag/ecs-scaler:queue":["false"]}})"));
}

TEST(FleetIam, ByTagsTheDeploymentsPatternsAreItsBounds) {
  const auto statements = fleet_policy(
      by_tags({{"FLEET_QUEUES", "jobs-* arn:aws:sqs:us-east-1:999999999999:theirs"},
               {"FLEET_CLUSTERS", "team-* arn:aws-cn:ecs:cn-north-1:123456789012:cluster/far"}}));
  ASSERT_TRUE(statements) << statements.error().message;
  EXPECT_THAT(statement(*statements, "ReadJobQueue").resources,
              ElementsAre("arn:aws:sqs:eu-central-1:123456789012:jobs-*",
                          "arn:aws:sqs:us-east-1:999999999999:theirs"));
  EXPECT_THAT(statement(*statements, "ScaleService").resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:service/team-*/*",
                          "arn:aws-cn:ecs:cn-north-1:123456789012:service/far/*"));
  EXPECT_EQ(statement(*statements, "ListTasks").conditions.at(0).comparison, "ArnLike");
}

TEST(FleetIam, ByTagsSomebodyMustSayWhichAccount) {
  const auto statements = fleet_policy({{"FLEET", "tags"}, {"AWS_REGION", "eu-central-1"}});
  ASSERT_FALSE(statements);
  EXPECT_THAT(statements.error().message, HasSubstr("--account"));
  EXPECT_TRUE(fleet_policy({{"FLEET", "tags"}, {"AWS_REGION", "eu-central-1"}}, {},
                           {.account = "123456789012"}));
}

TEST(FleetIam, OfAFilesServicesEachIsNamedWhereItIs) {
  PolicyOptions options;
  options.scale_in_when = ScaleInWhen::Protected;
  const std::vector<ServiceSpec> services{
      {.id = {.cluster = "main", .service = "a"},
       .queues = {{"https://sqs.eu-central-1.amazonaws.com/123456789012/a"},
                  {"https://sqs.eu-central-1.amazonaws.com/123456789012/shared"}},
       .policy = Policy::create({}).value()},
      {.id = {.cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/far", .service = "b"},
       .queues = {{"https://sqs.eu-central-1.amazonaws.com/123456789012/shared"}},
       .policy = Policy::create(options).value()}};
  const auto statements = fleet_policy({{"FLEET", "/var/task/fleet.json"}}, services);
  ASSERT_TRUE(statements) << statements.error().message;
  EXPECT_THAT(statement(*statements, "ReadJobQueue").resources,
              ElementsAre("arn:aws:sqs:eu-central-1:123456789012:a",
                          "arn:aws:sqs:eu-central-1:123456789012:shared"));
  EXPECT_THAT(statement(*statements, "ReadAndScaleService").resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:service/main/a",
                          "arn:aws:ecs:us-east-1:123456789012:service/far/b"));
  EXPECT_THAT(statement(*statements, "ReadTaskProtection").resources,
              ElementsAre("arn:aws:ecs:us-east-1:123456789012:task/far/*"));
  EXPECT_THAT(statement(*statements, "ListTasks").conditions.at(0).values,
              ElementsAre("arn:aws:ecs:us-east-1:123456789012:cluster/far"));
}

TEST(FleetIam, NamedAndTaggedServicesHaveStatementsOfTheirOwn) {
  const auto fleet =
      policies({.services = {worker({}, "123456789012")}, .places = {{.region = "eu-west-1"}}});
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_THAT(testing::sids(fleet->caller),
              ElementsAre("ReadJobQueue", "ReadAndScaleService", "RememberState", "FindServices",
                          "ReadTaggedQueue", "ReadService", "ScaleService", "RememberTaggedState",
                          "ListTasks", "ReadTaskProtection"));
  EXPECT_EQ(fleet_iam_json(*fleet), iam_json(fleet->caller)) << "no role is assumed";
}

// --- the instances under them

TEST(FleetIam, ByTagsTheGroupsOfOnePatternAreDrivenInTheClustersOfTheCeilings) {
  const auto statements = fleet_policy(
      by_tags({{"FLEET_CLUSTERS", "main arn:aws:ecs:us-east-1:123456789012:cluster/far"}}), {},
      {.instances = {.group = "gpu-*"}});
  ASSERT_TRUE(statements) << statements.error().message;
  for (const auto* const sid : {"StartInstances", "EndInstances"}) {
    EXPECT_THAT(statement(*statements, sid).resources,
                ElementsAre("arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:*:"
                            "autoScalingGroupName/gpu-*",
                            "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:*:"
                            "autoScalingGroupName/gpu-*"));
  }
  EXPECT_THAT(statement(*statements, "DrainInstances").resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:container-instance/main/*",
                          "arn:aws:ecs:us-east-1:123456789012:container-instance/far/*"));
  EXPECT_THAT(statement(*statements, "ReadCapacityProvider").resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:capacity-provider/*",
                          "arn:aws:ecs:us-east-1:123456789012:capacity-provider/*"));
  EXPECT_EQ(statement(*statements, "ListWorkOnInstances").conditions.at(0).comparison, "ArnLike");
}

TEST(FleetIam, OfAFileInstancesEndOnlyUnderTheServicesThatOwnTheirGroup) {
  const auto named = [](const std::string& name, Capacity capacity) {
    PolicyOptions options;
    options.capacity = capacity;
    return ServiceSpec{.id = {.cluster = "of-" + name, .service = name},
                       .queues = {{"https://sqs.eu-central-1.amazonaws.com/123456789012/a"}},
                       .policy = Policy::create(options).value()};
  };
  const Environment environment{{"FLEET", "/var/task/fleet.json"}};
  const IamOverrides flags{.instances = {.group = "gpu-*"}};
  const auto statements = fleet_policy(
      environment, {named("follows", Capacity::Follow), named("owns", Capacity::Own)}, flags);
  ASSERT_TRUE(statements) << statements.error().message;
  EXPECT_THAT(statement(*statements, "ListInstances").resources,
              ElementsAre("arn:aws:ecs:eu-central-1:123456789012:cluster/of-owns"));
  EXPECT_EQ(statement(*statements, "StartInstances").resources.size(), 1U);

  const auto following =
      testing::sids(*fleet_policy(environment, {named("follows", Capacity::Follow)}, flags));
  EXPECT_THAT(following, ::testing::Contains("StartInstances"));
  EXPECT_THAT(following, ::testing::Not(::testing::Contains("EndInstances")));
  EXPECT_THAT(testing::sids(*fleet_policy(environment, {named("off", Capacity::Off)}, flags)),
              ::testing::Not(::testing::Contains("StartInstances")));
}

TEST(FleetIam, ARoleOfAnotherAccountDrivesTheGroupsOfItsOwn) {
  const auto fleet = policies({.places = {{.region = "eu-west-1", .role = kFirst}}}, kCaller,
                              {.instances = {.group = "gpu-*"}});
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_THAT(statement(fleet->roles.at(0).policy, "EndInstances").resources,
              ElementsAre("arn:aws:autoscaling:eu-west-1:111111111111:autoScalingGroup:*:"
                          "autoScalingGroupName/gpu-*"));
  EXPECT_THAT(testing::sids(fleet->caller), ::testing::Not(::testing::Contains("EndInstances")));
}

// --- queues that wake
// ----------------------------------------------------------------------------

Result<FleetIam> waking(const IamFleet& fleet, bool wake = true,
                        const std::string& function = "scaler") {
  const ServiceConfig deployment{.policy = Policy::create({}).value(), .wake = wake};
  return fleet_iam(fleet, deployment, {.function_name = function}, kCaller,
                   {{"AWS_REGION", "eu-west-1"}});
}

bool has(const FleetIam& fleet, std::string_view sid) {
  return std::ranges::find(fleet.caller, sid, &IamStatement::sid) != fleet.caller.end();
}

TEST(FleetIam, OfAFileThoseQueuesWakeThatMayAndLieInTheFunctionsRegion) {
  IamFleet fleet{.services = {worker({}, "123456789012"), worker(kFirst, "111111111111"),
                              worker(kSecond, "222222222222"), worker({}, "123456789012")}};
  fleet.services[2].wake = false;
  fleet.services[3].queues = {{"https://sqs.us-east-1.amazonaws.com/123456789012/far"}};
  const auto printed = waking(fleet);
  ASSERT_TRUE(printed.has_value()) << printed.error().message;
  const std::vector<std::string> queues{"arn:aws:sqs:eu-west-1:123456789012:jobs",
                                        "arn:aws:sqs:eu-west-1:111111111111:jobs"};
  const IamStatement& mapping = statement(printed->caller, "WakeMapping");
  EXPECT_EQ(mapping.resources, queues);
  EXPECT_THAT(mapping.actions,
              ElementsAre("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"));
  EXPECT_EQ(statement(printed->caller, "HandBackMessages").resources, queues);
  EXPECT_THAT(statement(printed->caller, "FindMappings").resources, ElementsAre("*"));
  EXPECT_THAT(statement(printed->caller, "SwitchMapping").conditions.front().values,
              ElementsAre("arn:aws:lambda:eu-west-1:123456789012:function:scaler",
                          "arn:aws:lambda:eu-west-1:123456789012:function:scaler:*"));
}

TEST(FleetIam, WithoutWakeNoMappingIsSwitchedUnlessAServiceSaysSo) {
  IamFleet fleet{.services = {worker({}, "123456789012"), worker(kFirst, "111111111111")}};
  EXPECT_FALSE(has(*waking(fleet, false), "SwitchMapping"));
  fleet.services[1].wake = true;
  EXPECT_THAT(statement(waking(fleet, false)->caller, "WakeMapping").resources,
              ElementsAre("arn:aws:sqs:eu-west-1:111111111111:jobs"));
}

TEST(FleetIam, ByTagsTheQueuesThatWakeAreThoseOfTheCeilings) {
  const auto printed = waking({.places = {SearchedPlace{},
                                          {.region = "eu-west-1", .role = kFirst},
                                          {.region = "us-east-1", .role = kFirst}},
                               .ceilings = {.queues = {"jobs-*"}}});
  ASSERT_TRUE(printed.has_value()) << printed.error().message;
  EXPECT_THAT(statement(printed->caller, "WakeMapping").resources,
              ElementsAre("arn:aws:sqs:eu-west-1:123456789012:jobs-*",
                          "arn:aws:sqs:eu-west-1:111111111111:jobs-*"));
}

TEST(FleetIam, WhoseMappingsAreSwitchedMustBeKnown) {
  const IamFleet fleet{.services = {worker({}, "123456789012")}};
  EXPECT_THAT(waking(fleet, true, "").error().message, HasSubstr("--function-name"));
  EXPECT_FALSE(has(*waking(fleet, false, ""), "SwitchMapping"));
}

}  // namespace
}  // namespace scaler
