#include "emulator/ecs/task_container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TaskContainer of(std::string document, std::string_view overrides = {}) {
  return worker_container({.document = std::move(document)}, overrides);
}

TEST(TaskContainer, TheFirstOneIsTheWorker) {
  EXPECT_THAT(
      of(R"({"containerDefinitions":[{"environment":[{"name":"B","value":"2"},)"
         R"({"name":"A","value":"q 1"},{"name":"A","value":"again"},{"name":"","value":"x"}]},)"
         R"({"environment":[{"name":"C","value":"3"}]}]})")
          .environment,
      ElementsAre(Pair("A", "q 1"), Pair("B", "2")));
}

TEST(TaskContainer, MaySayHowLongItTakesToStop) {
  const auto timeout = [](std::string_view value) {
    return of(R"({"containerDefinitions":[{"stopTimeout":)" + std::string(value) + "}]}")
        .stop_timeout;
  };
  EXPECT_EQ(timeout("120"), std::chrono::seconds(120));
  EXPECT_EQ(timeout("null"), std::nullopt);
  EXPECT_EQ(timeout("-1"), std::nullopt);
  EXPECT_EQ(timeout("\"120\""), std::nullopt);
}

TEST(TaskContainer, IsEmptyForWhatHasNone) {
  for (const char* document :
       {"{}", "no JSON", R"({"containerDefinitions":[]})", R"({"containerDefinitions":[{}]})",
        R"({"containerDefinitions":[{"environment":[{"value":"x"}],"command":"sh"}]})"}) {
    const TaskContainer container = of(document);
    EXPECT_THAT(container.environment, IsEmpty()) << document;
    EXPECT_THAT(container.command, IsEmpty()) << document;
    EXPECT_FALSE(is_local(container)) << document;
  }
}

TEST(TaskContainer, ALocalOneWithACommandIsTheWorker) {
  const TaskContainer worker =
      of(R"({"containerDefinitions":[{"name":"proxy","image":"envoy"},)"
         R"({"name":"empty","image":"local"},)"
         R"({"name":"w","image":"local","entryPoint":["sh","-c"],"command":["sleep 1"]}]})");
  EXPECT_EQ(worker.name, "w");
  EXPECT_TRUE(is_local(worker));
  EXPECT_THAT(worker.command, ElementsAre("sh", "-c", "sleep 1"));
}

TEST(TaskContainer, OverridesChangeTheContainerOfTheirName) {
  const TaskContainer worker = of(
      R"({"containerDefinitions":[{"name":"w","image":"local","command":["a"],)"
      R"("environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}]}]})",
      R"({"containerOverrides":[{"name":"other","command":["z"]},{"name":"w","command":["b","c"],)"
      R"("environment":[{"name":"B","value":"3"},{"name":"C","value":"4"}]}]})");
  EXPECT_THAT(worker.command, ElementsAre("b", "c"));
  EXPECT_THAT(worker.environment, ElementsAre(Pair("A", "1"), Pair("B", "3"), Pair("C", "4")));
}

}  // namespace
}  // namespace scaler::emulator
