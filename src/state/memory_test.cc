#include "state/memory.h"

#include <gtest/gtest.h>

#include "core/test_support.h"
#include "state/state_text.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::fixed;
using testing::kNoon;

const ServiceState kIdle{.empty_since = kNoon - 1min, .empty_observations = 2, .last_set = 3};

TEST(Memory, KnowsNothingAtFirst) {
  Memory memory;
  EXPECT_EQ(memory.recall("", kNoon).state, ServiceState{});
  EXPECT_EQ(memory.text_to_save(fixed(1), 0, kNoon), std::nullopt);
}

TEST(Memory, TakesTheTagsWordAfterAColdStart) {
  Memory memory;
  EXPECT_EQ(memory.recall(format_state(kIdle), kNoon).state, kIdle);
}

TEST(Memory, TreatsADamagedTagAsNothingKnownAndSaysSo) {
  Memory memory;
  const Memory::Recalled recalled = memory.recall("team blue", kNoon);
  EXPECT_EQ(recalled.state, ServiceState{});
  EXPECT_EQ(recalled.complaint, "saved state 'team blue' is not of this program's version");
}

TEST(Memory, KeepsItsFinerStateWhileTheTagIsWhatItWrote) {
  Memory memory;
  ServiceState state = kIdle;
  memory.remember(state);
  memory.saved(*memory.text_to_save(fixed(3), 3, kNoon), kNoon);
  state.empty_observations = 40;
  memory.remember(state);
  EXPECT_EQ(memory.text_to_save(fixed(3), 3, kNoon), std::nullopt);
  EXPECT_EQ(memory.recall(format_state(kIdle), kNoon + 1h).state.empty_observations, 40);
}

TEST(Memory, TakesTheCautiousFieldsWhileAReadingMayLag) {
  Memory memory;
  memory.remember({.last_scale_out = kNoon});
  memory.saved(*memory.text_to_save(fixed(3), 3, kNoon), kNoon);
  EXPECT_EQ(memory.recall(format_state(kIdle), kNoon + 30s).state.empty_since, std::nullopt);
}

TEST(Memory, FollowsAnotherProcessOnceNoReadingCanLag) {
  Memory memory;
  memory.remember({.last_scale_out = kNoon});
  memory.saved(*memory.text_to_save(fixed(3), 3, kNoon), kNoon);
  EXPECT_EQ(memory.recall(format_state(kIdle), kNoon + 2min).state, kIdle);
}

TEST(Memory, WritesTheIdleClockOnceAndNotAtRest) {
  Memory memory;
  memory.remember(kIdle);
  EXPECT_TRUE(memory.text_to_save(fixed(3), 3, kNoon).has_value());
  memory.remember({.empty_since = kNoon, .empty_observations = 1});
  EXPECT_EQ(memory.text_to_save(fixed(3), 0, kNoon), std::nullopt);
}

TEST(Memory, ForgetsTheIdleClockInTheTagWhenTheServiceIsAtRest) {
  Memory memory;
  EXPECT_EQ(memory.recall(format_state(kIdle), kNoon).state, kIdle);
  EXPECT_EQ(memory.text_to_save(fixed(3), 0, kNoon), format_state({.last_set = 3}));
}

TEST(Memory, CountsFailuresInTheTagOnlyForAFallback) {
  Memory memory;
  memory.remember({.failures = 7});
  EXPECT_EQ(memory.text_to_save(fixed(3), 3, kNoon), std::nullopt);
  const Policy fallback = testing::policy({.scale_up_target = 3, .fallback_tasks = 1});
  EXPECT_EQ(memory.text_to_save(fallback, 3, kNoon), format_state({.failures = 3}));
}

TEST(MoreCautious, TakesTheLaterClocks) {
  const ServiceState a{.empty_since = kNoon, .empty_observations = 5, .last_scale_in = kNoon};
  const ServiceState b{.empty_since = kNoon - 1h, .empty_observations = 2, .last_scale_out = kNoon};
  EXPECT_EQ(more_cautious(a, b), (ServiceState{.empty_since = kNoon,
                                               .empty_observations = 2,
                                               .last_scale_out = kNoon,
                                               .last_scale_in = kNoon}));
  EXPECT_EQ(more_cautious(a, {}).empty_since, std::nullopt);
}

}  // namespace
}  // namespace scaler
