#include "emulator/ecs/ecs_api.h"

#include <memory>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/ecs_tags.h"

namespace scaler::emulator {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Optional;

const Instant kNoon =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

class EcsApiTest : public testing::Test {
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

  Random random_{1};
  world::World world_;
  std::unique_ptr<EcsApi> api_ = std::make_unique<EcsApi>(world_, world::ServiceBehaviour{});
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

TEST(EcsNames, AreReadFromArns) {
  EXPECT_EQ(cluster_name(""), "default");
  EXPECT_EQ(cluster_name("main"), "main");
  EXPECT_EQ(cluster_name("arn:aws:ecs:r:000000000000:cluster/main"), "main");
  EXPECT_THAT(name_in_cluster("web", "service", "main"), Optional(std::string_view("web")));
  EXPECT_THAT(name_in_cluster("arn:aws:ecs:r:000000000000:service/main/web", "service", "main"),
              Optional(std::string_view("web")));
  EXPECT_EQ(name_in_cluster("arn:aws:ecs:r:000000000000:service/mainly/web", "service", "main"),
            std::nullopt);
  EXPECT_EQ(name_in_cluster("arn:aws:ecs:r:111111111111:service/main/web", "service", "main"),
            std::nullopt);
  EXPECT_EQ(arn_rest("arn:aws:ecs", "service"), std::nullopt);
  EXPECT_EQ(arn_rest("arn:", "service"), std::nullopt);
}

/// Tasks that are gone the moment that they are told to stop.
class QuickEcsApiTest : public EcsApiTest {
 protected:
  QuickEcsApiTest() {
    world::DurationRange none{.min = Duration(0), .max = Duration(0)};
    api_ = std::make_unique<EcsApi>(world_,
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
  EXPECT_EQ(task_definition_name("arn:aws:ecs:r:000000000000:task-definition/app:3")->family,
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
