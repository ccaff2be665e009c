#include "emulator/autoscaling/scaling_groups_api.h"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

using scaler::testing::kNoon;

class ScalingGroups : public ::testing::Test {
 protected:
  ScalingGroups() {
    // "ECS_CLUSTER=main", as a launch script writes it.
    call("CreateLaunchConfiguration",
         R"({"LaunchConfigurationName":"lc","InstanceType":"g5.xlarge",)"
         R"("UserData":"ZWNobyBFQ1NfQ0xVU1RFUj1tYWluID4+IC9ldGMvZWNzL2Vjcy5jb25maWcK"})");
    call("CreateAutoScalingGroup",
         R"({"AutoScalingGroupName":"gpu","LaunchConfigurationName":"lc","MinSize":0,"MaxSize":2,)"
         R"("AvailabilityZones":["eu-west-1a"],"NewInstancesProtectedFromScaleIn":true})");
  }

  std::string call(std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    EXPECT_TRUE(document.has_value()) << body;
    const ApiAnswer answer =
        api_.handle({.operation = operation, .body = *document, .caller = caller_});
    return answer ? *answer : answer.error().code + ": " + answer.error().message;
  }
  std::string set_desired(int count) {
    return call("SetDesiredCapacity",
                fmt::format(R"({{"AutoScalingGroupName":"gpu","DesiredCapacity":{}}})", count));
  }
  std::string terminate(std::string_view id, bool decrement) {
    return call(
        "TerminateInstanceInAutoScalingGroup",
        fmt::format(R"({{"InstanceId":"{}","ShouldDecrementDesiredCapacity":{}}})", id, decrement));
  }
  world::InstanceGroup& group() { return *world_.find_group("gpu"); }
  const world::Instance& first() { return group().instances().begin()->second; }

  Random random_{1};
  world::World world_{{}, kNoon, random_};
  ScalingGroupsApi api_{world_, {}, {}};
  Caller caller_{.access_key_id = "AKID", .region = "eu-west-1", .service = "autoscaling"};
};

TEST_F(ScalingGroups, ALaunchConfigurationSaysTypeAndCluster) {
  EXPECT_EQ(group().settings().cluster, "main");
  EXPECT_EQ(group().settings().instance_type, "g5.xlarge");
  EXPECT_EQ(group().settings().resources.gpus, 1);
  EXPECT_TRUE(group().settings().protects_new);
}

TEST_F(ScalingGroups, TheDesiredCountStaysInTheBounds) {
  EXPECT_EQ(set_desired(2), "");
  EXPECT_THAT(set_desired(3), HasSubstr("ValidationError: New SetDesiredCapacity value 3 is above "
                                        "max value 2 for the AutoScalingGroup."));
  EXPECT_THAT(set_desired(-1), HasSubstr("below min value 0"));
  EXPECT_EQ(group().desired(), 2);
  EXPECT_THAT(call("SetDesiredCapacity", R"({"AutoScalingGroupName":"other","DesiredCapacity":1})"),
              HasSubstr("ValidationError: AutoScalingGroup name not found"));
}

TEST_F(ScalingGroups, TerminateCountsDownToTheMinimumOnly) {
  set_desired(2);
  world_.advance(kNoon + minutes(2));
  const std::string one = first().id;
  EXPECT_THAT(terminate(one, true), HasSubstr(R"("StatusCode":"InProgress")"));
  EXPECT_EQ(group().desired(), 1);
  call("UpdateAutoScalingGroup", R"({"AutoScalingGroupName":"gpu","MinSize":1})");
  const std::string two = group().instances().rbegin()->second.id;
  EXPECT_THAT(terminate(two, true), HasSubstr("desiredSize equals minSize (1)"));
  EXPECT_THAT(terminate(two, false), HasSubstr("InProgress"));
  EXPECT_EQ(group().desired(), 1);
  EXPECT_THAT(terminate("i-0", true), HasSubstr("ValidationError"));
}

