#include "scaler/state/memory.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"
#include "scaler/state/state_text.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::fixed;
using testing::kNoon;

const ServiceState kIdle{
    .last_look = kNoon, .empty_since = kNoon - 1min, .empty_observations = 2, .last_set = 3};

TEST(Memory, KnowsNothingAtFirst) {
  Memory memory;
  EXPECT_EQ(memory.recall("", fixed(1), {kNoon}).state, ServiceState{});
  EXPECT_EQ(memory.text_to_save(fixed(1), {.at = kNoon, .desired = 0}), std::nullopt);
}

TEST(Memory, TakesTheTagsWordAfterAColdStart) {
  Memory memory;
  EXPECT_EQ(memory.recall(format_state(kIdle), fixed(1), {kNoon}).state, kIdle);
}

TEST(Memory, TreatsADamagedTagAsNothingKnownAndSaysSo) {
  Memory memory;
  const Memory::Recalled recalled = memory.recall("team blue", fixed(1), {kNoon});
  EXPECT_EQ(recalled.state, ServiceState{});
  EXPECT_EQ(recalled.complaint, "saved state 'team blue' is not of this program's version");
}

TEST(Memory, KeepsItsFinerStateWhileTheTagIsWhatItWrote) {
  Memory memory;
  ServiceState state = kIdle;
  memory.remember(state);
  memory.saved(*memory.text_to_save(fixed(3), {.at = kNoon, .desired = 3}), kNoon);
  state.empty_observations = 40;
  memory.remember(state);
  EXPECT_EQ(memory.text_to_save(fixed(3), {.at = kNoon, .desired = 3}), std::nullopt);
  EXPECT_EQ(memory.recall(format_state(kIdle), fixed(1), {kNoon + 1h}).state.empty_observations,
            40);
}

TEST(Memory, AnAbsentTagSaysNothingAgainstWhatThisProcessSaw) {
  Memory memory;
  memory.remember(kIdle);
  memory.saved(*memory.text_to_save(fixed(3), {.at = kNoon, .desired = 3}), kNoon);
  EXPECT_EQ(memory.recall("", fixed(3), {kNoon + 5s}).state, kIdle);
  EXPECT_EQ(memory.text_to_save(fixed(3), {.at = kNoon + 5s, .desired = 3}),
            std::nullopt);  // A reading may lag.
  EXPECT_EQ(memory.recall("", fixed(3), {kNoon + 61s}).state, kIdle);
  EXPECT_TRUE(memory.text_to_save(fixed(3), {.at = kNoon + 61s, .desired = 3}).has_value());
}

bool goes_on(const ServiceState& state, Instant at) {
  return past_of(state, at, 10s).continuous;
}

TEST(Memory, WhatWasSeenOfOtherQueuesSaysNothingOfThese) {
  constexpr QueuesMark kThese = 1;
  constexpr QueuesMark kOthers = 2;
  Memory memory;
  memory.recall("", fixed(3), {kNoon, {}, kOthers});
  memory.remember(kIdle);
  EXPECT_TRUE(goes_on(memory.recall("", fixed(3), {kNoon, {}, kOthers}).state, kNoon));
  const ServiceState anew = memory.recall("", fixed(3), {kNoon, {}, kThese}).state;
  EXPECT_FALSE(goes_on(anew, kNoon));
  EXPECT_EQ(anew.last_set, 3);  // What was done to the service stays known.
}

TEST(Memory, ATagSaysOfWhichQueuesItTellsWhileSomethingWaits) {
  constexpr QueuesMark kThese = 1;
  constexpr QueuesMark kOthers = 2;
  Memory writer;
  writer.recall("", fixed(3), {kNoon, {}, kOthers});
  writer.remember(kIdle);
  const std::string text = writer.text_to_save(fixed(3), {.at = kNoon, .desired = 3}).value();
  EXPECT_TRUE(goes_on(Memory().recall(text, fixed(3), {kNoon, {}, kOthers}).state, kNoon));
  EXPECT_FALSE(goes_on(Memory().recall(text, fixed(3), {kNoon, {}, kThese}).state, kNoon));
  EXPECT_TRUE(
      goes_on(Memory().recall(format_state(kIdle), fixed(3), {kNoon, {}, kThese}).state, kNoon));

  Memory reader;
  reader.recall(text, fixed(3), {kNoon, {}, kThese});
  reader.remember(kIdle);
  const auto again = reader.text_to_save(fixed(3), {.at = kNoon, .desired = 3});
  EXPECT_EQ(parse_saved(again.value()).value().queues, kThese);
  writer.remember({.last_look = kNoon, .last_set = 0});
  EXPECT_EQ(parse_saved(*writer.text_to_save(fixed(3), {.at = kNoon})).value().queues,
            std::nullopt);
}

