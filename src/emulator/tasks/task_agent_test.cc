#include "emulator/tasks/task_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"
#include "ground/json/reader.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using scaler::testing::kNoon;
constexpr std::string_view kState = "/task-protection/v1/state";

class TaskAgentTest : public ::testing::Test {
 protected:
  TaskAgentTest() {
    world_.create_cluster("main");
    world_.register_task_definition("worker", R"({"taskRoleArn":"arn:aws:iam::1:role/task"})");
    service_ = &world_.create_service({.name = "jobs",
                                       .cluster = "main",
                                       .task_definition = "worker:1",
                                       .desired = 2,
                                       .behaviour = {.processes = true}});
    world_.advance(kNoon + seconds(5));
  }

  std::string id(std::size_t index) const {
    return std::next(service_->tasks().begin(), static_cast<std::ptrdiff_t>(index))->second.id;
  }
  net::HttpResponse call(const std::string& method, const std::string& target,
                         const std::string& body = "") {
    EXPECT_TRUE(TaskAgent::handles(target));
    return agent_.handle({.method = method, .target = target, .body = body}).response;
  }
  net::HttpResponse protect(std::size_t index, const std::string& body) {
    return call("PUT", "/api/" + id(index) + std::string(kState), body);
  }

  Random random_{1};
  world::World world_{{}, kNoon, random_};
  world::Service* service_ = nullptr;
  Faults faults_;
  TaskAgent agent_{world_, "http://127.0.0.1:4566", "eu-west-1",
                   [this](std::string_view operation, std::string_view key) {
                     return faults_.strike(operation, key);
                   }};
};

TEST_F(TaskAgentTest, ProtectsNoTaskWithoutARole) {
  world_.register_task_definition("bare", "{}");
  service_ = &world_.create_service(
      {.name = "bare", .cluster = "main", .task_definition = "bare:1", .desired = 1});
  world_.advance(kNoon + minutes(10));
  const auto answer = protect(0, R"({"ProtectionEnabled":true})");
  EXPECT_EQ(answer.status, 403);
  EXPECT_THAT(answer.body, HasSubstr(R"("Code":"AccessDeniedException")"));
  EXPECT_EQ(service_->protected_tasks(), 0);
}

TEST_F(TaskAgentTest, TakesSixtyRequestsAtOnceThenFortyASecond) {
  const std::string state = "/api/" + id(0) + std::string(kState);
  for (int i = 0; i < 60; ++i) {
    ASSERT_EQ(call("GET", state).status, 200) << i;
  }
  EXPECT_EQ(call("GET", state).status, 429);
  EXPECT_EQ(call("GET", "/api/" + id(1) + std::string(kState)).status, 200);
  world_.advance(kNoon + seconds(6));
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(call("GET", state).status, 200) << i;
  }
  EXPECT_EQ(call("GET", state).status, 429);
}

TEST_F(TaskAgentTest, PassesOnWhatECSItselfAnswers) {
  const auto struck = [this](std::string_view fault) {
    EXPECT_TRUE(faults_.add(std::string(R"({"operation":"UpdateTaskProtection","fault":")") +
                            std::string(fault) + R"("})"));
    return agent_.handle({.method = "PUT",
                          .target = "/api/" + id(0) + std::string(kState),
                          .body = R"({"ProtectionEnabled":true})"});
  };
  const AgentReply hangs = struck("hang");
  EXPECT_EQ(hangs.response.status, 504);
  EXPECT_EQ(hangs.later, seconds(4));
  EXPECT_THAT(struck("throttle").response.body, HasSubstr("ThrottlingException"));
  EXPECT_THAT(struck("denied").response.body, HasSubstr("AccessDeniedException"));
  EXPECT_EQ(struck("unavailable").response.status, 503);
  EXPECT_EQ(service_->protected_tasks(), 0);
  const AgentReply slow = struck("slow");
  EXPECT_EQ(slow.response.status, 200);
  EXPECT_EQ(slow.later, seconds(2));
  EXPECT_EQ(service_->protected_tasks(), 1);
}

TEST_F(TaskAgentTest, ProtectsATaskForAsLongAsItAsks) {
  const auto before = call("GET", "/api/" + id(0) + std::string(kState));
  EXPECT_THAT(before.body,
              StartsWith(R"({"protection":{"ProtectionEnabled":false,"TaskArn":"arn:)"));

  const auto answer = protect(0, R"({"ProtectionEnabled":true,"ExpiresInMinutes":60})");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"protection":{"ExpirationDate":"2026-11-23T13:00:05Z",)"
                         R"("ProtectionEnabled":true,"TaskArn":"arn:aws:ecs:eu-west-1:)"
                         R"(000000000000:task/main/)" +
                             id(0) + R"("}})");
  EXPECT_EQ(service_->protected_tasks(), 1);
  world_.set_desired(*service_, 0);
  EXPECT_EQ(service_->running(), 1);
  EXPECT_THAT(protect(0, R"({"ProtectionEnabled":false})").body,
              HasSubstr("\"ProtectionEnabled\":false"));
  EXPECT_EQ(service_->running(), 0) << "the scale-in that it had put off";
}

TEST_F(TaskAgentTest, ProtectsForTwoHoursUnlessToldOtherwise) {
  protect(0, R"({"ProtectionEnabled":true})");
  world_.set_desired(*service_, 0);
  world_.advance(kNoon + seconds(5) + minutes(120) - seconds(1));
  EXPECT_EQ(service_->running(), 1);
  world_.advance(kNoon + seconds(5) + minutes(120));
  EXPECT_EQ(service_->running(), 0);
}

