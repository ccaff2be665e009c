#include "canned_replies.h"

#include <fmt/core.h>

namespace scaler::bench {
namespace {

constexpr int kEvents = 100;

std::string event_json(int i) {
  return fmt::format(
      R"json({{"id":"7f3b0c52-91d4-4e8a-b6f7-0a1b2c3d{:04}","createdAt":17642{:02}1{:02}.{:03},)json"
      R"json("message":"(service worker) has started 1 tasks: (task 5f2d9c0e7b6a4d3c8e1f0a9b{:04}). )json"
      R"json(This line is as long as those of a service behind a load balancer, which name task, )json"
      R"json(zone and target group: (registered 1 targets in (target-group arn:aws:)json"
      R"json(elasticloadbalancing:eu-central-1:123456789012:targetgroup/worker/0123456789ab{:04}))"}})json",
      i, i % 60, i % 60, i, i, i);
}

}  // namespace

std::string queue_attributes_reply() {
  return R"({"Attributes":{"ApproximateNumberOfMessages":"5",)"
         R"("ApproximateNumberOfMessagesDelayed":"0","ApproximateNumberOfMessagesNotVisible":"0"}})";
}

std::string describe_services_reply() {
  std::string events;
  for (int i = 0; i < kEvents; ++i) {
    events += (i == 0 ? "" : ",") + event_json(i);
  }
  return R"({"failures":[],"services":[{"serviceArn":)"
         R"("arn:aws:ecs:eu-central-1:123456789012:service/main/worker","serviceName":"worker",)"
         R"("clusterArn":"arn:aws:ecs:eu-central-1:123456789012:cluster/main","loadBalancers":[],)"
         R"("serviceRegistries":[],"status":"ACTIVE","desiredCount":1,"runningCount":1,)"
         R"("pendingCount":0,"launchType":"FARGATE","platformVersion":"LATEST",)"
         R"("taskDefinition":"arn:aws:ecs:eu-central-1:123456789012:task-definition/worker:7",)"
         R"("deployments":[{"id":"ecs-svc/0123456789012345678","status":"PRIMARY",)"
         R"("desiredCount":1,"pendingCount":0,"runningCount":1,"failedTasks":0,)"
         R"("createdAt":1764200000.123,"updatedAt":1764200100.456,"rolloutState":"COMPLETED",)"
         R"("rolloutStateReason":"ECS deployment ecs-svc/0123456789012345678 completed."}],)"
         R"("schedulingStrategy":"REPLICA","enableExecuteCommand":false,"tags":[],"events":[)" +
         events + "]}]}";
}

}  // namespace scaler::bench