TEST(Memory, AForeignTagSaysNothingAndIsWrittenOver) {
  Memory memory;
  memory.remember(kIdle);
  const Memory::Recalled recalled = memory.recall("team blue", fixed(3), {kNoon});
  EXPECT_EQ(recalled.state, kIdle);
  EXPECT_NE(recalled.complaint, "");
  EXPECT_TRUE(memory.text_to_save(fixed(3), {.at = kNoon, .desired = 0}).has_value());
}

TEST(Memory, AnOlderTextIsNoEvidence) {
  Memory memory;
  ServiceState fresh = kIdle;
  fresh.last_look = kNoon;
  fresh.empty_since = kNoon - 10s;
  memory.remember(fresh);
  memory.saved(*memory.text_to_save(fixed(3), {.at = kNoon, .desired = 3}), kNoon);
  const std::string old =
      format_state({.last_look = kNoon - 1h, .empty_since = kNoon - 3h, .empty_observations = 90});
  EXPECT_EQ(memory.recall(old, fixed(3), {kNoon + 5s}).state.empty_since, kNoon - 10s);
  EXPECT_EQ(memory.recall(old, fixed(3), {kNoon + 2min}).state.empty_since, kNoon - 10s);
}

TEST(Memory, WhatAnotherProcessSawLaterEndsAWait) {
  Memory memory;
  memory.remember(kIdle);
  const std::string later = format_state({.last_look = kNoon + 20s, .last_set = 3});
  EXPECT_EQ(memory.recall(later, fixed(3), {kNoon + 30s}).state.empty_since, std::nullopt);
}

// Its last need is told ahead for a minute, in which another process that sees as much writes
// nothing.
TEST(Memory, AfterAGapTheTagsLastNeedCountsAgain) {
  const Policy one_each = testing::per_task(1);
  const Deadline steady{1h};
  const auto needs_at = [&](Memory& memory, Instant at, std::optional<Deadline> clock) {
    return memory.recall("", one_each, {.at = at, .steady = clock, .usual_gap = 15s})
        .state.recommendations;
  };
  const std::vector<TasksAt> own{{kNoon, 9}};
  const auto writer = [&](std::optional<Deadline> clock) {
    Memory memory;
    needs_at(memory, kNoon, clock);
    memory.remember({.last_look = kNoon, .recommendations = own});
    const auto text = memory.text_to_save(one_each, {.at = kNoon, .desired = 10, .needed = 9});
    memory.saved(text.value(), kNoon);
    return std::pair(memory, *text);
  };
  const std::vector<TasksAt> again{{kNoon, 9}, {kNoon + 50s, 9}};
  auto [sandbox, text] = writer({});
  EXPECT_EQ(
      sandbox.recall(text, one_each, {.at = kNoon + 10s, .usual_gap = 15s}).state.recommendations,
      own);
  EXPECT_EQ(
      sandbox.recall(text, one_each, {.at = kNoon + 50s, .usual_gap = 15s}).state.recommendations,
      again);
  auto [slow, same] = writer(steady);  // A controller, alone: nobody saw more meanwhile.
  const Memory::Look late{.at = kNoon + 50s, .steady = steady + 50s, .usual_gap = 15s};
  EXPECT_EQ(slow.recall(same, one_each, late).state.recommendations, own);
  auto [passive, ours] = writer(steady);  // It looked, and another one remembered.
  passive.recall(ours, one_each, {.at = kNoon + 10s, .steady = steady + 10s, .usual_gap = 15s});
  EXPECT_EQ(passive.recall(ours, one_each, late).state.recommendations, again);
}