TEST_F(TaskAgentTest, RefusesWith200AndAFailureAsTheAgentDoes) {
  protect(0, R"({"ProtectionEnabled":true})");
  world_.set_desired(*service_, 1);
  const std::string stopping = id(1);
  const auto late = protect(1, R"({"ProtectionEnabled":true})");
  EXPECT_EQ(late.status, 200);
  EXPECT_THAT(late.body, HasSubstr(R"("Reason":"TASK_NOT_VALID")"));
}

TEST_F(TaskAgentTest, LetsWhoIsProtectedRenewItWhateverIsDesired) {
  protect(0, R"({"ProtectionEnabled":true})");
  protect(1, R"({"ProtectionEnabled":true})");
  world_.set_desired(*service_, 1);
  EXPECT_THAT(protect(1, R"({"ProtectionEnabled":true,"ExpiresInMinutes":1})").body,
              HasSubstr("12:01:05"));
}

TEST_F(TaskAgentTest, BlocksMoreProtectionThanTasksAreDesired) {
  protect(0, R"({"ProtectionEnabled":true})");
  service_->protect(*service_->find_task(id(1)), std::nullopt, world_.now());
  // A deployment's second task beside the one that is desired.
  world_.set_desired(*service_, 1);
  world_.deploy(*service_, {});
  world_.advance(kNoon + seconds(20));
  std::string other;
  for (const auto& [number, task] : service_->tasks()) {
    if (task.state == world::TaskState::Running && !task.protected_until) {
      other = task.id;
    }
  }
  ASSERT_FALSE(other.empty());
  const auto answer =
      call("PUT", "/api/" + other + std::string(kState), R"({"ProtectionEnabled":true})");
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr(R"("Reason":"DEPLOYMENT_BLOCKED")"));
}

TEST_F(TaskAgentTest, AnswersWhenTheEndOfAProtectionStopsTheTaskAtOnce) {
  const world::DurationRange none{.min = Duration(0), .max = Duration(0)};
  service_ = &world_.create_service({.name = "quick",
                                     .cluster = "main",
                                     .task_definition = "worker:1",
                                     .desired = 1,
                                     .behaviour = {.task_start = none, .task_stop = none}});
  world_.advance(kNoon + seconds(6));
  protect(0, R"({"ProtectionEnabled":true})");
  const std::string task = id(0);
  world_.set_desired(*service_, 0);

  EXPECT_EQ(protect(0, R"({"ProtectionEnabled":false})").body,
            R"({"protection":{"ProtectionEnabled":false,"TaskArn":"arn:aws:ecs:eu-west-1:)"
            R"(000000000000:task/main/)" +
                task + R"("}})");
  EXPECT_TRUE(service_->tasks().empty());
}

TEST_F(TaskAgentTest, NamesWhatIsWrongWithARequest) {
  EXPECT_EQ(protect(0, "{").status, 400);
  EXPECT_THAT(protect(0, R"({"ProtectionEnabled":"yes"})").body, HasSubstr("ProtectionEnabled"));
  EXPECT_THAT(protect(0, R"({"ProtectionEnabled":true,"ExpiresInMinutes":2881})").body,
              HasSubstr("2880"));
  EXPECT_EQ(call("PUT", "/api/0123" + std::string(kState), "{}").status, 404);
  EXPECT_EQ(call("GET", "/api/" + id(0) + "/other").status, 404);
  EXPECT_EQ(call("DELETE", "/api/" + id(0) + std::string(kState)).status, 405);
  EXPECT_FALSE(TaskAgent::handles("/"));
}

TEST_F(TaskAgentTest, TellsMetadataAndCredentialsOfTheTask) {
  const auto task = call("GET", "/v4/" + id(0) + "/task");
  EXPECT_THAT(task.body, HasSubstr(R"("Family":"worker","Revision":"1")"));
  EXPECT_THAT(task.body, HasSubstr(R"("KnownStatus":"RUNNING")"));
  EXPECT_THAT(call("GET", "/v4/" + id(0)).body, HasSubstr(R"("com.amazonaws.ecs.cluster":"main")"));
  EXPECT_THAT(
      call("GET", "/v4/" + id(0)).body,
      HasSubstr(R"("ContainerARN":"arn:aws:ecs:eu-west-1:000000000000:container/main/)" + id(0)));
  EXPECT_EQ(call("GET", "/v4/" + id(0) + "/task/stats").body, "{}");
  EXPECT_EQ(call("GET", "/v4/" + id(0) + "/x").status, 404);
  const auto keys = call("GET", "/credentials/" + id(0));
  EXPECT_THAT(keys.body, HasSubstr("\"AccessKeyId\":\"ASIA"));
  EXPECT_NE(keys.body, call("GET", "/credentials/" + id(1)).body) << "each task has its own";
  const Environment variables = agent_.variables(service_->tasks().begin()->second);
  EXPECT_EQ(variables.at("AWS_DEFAULT_REGION"), "eu-west-1");
  EXPECT_EQ(variables.at("ECS_AGENT_URI"), "http://127.0.0.1:4566/api/" + id(0));
}

}  // namespace
}  // namespace scaler::emulator
