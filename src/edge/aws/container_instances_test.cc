#include "edge/aws/container_instances.h"

#include <gtest/gtest.h>

#include "edge/aws/test_support.h"

namespace scaler::aws {
namespace {

const ServiceId kJobs{.cluster = "c", .service = "jobs"};

std::string instance_json(const std::string& more = R"("runningTasksCount":1,)") {
  return R"({"containerInstanceArn":"arn:ci-1","ec2InstanceId":"i-1","status":"ACTIVE",)" + more +
         R"("agentConnected":true,"pendingTasksCount":0,"registeredResources":[)"
         R"({"name":"CPU","type":"INTEGER","integerValue":4096},)"
         R"({"name":"MEMORY","type":"INTEGER","integerValue":15000},)"
         R"({"name":"PORTS","type":"STRINGSET","stringSetValue":["22","2375"]},)"
         R"({"name":"PORTS_UDP","type":"STRINGSET","stringSetValue":["53"]},)"
         R"({"name":"GPU","type":"STRINGSET","stringSetValue":["GPU-a","GPU-b"]}],)"
         R"("remainingResources":[{"name":"CPU","type":"INTEGER","integerValue":2048},)"
         R"({"name":"MEMORY","type":"INTEGER","integerValue":7000},)"
         R"({"name":"GPU","type":"STRINGSET","stringSetValue":["GPU-b"]}],)"
         R"("attributes":[{"name":"ecs.os-type","value":"linux"},)"
         R"({"name":"ecs.instance-type","value":"g4dn.xlarge"}],)"
         R"("tags":[{"key":"ecs-scaler:instance","value":"idle 1795435200"}]})";
}

std::string list_json(const std::string& member, const std::string& arn) {
  return R"({")" + member + R"(":[")" + arn + R"("]})";
}

TEST(ContainerInstances, ReadsInstancesWithTheirResourcesAndMark) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"containerInstanceArns":["arn:ci-1"],"nextToken":"t"})"),
       ok(R"({"containerInstanceArns":[]})"),
       ok(R"({"containerInstances":[)" + instance_json() + R"(],"failures":[]})")});
  const auto instances = ContainerInstances(test.client(), kJobs).all(soon());
  ASSERT_TRUE(instances) << instances.error().message;
  const ContainerInstance& instance = instances->at(0);
  EXPECT_EQ(instance.ec2_id, "i-1");
  EXPECT_EQ(instance.type, "g4dn.xlarge");
  EXPECT_TRUE(instance.connected);
  EXPECT_EQ(instance.running, 1);
  EXPECT_EQ(instance.registered,
            (Room{.cpu = 4096,
                  .memory = 15'000,
                  .gpus = 2,
                  .taken = {{.port = 22}, {.port = 2375}, {.port = 53, .udp = true}}}));
  EXPECT_EQ(instance.remaining, (Room{.cpu = 2048, .memory = 7'000, .gpus = 1}));
  EXPECT_EQ(instance.mark, (InstanceMark{.kind = InstanceMark::Kind::Idle,
                                         .at = Instant(std::chrono::seconds(1'795'435'200))}));
  EXPECT_EQ(test.transport.requests.at(1).body,
            R"({"cluster":"c","maxResults":100,"nextToken":"t"})");
  EXPECT_EQ(test.transport.requests.at(2).body,
            R"({"cluster":"c","containerInstances":["arn:ci-1"],"include":["TAGS"]})");
}

TEST(ContainerInstances, APartialOrBrokenAnswerIsNoAnswer) {
  for (const std::string& body :
       {std::string("{}"), std::string(R"({"containerInstances":[]})"),
        std::string(R"({"containerInstances":[],"failures":[{"arn":"a","reason":"BUSY"}]})"),
        R"({"containerInstances":[)" + instance_json("") + "]}",
        R"({"containerInstances":[)" + instance_json(R"("runningTasksCount":-1,)") + "]}"}) {
    TestClient test;
    test.transport.reply_with({ok(list_json("containerInstanceArns", "arn:ci-1")), ok(body)});
    EXPECT_FALSE(ContainerInstances(test.client(), kJobs).all(soon())) << body;
  }
}

TEST(ContainerInstances, ReadsWhatAProviderIs) {
  const auto read = [](const std::string& provider) {
    TestClient test;
    test.transport.reply_with({ok(R"({"capacityProviders":[)" + provider + "]}")});
    return ContainerInstances(test.client(), kJobs).provider("gpu", soon());
  };
  const auto group = read(
      R"({"name":"gpu","type":"EC2_AUTOSCALING","autoScalingGroupProvider":{)"
      R"("autoScalingGroupArn":"arn:g","managedScaling":{"status":"ENABLED","targetCapacity":90}}})");
  EXPECT_EQ(group->group_arn, "arn:g");
  EXPECT_TRUE(group->managed_scaling);
  EXPECT_EQ(group->target_capacity, 90);
  const auto managed =
      read(R"({"name":"gpu","type":"MANAGED_INSTANCES","managedInstancesProvider":{)"
           R"("infrastructureOptimization":{"scaleInAfter":-1}}})");
  EXPECT_EQ(managed->type, "MANAGED_INSTANCES");
  EXPECT_EQ(managed->scale_in_after, -1);
  EXPECT_FALSE(read(R"({"name":"gpu","type":"MANAGED_INSTANCES"})")->scale_in_after);
  EXPECT_EQ(read("").error().kind, ErrorKind::NotFound);
}

TEST(ContainerInstances, AReplyAboutAnotherProviderIsNone) {
  for (const std::string& providers :
       {std::string(R"({"name":"cpu","type":"EC2_AUTOSCALING"})"),
        std::string(R"({"name":"gpu"},{"name":"cpu"})"), std::string(R"({"type":"FARGATE"})")}) {
    TestClient test;
    test.transport.reply_with({ok(R"({"capacityProviders":[)" + providers + "]}")});
    const auto provider = ContainerInstances(test.client(), kJobs).provider("gpu", soon());
    ASSERT_FALSE(provider.has_value()) << providers;
    EXPECT_EQ(provider.error().kind, ErrorKind::Malformed) << providers;
  }
}

TEST(ContainerInstances, TellsTasksThatAreToStopFromThoseThatHave) {
  TestClient test;
  test.transport.reply_with(
      {ok(list_json("taskArns", "arn:t-1")),
       ok(R"({"tasks":[{"taskArn":"arn:t-1","containerInstanceArn":"arn:ci-1",)"
          R"("group":"service:jobs","lastStatus":"DEPROVISIONING"}],"failures":[]})")});
  const auto tasks = ContainerInstances(test.client(), kJobs)
                         .tasks_on("arn:ci-1", ContainerInstances::To::Stop, soon());
  EXPECT_EQ(tasks->at(0).last_status, "DEPROVISIONING");
  EXPECT_EQ(tasks->at(0).group, "service:jobs");
  EXPECT_EQ(
      test.transport.requests.at(0).body,
      R"({"cluster":"c","maxResults":100,"containerInstance":"arn:ci-1","desiredStatus":"STOPPED"})");
}

TEST(ContainerInstances, ATaskWithoutAnInstanceSaysSo) {
  TestClient test;
  test.transport.reply_with(
      {ok(list_json("taskArns", "arn:t-1")), ok(R"({"tasks":[{"lastStatus":"PROVISIONING"}]})")});
  EXPECT_EQ(ContainerInstances(test.client(), kJobs).tasks_of_service(soon())->at(0).instance_arn,
            "");
}

TEST(ContainerInstances, KnowsDaemonServicesByName) {
  TestClient test;
  test.transport.reply_with(
      {ok(list_json("serviceArns", "arn:aws:ecs:us-east-1:1:service/c/logs"))});
  EXPECT_EQ(ContainerInstances(test.client(), kJobs).daemons(soon()).value(),
            std::vector<std::string>{"logs"});
  EXPECT_EQ(test.transport.requests.at(0).body,
            R"({"cluster":"c","maxResults":100,"schedulingStrategy":"DAEMON"})");
}

TaskNeed need_in(const std::string& definition) {
  TestClient test;
  test.transport.reply_with({ok(R"({"taskDefinition":)" + definition + "}")});
  const auto need = ContainerInstances(test.client(), kJobs).need_of("jobs:1", soon());
  EXPECT_TRUE(need) << need.error().message;
  return need.value_or(TaskNeed{});
}

TEST(ContainerInstances, ATasksOwnSizesCountOrElseTheSumOfItsContainers) {
  const std::string containers =
      R"("containerDefinitions":[{"cpu":512,"memory":1000,"memoryReservation":600,)"
      R"("resourceRequirements":[{"type":"GPU","value":"2"}]},{"cpu":256,"memory":300}])";
  const TaskNeed sum = need_in("{" + containers + "}");
  EXPECT_EQ(std::tie(sum.cpu, sum.memory, sum.gpus), std::tuple(768, 900, 2));
  const TaskNeed own = need_in(R"({"cpu":"2048","memory":"8192",)" + containers + "}");
  EXPECT_EQ(std::tie(own.cpu, own.memory, own.gpus), std::tuple(2048, 8192, 2));
}

TEST(ContainerInstances, OnlyFixedPortsOfTheInstanceBind) {
  const auto ports = [](const std::string& mode) {
    return need_in(R"({"networkMode":")" + mode +
                   R"(","containerDefinitions":[{"portMappings":[{"containerPort":80,)"
                   R"("hostPort":8080},{"containerPort":53,"protocol":"udp"}]}]})")
        .ports;
  };
  EXPECT_EQ(ports("bridge"), std::vector<HostPort>{{.port = 8080}});
  EXPECT_EQ(ports("host"), (std::vector<HostPort>{{.port = 8080}, {.port = 53, .udp = true}}));
  EXPECT_TRUE(ports("awsvpc").empty());
}

TEST(ContainerInstances, ChangesAState) {
  TestClient test;
  test.transport.reply_with(
      {ok(R"({"containerInstances":[{}],"failures":[]})"),
       ok(R"({"containerInstances":[],"failures":[{"arn":"arn:ci-1","reason":"INACTIVE"}]})")});
  ContainerInstances instances(test.client(), kJobs);
  EXPECT_TRUE(instances.set_state("arn:ci-1", "DRAINING", Deadline::max(), soon()));
  EXPECT_EQ(test.transport.requests.at(0).body,
            R"({"cluster":"c","containerInstances":["arn:ci-1"],"status":"DRAINING"})");
  EXPECT_FALSE(instances.set_state("arn:ci-1", "ACTIVE", Deadline::max(), soon()));
}

TEST(InstanceMarks, ComeBackAsTheyWent) {
  using Kind = InstanceMark::Kind;
  for (const auto kind : {Kind::Idle, Kind::Drained, Kind::Recalled}) {
    const InstanceMark mark{.kind = kind, .at = Instant(std::chrono::seconds(1'795'435'200))};
    EXPECT_EQ(parse_mark(mark_text(mark)), mark);
  }
  for (const char* text :
       {"", "idle", "idle ", "idle x", "idle -1", " 1", "drained 99999999999999999999",
        "drained 9223372036854775807", "busy 1", "idle 1 2"}) {
    EXPECT_EQ(parse_mark(text), InstanceMark{}) << text;
  }
}

}  // namespace
}  // namespace scaler::aws