TEST(Memory, AWaitThatGoesOnIsWrittenOnceAMinute) {
  Memory memory;
  int writes = 0;
  for (int second = 0; second <= 600; second += 10) {
    const Instant at = kNoon + std::chrono::seconds(second);
    memory.remember({.last_look = at, .empty_since = kNoon, .empty_observations = second / 10 + 1});
    if (auto text = memory.text_to_save(fixed(3), {.at = at, .desired = 3})) {
      ++writes;
      memory.saved(*std::move(text), at);
    }
  }
  EXPECT_LE(writes, 12);
  EXPECT_GE(writes, 10);
}

TEST(Memory, ATextOfTheFutureIsWrittenOver) {
  for (const ServiceState& future :
       {ServiceState{.last_look = kNoon, .recommendations = {{kNoon + 24h, 9}}},
        ServiceState{.last_look = kNoon, .changes = {{kNoon + 24h, 9}}},
        ServiceState{.last_look = kNoon + 24h, .last_scale_in = kNoon}}) {
    Memory memory;
    const ServiceState state = memory.recall(format_state(future), fixed(9), {kNoon}).state;
    for (const auto* history : {&state.recommendations, &state.changes}) {
      EXPECT_TRUE(history->empty() || history->back().at == kNoon);
    }
    const auto text = memory.text_to_save(fixed(9), {.at = kNoon, .desired = 0});
    ASSERT_TRUE(text.has_value());
    EXPECT_LE(parse_state(*text)->last_look, kNoon);
  }
}

TEST(Memory, AWallClockThatIsMovedMovesItsWaits) {
  Memory memory;
  const Deadline steady{1h};
  EXPECT_EQ(memory.recall("", fixed(3), {kNoon, steady}).state, ServiceState{});
  ServiceState state = kIdle;
  state.last_look = kNoon;
  memory.remember(state);
  const ServiceState ahead = memory.recall("", fixed(3), {kNoon + 2min, steady + 10s}).state;
  EXPECT_EQ(ahead.last_look, kNoon + 2min - 10s);
  EXPECT_EQ(ahead.empty_since, kNoon + 2min - 10s - 1min);
  const ServiceState back = memory.recall("", fixed(3), {kNoon - 2h, steady + 20s}).state;
  EXPECT_EQ(back.last_look, kNoon - 2h - 20s);
  EXPECT_EQ(back.empty_since, kNoon - 2h - 20s - 1min);
}

// Steady time stands still while a machine is suspended. The first look after two hours stopped the
// tasks, as if the looks before had been a moment ago.
TEST(Memory, AMachineThatSleptWaitsAnew) {
  Memory memory;
  const Deadline steady{1h};
  memory.recall("", fixed(3), {kNoon, steady});
  ServiceState state = kIdle;
  state.last_look = kNoon;
  memory.remember(state);
  const ServiceState slept = memory.recall("", fixed(3), {kNoon + 2h, steady + 10s}).state;
  EXPECT_FALSE(past_of(slept, kNoon + 2h, kLookEvery).continuous);
  EXPECT_EQ(past_of(slept, kNoon + 2h, kLookEvery).empty_since, std::nullopt);
}

TEST(Memory, ATagThatCannotBeWrittenIsToldOnceAnHourAndLeftAloneForAWhile) {
  Memory memory;
  memory.remember(kIdle);
  EXPECT_TRUE(memory.refused(kNoon));
  EXPECT_EQ(memory.text_to_save(fixed(3), {.at = kNoon + 1min, .desired = 3}), std::nullopt);
  EXPECT_TRUE(memory.text_to_save(fixed(3), {.at = kNoon + 5min, .desired = 3}).has_value());
  EXPECT_FALSE(memory.refused(kNoon + 59min));
  EXPECT_TRUE(memory.refused(kNoon + 1h));
}

