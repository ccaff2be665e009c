#include "emulator/ecs/ecs_api.h"

#include <memory>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/ecs_places.h"
#include "emulator/ecs/ecs_tags.h"
#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Optional;

using scaler::testing::kNoon;

class EcsApiTest : public ::testing::Test {
 protected:
  EcsApiTest() : world_({}, kNoon, random_) {
    world_.create_cluster("main");
    world_.register_task_definition(
        "app",
        R"({"family":"app","containerDefinitions":[{"name":"a","image":"b","environment":[)"
        R"({"name":"OTHER","value":"x"},{"name":"SQS_QUEUE_URL","value":"http://x/000000000000/jobs"}]}]})");
  }

  std::string call(std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    EXPECT_TRUE(document.has_value()) << body;
    const ApiAnswer answer =
        api_->handle({.operation = operation, .body = *document, .caller = caller_});
    return answer ? *answer : "error " + answer.error().code;
  }
  std::string create(std::string_view more) {
    return call(
        "CreateService",
        fmt::format(R"({{"cluster":"main","serviceName":"web","taskDefinition":"app",{}}})", more));
  }

  static EcsPlace home() { return {WorldPlaces("eu-west-1"), std::string(kAccount), "eu-west-1"}; }

  Random random_{1};
  world::World world_;
  std::unique_ptr<EcsApi> api_ =
      std::make_unique<EcsApi>(world_, home(), world::ServiceBehaviour{});
  Caller caller_{.access_key_id = "AKID", .region = "eu-west-1", .service = "ecs"};
};

TEST_F(EcsApiTest, WritesAServiceAsEcsDoes) {
  const std::string answer = create(R"("desiredCount":1)");
  EXPECT_THAT(answer,
              HasSubstr(R"("serviceArn":"arn:aws:ecs:eu-west-1:000000000000:service/main/web")"));
  EXPECT_THAT(answer,
              HasSubstr(R"("status":"ACTIVE","desiredCount":1,"runningCount":0,"pendingCount":1)"));
  EXPECT_THAT(answer, HasSubstr(R"("createdAt":1795435200.000)"));
  EXPECT_THAT(
      answer,
      HasSubstr(R"("taskDefinition":"arn:aws:ecs:eu-west-1:000000000000:task-definition/app:1")"));
}

TEST_F(EcsApiTest, GivesWorkersTheQueueOfTheTaskDefinition) {
  create(R"("desiredCount":0)");
  EXPECT_EQ(world_.find_service("main", "web")->definition().behaviour.job_queue, "jobs");
}

TEST_F(EcsApiTest, RefusesContainersThatEcsRefuses) {
  const auto registered = [&](const std::string& containers) {
    return call("RegisterTaskDefinition",
                fmt::format(R"({{"family":"f","containerDefinitions":[{}]}})", containers));
  };
  EXPECT_THAT(registered(R"({"name":"a","image":"i"},{"name":"a","image":"i"})"),
              HasSubstr("ClientException"));
  EXPECT_THAT(registered(R"({"name":"a","image":"i","essential":false},{"name":"b","image":"i"})"),
              HasSubstr("\"revision\":1"));
}

TEST_F(EcsApiTest, UpdatesOnlyWhatIsAsked) {
  create(R"("desiredCount":3)");
  call("UpdateService", R"({"cluster":"main","service":"web"})");
  EXPECT_EQ(world_.find_service("main", "web")->desired(), 3);
  call("UpdateService", R"({"cluster":"main","service":"web","taskDefinition":"app:1"})");
  EXPECT_EQ(world_.find_service("main", "web")->deployments().size(), 1U) << "the same definition";
  call("UpdateService",
       R"({"cluster":"main","service":"web","desiredCount":0,"forceNewDeployment":true})");
  EXPECT_EQ(world_.find_service("main", "web")->desired(), 0);
}

TEST_F(EcsApiTest, KeepsWhetherZonesAreRebalanced) {
  const auto rebalancing = [&](std::string_view more) {
    return call("UpdateService", fmt::format(R"({{"cluster":"main","service":"web"{}}})", more));
  };
  EXPECT_THAT(create(R"("desiredCount":3)"),
              HasSubstr(R"("availabilityZoneRebalancing":"ENABLED")"))
      << "a new service has it, as in AWS since 2025";
  EXPECT_THAT(rebalancing(R"(,"availabilityZoneRebalancing":"DISABLED")"),
              HasSubstr(R"("availabilityZoneRebalancing":"DISABLED")"));
  EXPECT_EQ(rebalancing(R"(,"desiredCount":1,"availabilityZoneRebalancing":"ON")"),
            "error InvalidParameterException");
  EXPECT_THAT(rebalancing(""), HasSubstr(R"("desiredCount":3)"))
      << "what is refused changes nothing";
  EXPECT_THAT(rebalancing(""), HasSubstr(R"("availabilityZoneRebalancing":"DISABLED")"));
}

TEST_F(EcsApiTest, ChangesNothingWhenItRefuses) {
  create(R"("desiredCount":3)");
  EXPECT_EQ(call("UpdateService",
                 R"({"cluster":"main","service":"web","desiredCount":1,"taskDefinition":"none"})"),
            "error ClientException");
  EXPECT_EQ(world_.find_service("main", "web")->desired(), 3);
}

TEST_F(EcsApiTest, DescribesAnInactiveServiceButListsItNot) {
  create(R"("desiredCount":0)");
  call("DeleteService", R"({"cluster":"main","service":"web"})");
  world_.advance(kNoon + seconds(1));
  EXPECT_THAT(call("DescribeServices", R"({"cluster":"main","services":["web"]})"),
              HasSubstr(R"("status":"INACTIVE")"));
  EXPECT_EQ(call("ListServices", R"({"cluster":"main"})"), R"({"serviceArns":[]})");
  EXPECT_EQ(call("DeleteService", R"({"cluster":"main","service":"web"})"),
            "error ServiceNotFoundException");
}

TEST_F(EcsApiTest, CountsTasksPerDeployment) {
  create(R"("desiredCount":2)");
  world_.advance(kNoon + seconds(10));
  const std::string answer =
      call("UpdateService", R"({"cluster":"main","service":"web","forceNewDeployment":true})");
  EXPECT_THAT(answer, HasSubstr(R"("desiredCount":2,"pendingCount":2,"runningCount":0)"));
  EXPECT_THAT(answer, HasSubstr(R"("pendingCount":0,"runningCount":2)"));
}

TEST(EcsPlaces, KeepAccountsAndRegionsApart) {
  Random random(1);
  world::World world({}, kNoon, random);
  EcsPlaces ecs(world, "eu-west-1", {});
  const auto call = [&](const Caller& caller, std::string_view operation, const std::string& body) {
    const auto document = json::parse(body);
    const ApiAnswer answer =
        ecs.handle({.operation = operation, .body = *document, .caller = caller});
    return answer ? *answer : "error " + answer.error().message;
  };
  const Caller home{.region = "eu-west-1"};
  const Caller abroad{.region = "us-east-1"};
  const Caller other{.region = "eu-west-1", .account = "111111111111"};
  const std::string app =
      R"({"family":"app","containerDefinitions":[{"name":"a","image":"b","environment":[)"
      R"({"name":"SQS_QUEUE_URL","value":"http://x/111111111111/jobs"}]}]})";
  const std::string web =
      R"({"cluster":"main","serviceName":"web","taskDefinition":"app","desiredCount":1})";
  call(home, "CreateCluster", R"({"clusterName":"main"})");
  EXPECT_EQ(call(other, "CreateService", web),
            "error Cluster not found. (There is one in eu-west-1 of account 000000000000; this "
            "request asks for one of account 111111111111 and is signed for eu-west-1.)");
  for (const Caller& caller : {abroad, other}) {
    EXPECT_EQ(call(caller, "ListClusters", "{}"), R"({"clusterArns":[]})");
    call(caller, "CreateCluster", R"({"clusterName":"main"})");
    EXPECT_THAT(call(caller, "RegisterTaskDefinition", app), HasSubstr("/app:1"));
    EXPECT_THAT(call(caller, "CreateService", web),
                HasSubstr(fmt::format("arn:aws:ecs:{}:{}:service/main/web", caller.region,
                                      caller.account)));
  }
  EXPECT_THAT(call(home, "ListTaskDefinitions", "{}"), HasSubstr("[]"));
  EXPECT_EQ(call(home, "ListServices", R"({"cluster":"main"})"), R"({"serviceArns":[]})");
  call(other, "UpdateService", R"({"cluster":"main","service":"web","desiredCount":3})");
  EXPECT_THAT(call(abroad, "DescribeServices", R"({"cluster":"main","services":["web"]})"),
              HasSubstr(R"("desiredCount":1)"));
  EXPECT_THAT(call(other, "DescribeServices", R"({"cluster":"main","services":["web"]})"),
              HasSubstr(R"("desiredCount":3)"));
  EXPECT_EQ(
      world.find_service("111111111111/eu-west-1/main", "web")->definition().behaviour.job_queue,
      "111111111111/eu-west-1/jobs");
}

TEST(EcsNames, AreReadFromArns) {
  const EcsPlace home(WorldPlaces("r"), std::string(kAccount), "r");
  EXPECT_EQ(home.cluster(""), "default");
  EXPECT_EQ(home.cluster("main"), "main");
  EXPECT_EQ(home.cluster("arn:aws:ecs:r:000000000000:cluster/main"), "main");
  EXPECT_THAT(home.name_in_cluster("web", "service", "main"), Optional(std::string_view("web")));
  EXPECT_THAT(
      home.name_in_cluster("arn:aws:ecs:r:000000000000:service/main/web", "service", "main"),
      Optional(std::string_view("web")));
  for (const char* other : {"arn:aws:ecs:r:000000000000:service/mainly/web",
                            "arn:aws:ecs:r:111111111111:service/main/w",
                            "arn:aws:ecs:s:000000000000:service/main/web"}) {
    EXPECT_EQ(home.name_in_cluster(other, "service", "main"), std::nullopt) << other;
  }
  EXPECT_EQ(home.arn_rest("arn:aws:ecs", "service"), std::nullopt);
  EXPECT_EQ(home.arn_rest("arn:", "service"), std::nullopt);
}

TEST(EcsNames, SayTheirPlaceInTheWorld) {
  const EcsPlace home(WorldPlaces("r"), std::string(kAccount), "r");
  const EcsPlace there(WorldPlaces("r"), "111111111111", "s");
  EXPECT_EQ(there.cluster("main"), "111111111111/s/main");
  EXPECT_EQ(there.cluster("arn:aws:ecs:s:111111111111:cluster/main"), "111111111111/s/main");
  EXPECT_TRUE(there.has("111111111111/s/main"));
  EXPECT_FALSE(home.has("111111111111/s/main"));
  EXPECT_EQ(service_arn("s", "111111111111/s/main", "web"),
            "arn:aws:ecs:s:111111111111:service/main/web");
  EXPECT_THAT(there.name_in_cluster("arn:aws:ecs:s:111111111111:service/main/web", "service",
                                    "111111111111/s/main"),
              Optional(std::string_view("web")));
  for (const char* text : {"111111111111/s/main", "arn:aws:ecs:s:111111111111:cluster/main"}) {
    EXPECT_EQ(home.cluster(text), "") << "that is no name of a cluster here: " << text;
  }
  EXPECT_EQ(there.task_definition("app:2")->family, "111111111111/s/app");
  EXPECT_EQ(there.queue_of("http://127.0.0.1:4566/000000000000/jobs"), "s/jobs");
  EXPECT_EQ(there.queue_of("http://127.0.0.1:4566/111111111111/jobs"), "111111111111/s/jobs");
  EXPECT_EQ(there.queue_of("jobs"), "111111111111/s/jobs");
}

/// Tasks that are gone the moment that they are told to stop.
class QuickEcsApiTest : public EcsApiTest {
 protected:
  QuickEcsApiTest() {
    world::DurationRange none{.min = Duration(0), .max = Duration(0)};
    api_ = std::make_unique<EcsApi>(world_, home(),
                                    world::ServiceBehaviour{.task_start = none, .task_stop = none});
    create(R"("desiredCount":1)");
    world_.advance(kNoon + seconds(1));
    task_ = world_.find_service("main", "web")->tasks().begin()->second.id;
  }
  std::string of_task(std::string_view operation, std::string_view more) {
    return call(operation,
                fmt::format(R"({{"cluster":"main",{}}})", fmt::format(fmt::runtime(more), task_)));
  }
  std::string task_ = {};
};

TEST_F(QuickEcsApiTest, AnswersWithATaskThatIsStoppedAtOnce) {
  const std::string answer = of_task("StopTask", R"("task":"{}","reason":"by hand")");
  EXPECT_THAT(answer, HasSubstr(R"("lastStatus":"STOPPED")"));
  EXPECT_THAT(answer, HasSubstr(R"("stopCode":"UserInitiated","stoppedReason":"by hand")"));
}

TEST_F(QuickEcsApiTest, AnswersWhenTheEndOfAProtectionStopsTheTaskAtOnce) {
  EXPECT_THAT(of_task("UpdateTaskProtection", R"("tasks":["{}"],"protectionEnabled":true)"),
              HasSubstr(R"("protectionEnabled":true,"expirationDate":1795442401.000)"));
  world_.set_desired(*world_.find_service("main", "web"), 0);
  EXPECT_THAT(of_task("UpdateTaskProtection", R"("tasks":["{}"],"protectionEnabled":false)"),
              HasSubstr(R"("protectionEnabled":false})"));
  EXPECT_THAT(of_task("UpdateTaskProtection", R"("tasks":["{}"],"protectionEnabled":true)"),
              HasSubstr(R"("reason":"MISSING")"));
}

TEST(EcsNames, ReadTaskDefinitions) {
  EXPECT_EQ(task_definition_name("app")->revision, 0);
  EXPECT_EQ(task_definition_name("app:3")->revision, 3);
  const EcsPlace home(WorldPlaces("r"), std::string(kAccount), "r");
  EXPECT_EQ(home.task_definition("arn:aws:ecs:r:000000000000:task-definition/app:3")->family,
            "app");
  for (const char* text : {"app:", "app:0", "app:-1", "app:1x", "app:99999999999999999999"}) {
    EXPECT_EQ(task_definition_name(text), std::nullopt) << text;
  }
}

TEST(EcsTags, AllowLettersDigitsAndAFewSigns) {
  EXPECT_TRUE(valid_tag_text("aZ09 _.:/=+-@"));
  EXPECT_TRUE(valid_tag_text("äß漢字"));
  for (const char* text :
       {"a,b", "a;b", "\"", "{", "a|b", "*", "?", "%", "#", "!", "\n", "\xc2\xa9"}) {
    EXPECT_FALSE(valid_tag_text(text)) << text;
  }
}

}  // namespace
}  // namespace scaler::emulator
