#include "emulator/ecs/task_needs.h"

#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

world::Resources needs(std::string document) {
  return needs_of({.family = "f", .revision = 1, .document = std::move(document)});
}

TEST(TaskNeeds, AreTheTasksOwnSizeOrWhatItsContainersReserve) {
  EXPECT_EQ(needs(R"({"cpu":"256","memory":"512","containerDefinitions":[{"cpu":9,"memory":9}]})"),
            (world::Resources{.cpu = 256, .memory = 512}));
  EXPECT_EQ(needs(R"({"cpu":"1 vCPU","memory":"0.5GB","containerDefinitions":[]})"),
            (world::Resources{.cpu = 1024, .memory = 512}));
  EXPECT_EQ(needs(R"({"containerDefinitions":[{"cpu":100,"memory":300,"memoryReservation":200},
                      {"memory":1,"cpu":null}]})"),
            (world::Resources{.cpu = 100, .memory = 201}));
  EXPECT_EQ(needs("nonsense"), world::Resources{});
}

TEST(TaskNeeds, CountTheGpusOfAllContainers) {
  EXPECT_EQ(needs(R"({"containerDefinitions":[
                      {"resourceRequirements":[{"type":"GPU","value":"2"}]},
                      {"resourceRequirements":[{"type":"GPU","value":"1"},
                                               {"type":"InferenceAccelerator","value":"x"}]}]})"),
            (world::Resources{.gpus = 3}));
}

}  // namespace
}  // namespace scaler::emulator
