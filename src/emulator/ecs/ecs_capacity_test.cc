// Managed Instances and rolling deployments over ECS's own calls.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_names.h"
#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using ::testing::HasSubstr;
using ::testing::Not;

using scaler::testing::kNoon;

class EcsCapacity : public ::testing::Test {
 protected:
  EcsCapacity() : world_({}, kNoon, random_) {
    world_.create_cluster("main");
    for (const char* family : {"app", "other"}) {
      world_.register_task_definition(
          family,
          R"({"cpu":"4096","memory":"8192","containerDefinitions":[{"name":"a","image":"b",)"
          R"("resourceRequirements":[{"type":"GPU","value":"1"}]}]})");
    }
  }

  std::string call(std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    EXPECT_TRUE(document.has_value()) << body;
    const ApiAnswer answer =
        api_.handle({.operation = operation, .body = *document, .caller = caller_});
    return answer ? *answer : "error " + answer.error().code + ": " + answer.error().message;
  }

  std::string create_provider(const std::string& more) {
    return call("CreateCapacityProvider",
                R"({"name":"mi","cluster":"main","managedInstancesProvider":{)"
                R"("infrastructureRoleArn":"arn:aws:iam::000000000000:role/ecs")" +
                    more + "}}");
  }

  std::int64_t instances() {
    std::int64_t count = 0;
    for (const auto& [name, group] : world_.groups()) {
      count += std::ssize(group->instances());
    }
    return count;
  }

  Random random_{1};
  world::World world_;
  EcsApi api_{world_, EcsPlace(WorldPlaces("eu-west-1"), std::string(kAccount), "eu-west-1"),
              world::ServiceBehaviour{}};
  Caller caller_{.access_key_id = "AKID", .region = "eu-west-1", .service = "ecs"};
};

TEST_F(EcsCapacity, AProviderOfManagedInstancesIsToldAsItWasMade) {
  const std::string made = create_provider(R"(,"infrastructureOptimization":{"scaleInAfter":60})");
  EXPECT_THAT(made, HasSubstr(R"("type":"MANAGED_INSTANCES","cluster":)"
                              R"("arn:aws:ecs:eu-west-1:000000000000:cluster/main")"));
  const auto told = [&] {
    return call("DescribeCapacityProviders", R"({"capacityProviders":["mi"],"cluster":"main"})");
  };
  EXPECT_THAT(told(), HasSubstr(R"("infrastructureOptimization":{"scaleInAfter":60}})"));
  EXPECT_THAT(told(), Not(HasSubstr("autoScalingGroupProvider")));
  call("UpdateCapacityProvider", R"({"name":"mi","cluster":"main","managedInstancesProvider":{)"
                                 R"("infrastructureOptimization":{"scaleInAfter":-1}}})");
  EXPECT_THAT(told(), HasSubstr(R"("scaleInAfter":-1)"));
  EXPECT_THAT(create_provider(""), HasSubstr("already exists"));
  EXPECT_THAT(call("CreateCapacityProvider", R"({"name":"x"})"), HasSubstr("Exactly one of"));
  EXPECT_THAT(call("CreateCapacityProvider", R"({"name":"x","managedInstancesProvider":{}})"),
              HasSubstr("needs a cluster"));
  EXPECT_THAT(
      call("CreateCapacityProvider", R"({"name":"x","cluster":"main","managedInstancesProvider":{)"
                                     R"("infrastructureOptimization":{"scaleInAfter":3601}}})"),
      HasSubstr("scaleInAfter must be"));
  EXPECT_THAT(call("DeleteCapacityProvider", R"({"capacityProvider":"mi"})"), HasSubstr("mi"));
  EXPECT_TRUE(world_.groups().empty());
}

