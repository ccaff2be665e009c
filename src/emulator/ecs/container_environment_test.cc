#include "emulator/ecs/container_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

using testing::ElementsAre;
using testing::Pair;

Environment of(std::string document) {
  return container_environment({.document = std::move(document)});
}

TEST(ContainerEnvironment, IsThatOfTheFirstContainer) {
  EXPECT_THAT(
      of(R"({"containerDefinitions":[{"environment":[{"name":"B","value":"2"},)"
         R"({"name":"A","value":"q 1"},{"name":"A","value":"again"},{"name":"","value":"x"}]},)"
         R"({"environment":[{"name":"C","value":"3"}]}]})"),
      ElementsAre(Pair("A", "q 1"), Pair("B", "2")));
}

TEST(ContainerEnvironment, IsEmptyForWhatHasNone) {
  EXPECT_TRUE(of("{}").empty());
  EXPECT_TRUE(of("no JSON").empty());
  EXPECT_TRUE(of(R"({"containerDefinitions":[]})").empty());
  EXPECT_TRUE(of(R"({"containerDefinitions":[{}]})").empty());
  EXPECT_TRUE(of(R"({"containerDefinitions":[{"environment":[{"value":"x"}]}]})").empty());
}

}  // namespace
}  // namespace scaler::emulator
