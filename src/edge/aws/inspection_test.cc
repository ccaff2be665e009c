#include "edge/aws/inspection.h"

#include <gtest/gtest.h>

#include "edge/aws/functions.h"
#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

const ServiceId kId{.cluster = "arn:aws:ecs:us-east-1:1:cluster/c", .service = "s"};

TEST(Functions, ReadsTheConfiguration) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"FunctionName":"f","FunctionArn":"arn:f","Timeout":15,"State":"Active",)"
          R"("Environment":{"Variables":{"WAKE":"true"}}})"),
       ok(R"({"Timeout":"15"})"), ok(R"({"Timeout":3,"Environment":{"Variables":{"A":1}}})")});
  Functions functions(test.client());
  const auto configuration = functions.configuration("arn:aws:lambda:r:1:function:f", soon());
  ASSERT_TRUE(configuration.has_value()) << configuration.error().message;
  EXPECT_EQ(configuration->timeout, 15s);
  EXPECT_EQ(configuration->environment, (Environment{{"WAKE", "true"}}));
  EXPECT_EQ(test.transport.requests.at(0).method, "GET");
  EXPECT_EQ(test.transport.requests.at(0).target,
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Ar%3A1%3Afunction%3Af/configuration");
  EXPECT_EQ(functions.configuration("f", soon()).error().kind, ErrorKind::Malformed);
  EXPECT_EQ(functions.configuration("f", soon()).error().kind, ErrorKind::Malformed);
}

TEST(Functions, TellsAnAnswerFromAFailure) {
  TestClient test;
  test.transport.reply_with({ok(R"({"statusCode":200})"),
                             net::HttpResponse{.status = 200,
                                               .headers = {{"x-amz-function-error", "Unhandled"}},
                                               .body = R"({"errorMessage":"why"})"},
                             ok("not JSON")});
  Functions functions(test.client());
  const auto answered = functions.invoke("f", R"({"dry_run":true})", soon());
  EXPECT_FALSE(answered->failed);
  EXPECT_NE(answered->payload.find("statusCode"), nullptr);
  EXPECT_EQ(test.transport.requests.at(0).target, "/2015-03-31/functions/f/invocations");
  EXPECT_EQ(test.transport.requests.at(0).body, R"({"dry_run":true})");
  EXPECT_TRUE(functions.invoke("f", "{}", soon())->failed);
  EXPECT_EQ(functions.invoke("f", "{}", soon()).error().kind, ErrorKind::Malformed);
}

TEST(Inspection, ReadsHowAServiceIsRun) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"services":[{"serviceArn":"arn:s","clusterArn":"arn:c","status":"ACTIVE",)"
          R"("desiredCount":2,"runningCount":1,"launchType":"EC2","schedulingStrategy":"DAEMON",)"
          R"("capacityProviderStrategy":[{"capacityProvider":"gpu","weight":1},)"
          R"({"capacityProvider":"FARGATE_SPOT"}],)"
          R"("deploymentController":{"type":"CODE_DEPLOY"},)"
          R"("availabilityZoneRebalancing":"ENABLED","deployments":[{"id":"ecs-svc/1",)"
          R"("rolloutState":"FAILED","rolloutStateReason":"why","createdAt":1764000000.25},{}],)"
          R"("tags":[{"key":"a"},{"key":"ecs-scaler:state","value":"v1"}]}]})"),
       ok(R"({"services":[{"desiredCount":0,"runningCount":0}],"failures":null})"),
       ok(R"({"services":[],"failures":[{"arn":"s","reason":"MISSING"}]})"),
       ok(R"({"services":[{"desiredCount":0}]})"),
       ok(R"({"services":[{"desiredCount":0,"runningCount":0,"deployments":[{"createdAt":1e300}]}]})")});
  const auto details = service_details(test.client(), kId, soon());
  ASSERT_TRUE(details.has_value()) << details.error().message;
  EXPECT_EQ(details->launch_type, "EC2");
  EXPECT_EQ(details->capacity_providers, (std::vector<std::string>{"gpu", "FARGATE_SPOT"}));
  EXPECT_EQ(details->scheduling_strategy, "DAEMON");
  EXPECT_EQ(details->deployment_controller, "CODE_DEPLOY");
  EXPECT_EQ(details->zone_rebalancing, "ENABLED");
  EXPECT_EQ(details->tags.find("ecs-scaler:state")->second, "v1");
  EXPECT_EQ(details->tags.size(), 2U);
  ASSERT_EQ(details->deployments.size(), 2U);
  EXPECT_EQ(details->deployments[0].id, "ecs-svc/1");
  EXPECT_EQ(details->deployments[0].rollout, "FAILED");
  EXPECT_EQ(details->deployments[0].reason, "why");
  EXPECT_EQ(details->deployments[0].created_at, Instant(1764000000250ms));
  EXPECT_FALSE(details->deployments[1].created_at);
  const auto plain = service_details(test.client(), kId, soon());
  EXPECT_EQ(plain->deployment_controller, "ECS");
  EXPECT_EQ(plain->scheduling_strategy, "REPLICA");
  EXPECT_TRUE(plain->zone_rebalancing.empty() && plain->deployments.empty());
  EXPECT_EQ(service_details(test.client(), kId, soon()).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(service_details(test.client(), kId, soon()).error().kind, ErrorKind::Malformed);
  EXPECT_EQ(service_details(test.client(), kId, soon()).error().kind, ErrorKind::Malformed);
}