TEST_F(ScalingGroups, AFailedLaunchIsToldWithItsReason) {
  group().fail_launches("We currently do not have sufficient g5.xlarge capacity.", kNoon);
  set_desired(1);
  EXPECT_THAT(
      call("DescribeScalingActivities", R"({"AutoScalingGroupName":"gpu"})"),
      ::testing::AllOf(HasSubstr(R"("StatusCode":"Failed")"),
                       HasSubstr(R"("StatusMessage":"We currently do not have sufficient)")));
}

TEST_F(ScalingGroups, AGroupWithInstancesIsDeletedByForceOnly) {
  set_desired(1);
  EXPECT_THAT(call("DeleteAutoScalingGroup", R"({"AutoScalingGroupName":"gpu"})"),
              HasSubstr("ResourceInUse"));
  EXPECT_EQ(call("DeleteAutoScalingGroup", R"({"AutoScalingGroupName":"gpu","ForceDelete":true})"),
            "");
  EXPECT_EQ(world_.find_group("gpu"), nullptr);
}

TEST_F(ScalingGroups, ProcessesAreSuspendedByNameOrAll) {
  EXPECT_THAT(
      call("SuspendProcesses", R"({"AutoScalingGroupName":"gpu","ScalingProcesses":["Nonsense"]})"),
      HasSubstr("ValidationError"));
  call("SuspendProcesses", R"({"AutoScalingGroupName":"gpu","ScalingProcesses":["AZRebalance"]})");
  EXPECT_THAT(call("DescribeAutoScalingGroups", "{}"),
              HasSubstr(R"("SuspendedProcesses":[{"ProcessName":"AZRebalance")"));
  call("SuspendProcesses", R"({"AutoScalingGroupName":"gpu"})");
  EXPECT_EQ(group().suspended().size(), 9U);
  call("ResumeProcesses", R"({"AutoScalingGroupName":"gpu"})");
  EXPECT_TRUE(group().suspended().empty());
}

TEST_F(ScalingGroups, AWarmPoolIsFilledUsedAndTold) {
  const std::string kOf = R"({"AutoScalingGroupName":"gpu"})";
  const auto put = [&](const std::string& more) {
    return call("PutWarmPool", R"({"AutoScalingGroupName":"gpu")" + more + "}");
  };
  EXPECT_EQ(call("DescribeWarmPool", kOf), R"({"Instances":[]})");
  EXPECT_THAT(call("DeleteWarmPool", kOf), HasSubstr("ValidationError"));
  EXPECT_THAT(put(R"(,"PoolState":"Cold")"), HasSubstr("ValidationError"));
  EXPECT_THAT(put(R"(,"MinSize":-1)"), HasSubstr("ValidationError"));

  EXPECT_EQ(put(""), "");  // As many as the group may have.
  EXPECT_EQ(group().warm_pool().size(), 2U);
  EXPECT_THAT(call("DescribeWarmPool", kOf), HasSubstr(R"("LifecycleState":"Warmed:Pending")"));
  world_.advance(kNoon + minutes(5));
  const std::string ready = call("DescribeWarmPool", kOf);
  EXPECT_THAT(ready, HasSubstr(R"("LifecycleState":"Warmed:Stopped")"));
  EXPECT_THAT(ready, HasSubstr(R"("WarmPoolConfiguration":{"MinSize":0,"PoolState":"Stopped"})"));
  EXPECT_THAT(call("DescribeAutoScalingGroups", "{}"),
              ::testing::AllOf(HasSubstr(R"("WarmPoolSize":2)"), HasSubstr(R"("Instances":[])")));

  const std::string next = group().warm_pool().front().id;
  set_desired(1);
  EXPECT_EQ(first().id, next) << "an instance keeps its name";
  EXPECT_EQ(group().warm_pool().size(), 1U);
  call("UpdateAutoScalingGroup", R"({"AutoScalingGroupName":"gpu","MaxSize":4})");
  EXPECT_EQ(group().warm_pool().size(), 3U);
  put(R"(,"MaxGroupPreparedCapacity":1,"MinSize":1,"PoolState":"Running")");
  EXPECT_EQ(group().warm_pool().size(), 1U);
  call("UpdateAutoScalingGroup", R"({"AutoScalingGroupName":"gpu","MaxSize":6})");
  EXPECT_EQ(group().warm_pool().size(), 1U);
  EXPECT_THAT(call("DescribeWarmPool", kOf), HasSubstr(R"("LifecycleState":"Warmed:Running")"));
  EXPECT_EQ(call("DeleteWarmPool", kOf), "");
  EXPECT_EQ(call("DescribeWarmPool", kOf), R"({"Instances":[]})");
  EXPECT_THAT(call("DescribeAutoScalingGroups", "{}"), ::testing::Not(HasSubstr("WarmPool")));
}

TEST_F(ScalingGroups, AWarmPoolIsToldInPages) {
  call("UpdateAutoScalingGroup", R"({"AutoScalingGroupName":"gpu","MaxSize":4})");
  call("PutWarmPool", R"({"AutoScalingGroupName":"gpu"})");
  const auto page = [&](const std::string& more) {
    return call("DescribeWarmPool", R"({"AutoScalingGroupName":"gpu",)" + more + "}");
  };
  EXPECT_THAT(page(R"("MaxRecords":3)"), HasSubstr(R"("NextToken":"3")"));
  EXPECT_THAT(page(R"("NextToken":"3")"), ::testing::Not(HasSubstr("NextToken")));
  EXPECT_THAT(page(R"("NextToken":"9")"), HasSubstr("InvalidNextToken"));
  EXPECT_THAT(page(R"("MaxRecords":51)"), HasSubstr("ValidationError"));
}

TEST_F(ScalingGroups, PagesFollowEachOther) {
  set_desired(2);
  EXPECT_THAT(call("DescribeAutoScalingInstances", R"({"MaxRecords":1})"),
              HasSubstr(R"("NextToken":"1")"));
  EXPECT_THAT(call("DescribeAutoScalingInstances", R"({"MaxRecords":1,"NextToken":"1"})"),
              ::testing::Not(HasSubstr("NextToken")));
  EXPECT_THAT(call("DescribeAutoScalingInstances", R"({"NextToken":"x"})"),
              HasSubstr("InvalidNextToken"));
  EXPECT_THAT(call("DescribeAutoScalingInstances", R"({"MaxRecords":101})"),
              HasSubstr("ValidationError"));
}

}  // namespace
}  // namespace scaler::emulator
