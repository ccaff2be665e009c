#include "programs/ecs_scaler/commands/fleet_source.h"

#include <cstdio>
#include <filesystem>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ground/base/file.h"

namespace scaler::cli {
namespace {

const std::string kOneService = R"(
defaults: {mode: backlog, backlog_per_task: 1, tasks_max: 7}
services:
  - {cluster: c, service: s, queues: ["https://sqs.us-east-1.amazonaws.com/123456789012/q"]}
)";
const std::string kFoundByTags = R"(
defaults: {mode: backlog, backlog_per_task: 1, tasks_max: 7}
accounts: [{tags: true}]
)";

/// A fleet file, and what is read of it beside an environment.
class FleetSourceTest : public ::testing::Test {
 protected:
  ~FleetSourceTest() override { std::remove(path_.c_str()); }

  Result<ChosenFleet> load(const std::string& text, Environment environment) {
    EXPECT_TRUE(write_file(path_, text).has_value());
    environment.emplace("AWS_REGION", "us-east-1");
    ::testing::internal::CaptureStderr();
    Result<ChosenFleet> fleet = load_fleet(environment, {.config_file = path_});
    told_ = ::testing::internal::GetCapturedStderr();
    return fleet;
  }

  std::string path_ =
      (std::filesystem::temp_directory_path() / ("source-" + std::to_string(::getpid()))).string();
  std::string told_ = {};
};

// PAUSED=true beside --config was dropped without a word, and the service was scaled.
TEST_F(FleetSourceTest, ThePausesOfTheEnvironmentHoldForAFileOfTheCommandLine) {
  for (const auto& [name, pause] : {std::pair("PAUSED", &PolicyOptions::paused),
                                    {"SCALE_IN_PAUSED", &PolicyOptions::scale_in_paused},
                                    {"SCALE_OUT_PAUSED", &PolicyOptions::scale_out_paused}}) {
    const Result<ChosenFleet> fleet = load(kOneService, {{name, "true"}});
    ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
    const ServiceSpec& service = fleet->scope.fixed.front();
    EXPECT_TRUE(service.policy.operator->()->*pause) << name;
    EXPECT_EQ(service.policy->tasks_max, 7);
    EXPECT_EQ(service.origins.front().by, name);
    EXPECT_EQ(told_, "");
  }
}

TEST_F(FleetSourceTest, TheyHoldForServicesThatAFileFindsByTheirTags) {
  const Result<ChosenFleet> fleet = load(kFoundByTags, {{"PAUSED", "true"}});
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  ASSERT_TRUE(fleet->searches());
  EXPECT_TRUE(fleet->scope.rules.defaults.options.paused);
  EXPECT_EQ(fleet->scope.rules.defaults.options.tasks_max, 7);
}

TEST_F(FleetSourceTest, APauseThatIsNoneIsRefused) {
  const Result<ChosenFleet> fleet = load(kOneService, {{"PAUSED", "maybe"}});
  ASSERT_FALSE(fleet.has_value());
  EXPECT_TRUE(fleet.error().message.starts_with("PAUSED: 'maybe'")) << fleet.error().message;
}

TEST_F(FleetSourceTest, TellsOnceOfVariablesThatAFileLeavesUnused) {
  const Environment environment{{"ECS_SERVICE_NAME", "other"},
                                {"MODE", "nonsense"},
                                {"PAUSED", "false"},
                                {"TASKS_MAX", "20"}};
  const Result<ChosenFleet> fleet = load(kOneService, environment);
  ASSERT_TRUE(fleet.has_value()) << fleet.error().message;
  EXPECT_EQ(fleet->scope.fixed.front().policy->tasks_max, 7);
  EXPECT_EQ(told_, "ecs-scaler: warning: ECS_SERVICE_NAME, MODE, TASKS_MAX are not used: " + path_ +
                       " says which services are scaled, and how\n");
  EXPECT_TRUE(load(kOneService, environment).has_value());
  EXPECT_EQ(told_, "");
}

}  // namespace
}  // namespace scaler::cli