TEST_F(EcsCapacity, ManagedInstancesComeWithTasksAndGoAfterThem) {
  create_provider(R"(,"infrastructureOptimization":{"scaleInAfter":60})");
  call("PutClusterCapacityProviders",
       R"({"cluster":"main","capacityProviders":["mi"],"defaultCapacityProviderStrategy":[]})");
  call("CreateService", R"({"cluster":"main","serviceName":"web","taskDefinition":"app",)"
                        R"("capacityProviderStrategy":[{"capacityProvider":"mi","weight":1}],)"
                        R"("desiredCount":2})");
  const world::Service& service = *world_.find_service("main", "web");
  EXPECT_EQ(service.running(), 0);
  world_.advance(kNoon + minutes(2));
  EXPECT_EQ(service.running(), 2);
  EXPECT_EQ(instances(), 2) << "one GPU each";
  EXPECT_THAT(call("ListContainerInstances", R"({"cluster":"main"})"),
              HasSubstr("container-instance/main/"));
  EXPECT_THAT(call("DescribeClusters", R"({"clusters":["main"]})"),
              HasSubstr(R"("registeredContainerInstancesCount":2)"));
  call("UpdateService", R"({"cluster":"main","service":"web","desiredCount":0})");
  call("DeleteService", R"({"cluster":"main","service":"web"})");
  world_.advance(kNoon + minutes(2) + std::chrono::seconds(30));
  EXPECT_THAT(call("DeleteCluster", R"({"cluster":"main"})"),
              HasSubstr("ClusterContainsContainerInstancesException"));
  world_.advance(kNoon + minutes(5));
  EXPECT_EQ(instances(), 0);
  EXPECT_THAT(call("DescribeClusters", R"({"clusters":["main"]})"),
              HasSubstr(R"("registeredContainerInstancesCount":0)"));
  EXPECT_EQ(service.totals().lost_with_instance, 0);
}

TEST_F(EcsCapacity, ADeploymentHeedsItsConfiguration) {
  call("CreateService", R"({"cluster":"main","serviceName":"web","taskDefinition":"app",)"
                        R"("desiredCount":4,"deploymentConfiguration":{"maximumPercent":100,)"
                        R"("minimumHealthyPercent":50}})");
  world_.advance(kNoon + minutes(1));
  call("UpdateService", R"({"cluster":"main","service":"web","taskDefinition":"other"})");
  const world::Service& service = *world_.find_service("main", "web");
  EXPECT_EQ(service.running(), 2);
  EXPECT_EQ(service.pending(), 2);
  world_.advance(kNoon + minutes(3));
  EXPECT_TRUE(service.deployments().front().completed);
  call("UpdateService", R"({"cluster":"main","service":"web","taskDefinition":"app",)"
                        R"("deploymentConfiguration":{"maximumPercent":150,)"
                        R"("minimumHealthyPercent":100}})");
  EXPECT_EQ(service.running(), 4);
  EXPECT_EQ(service.pending(), 2);
}

TEST_F(EcsCapacity, ADeploymentThatWasGivenUpIsToldSo) {
  call("CreateService", R"({"cluster":"main","serviceName":"web","taskDefinition":"app",)"
                        R"("desiredCount":1,"deploymentConfiguration":{)"
                        R"("deploymentCircuitBreaker":{"enable":true,"rollback":false}}})");
  world_.advance(kNoon + minutes(1));
  call("UpdateService", R"({"cluster":"main","service":"web","taskDefinition":"other"})");
  world::Service& service = *world_.find_service("main", "web");
  for (int second = 60; second < 180; ++second) {
    world_.advance(kNoon + std::chrono::seconds(second));
    for (const auto& [number, task] : service.tasks()) {
      if (task.task_definition == "other:1" && task.state == world::TaskState::Running) {
        service.task_ended(*service.find_task(task.id), 1, world_.now());
        break;
      }
    }
  }
  const std::string told = call("DescribeServices", R"({"cluster":"main","services":["web"]})");
  EXPECT_THAT(told, HasSubstr(R"("failedTasks":3)"));
  EXPECT_THAT(told, HasSubstr(R"("rolloutState":"FAILED","rolloutStateReason":)"
                              R"("ECS deployment circuit breaker: tasks failed to start.")"));
  EXPECT_EQ(service.running(), 1) << "the former task";
}

}  // namespace
}  // namespace scaler::emulator