TEST(Inspection, CountsInstances) {
  TestClient test;
  test.transport.reply_with({ok(R"({"clusters":[{"registeredContainerInstancesCount":3}]})"),
                             ok(R"({"clusters":[]})"), ok(R"({"clusters":[{}]})")});
  EXPECT_EQ(container_instances(test.client(), kId, soon()), 3);
  EXPECT_EQ(container_instances(test.client(), kId, soon()).error().kind, ErrorKind::NotFound);
  EXPECT_EQ(container_instances(test.client(), kId, soon()).error().kind, ErrorKind::Malformed);
}

TEST(Inspection, NamesWhoElseRunsOnAProvider) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"serviceArns":["arn:aws:ecs:r:1:service/c/s","arn:aws:ecs:r:1:service/c/a",)"
          R"("arn:aws:ecs:r:1:service/c/b","arn:aws:ecs:r:1:service/c/f"]})"),
       ok(R"({"services":[{"serviceName":"a","capacityProviderStrategy":)"
          R"([{"capacityProvider":"other"},{"capacityProvider":"gpu"}]},)"
          R"({"serviceName":"b","capacityProviderStrategy":[{"capacityProvider":"other"}]},)"
          R"({"serviceName":"f","launchType":"FARGATE"}]})"),
       ok(R"({"serviceArns":["arn:aws:ecs:r:1:service/c/s"]})")});
  EXPECT_EQ(neighbours_on(test.client(), kId, "gpu", soon()), std::vector<std::string>{"a"});
  EXPECT_TRUE(test.transport.requests.at(1).body.contains(R"("services":["a","b","f"])"));
  EXPECT_EQ(neighbours_on(test.client(), kId, "gpu", soon()), std::vector<std::string>{});
  EXPECT_EQ(test.transport.requests.size(), 3U) << "nobody is described where nobody else is";
}

TEST(Inspection, FindsWhoElseScales) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"ScalableTargets":[{"MinCapacity":1,"MaxCapacity":9}]})"),
       ok(R"({"ScalableTargets":[{"MinCapacity":1,"MaxCapacity":9,"SuspendedState":)"
          R"({"DynamicScalingInSuspended":true,"DynamicScalingOutSuspended":true,)"
          R"("ScheduledScalingSuspended":true}}]})"),
       ok(R"({"ScalableTargets":[],"NextToken":null})"),
       service_failure(400, "AccessDeniedException")});
  const auto target = scalable_target(test.client(), kId, soon());
  ASSERT_TRUE(target.has_value() && *target);
  EXPECT_EQ((*target)->tasks_max, 9);
  EXPECT_FALSE((*target)->suspended);
  EXPECT_TRUE((*scalable_target(test.client(), kId, soon()))->suspended);
  EXPECT_FALSE(scalable_target(test.client(), kId, soon())->has_value());
  EXPECT_EQ(scalable_target(test.client(), kId, soon()).error().kind, ErrorKind::Denied);
  EXPECT_EQ(test.transport.requests.at(0).body,
            R"({"ServiceNamespace":"ecs","ResourceIds":["service/c/s"],)"
            R"("ScalableDimension":"ecs:service:DesiredCount"})");
  EXPECT_EQ(net::find_header(test.transport.requests.at(0).headers, "X-Amz-Target"),
            "AnyScaleFrontendService.DescribeScalableTargets");
}

TEST(Client, KnowsWhatAwssClockIsAheadBy) {
  TestClient test;
  net::HttpResponse reply = ok(R"({"ScalableTargets":[]})");
  reply.headers = {{"Date", "Mon, 23 Nov 2026 12:07:00 GMT"}};
  test.transport.reply_with({reply});
  ASSERT_TRUE(scalable_target(test.client(), kId, soon()).has_value());
  EXPECT_EQ(test.client().clock_difference(), 7min);
}

}  // namespace
}  // namespace scaler::aws