// Texts as version 2 wrote them, 2026-11-28.
TEST(Memory, WritersOfTwoVersionsSideBySideNeverScaleInEarly) {
  const std::string v2 = "v2 empty=1795435140:2 set=3 crc=" + std::string("42e29dca");
  Memory memory;
  ServiceState own{.last_look = kNoon, .empty_since = kNoon - 5s, .empty_observations = 1};
  memory.remember(own);
  const auto text = memory.text_to_save(fixed(3), {.at = kNoon, .desired = 3});
  EXPECT_TRUE(text->starts_with("v3 "));  // Version 2 calls it foreign, and knows nothing.
  memory.saved(*text, kNoon);
  const Memory::Recalled recalled = memory.recall(v2, fixed(3), {kNoon + 5s});
  EXPECT_EQ(recalled.complaint, "");
  EXPECT_EQ(recalled.state.empty_since, kNoon - 5s);
}

TEST(Memory, WritesTheIdleClockOnceAndNotAtRest) {
  Memory memory;
  memory.remember(kIdle);
  EXPECT_TRUE(memory.text_to_save(fixed(3), {.at = kNoon, .desired = 3}).has_value());
  memory.remember({.empty_since = kNoon, .empty_observations = 1});
  EXPECT_EQ(memory.text_to_save(fixed(3), {.at = kNoon, .desired = 0}), std::nullopt);
}

TEST(Memory, ForgetsTheIdleClockInTheTagWhenTheServiceIsAtRest) {
  Memory memory;
  EXPECT_EQ(memory.recall(format_state(kIdle), fixed(1), {kNoon}).state, kIdle);
  EXPECT_EQ(memory.text_to_save(fixed(3), {.at = kNoon, .desired = 0}),
            format_state({.last_look = kNoon, .last_set = 3}));
}

TEST(Memory, CountsFailuresInTheTagOnlyForAFallback) {
  Memory memory;
  memory.remember({.failures = 7});
  EXPECT_EQ(memory.text_to_save(fixed(3), {.at = kNoon, .desired = 3, .needed = 3}), std::nullopt);
  const Policy fallback = testing::policy({.scale_up_target = 3, .fallback_tasks = 1});
  EXPECT_EQ(memory.text_to_save(fallback, {.at = kNoon, .desired = 3, .needed = 3}),
            format_state({.failures = 3}));
}

TEST(United, TakesTheLaterInstantOfTwoMemories) {
  const ServiceState a{.last_look = kNoon,
                       .empty_since = kNoon - 1min,
                       .empty_observations = 5,
                       .last_scale_in = kNoon - 2h};
  const ServiceState b{.last_look = kNoon - 1s,
                       .empty_since = kNoon - 1h,
                       .empty_observations = 2,
                       .last_scale_out = kNoon - 1h};
  for (const ServiceState& both : {united(a, b), united(b, a)}) {
    EXPECT_EQ(both, (ServiceState{.last_look = kNoon,
                                  .empty_since = kNoon - 1min,
                                  .empty_observations = 2,
                                  .last_scale_out = kNoon - 1h,
                                  .last_scale_in = kNoon - 2h}));
  }
}

TEST(United, AWaitDoesNotReachBackBeyondALookThatDoesNotTellOfIt) {
  const ServiceState waits{.last_look = kNoon, .empty_since = kNoon - 1h, .empty_observations = 50};
  const ServiceState says_nothing{.last_look = kNoon - 1min, .last_set = 3};
  EXPECT_EQ(united(waits, says_nothing).empty_since, kNoon - 1min);
  EXPECT_EQ(united(waits, says_nothing).empty_observations, 1);
}

TEST(United, ALaterLookThatTellsNoNeedsLeavesAHole) {
  // A text leaves the needs out while all tasks are needed: who has looked less lately must not
  // take its own older ones for a window without a break.
  const ServiceState earlier{.last_look = kNoon - 1min, .recommendations = {{kNoon - 1min, 3}}};
  const ServiceState all_needed{.last_look = kNoon, .last_set = 6};
  EXPECT_TRUE(united(earlier, all_needed).recommendations.empty());
  EXPECT_TRUE(united(all_needed, earlier).recommendations.empty());
  const ServiceState later{.last_look = kNoon + 1s, .recommendations = {{kNoon + 1s, 2}}};
  EXPECT_EQ(united(all_needed, later).recommendations, later.recommendations);
}

}  // namespace
}  // namespace scaler
