// What a decision leaves behind for the next one.
#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::empty_for;
using testing::fixed;
using testing::kNoon;
using testing::per_task;
using testing::policy;
using testing::quiet;
using testing::seen;
using testing::unreadable;

/// What a look at noon leaves that found what `seen` says, after a look ten seconds ago.
ServiceState after(const ServiceState& state, const Decision& seen, const Policy& policy = fixed(1),
                   Outcome outcome = Outcome::Held) {
  Decision decision = seen;
  decision.at = kNoon;
  decision.look_every = kLookEvery;
  return advance(state, policy, decision, outcome);
}

TEST(Advance, CountsEmptyObservationsFromTheFirst) {
  const Policy two_minutes = fixed(2);
  ServiceState state;
  for (int minute = 0; minute < 3; ++minute) {
    const Decision decision = decide(two_minutes, state, seen({}, 2, kNoon + minute * 1min));
    EXPECT_EQ(decision.action, minute < 2 ? Action::Hold : Action::ScaleIn);
    state = advance(state, two_minutes, decision, Outcome::Held);
  }
  EXPECT_EQ(state.empty_since, kNoon);
  EXPECT_EQ(state.empty_observations, 3);
}

TEST(Advance, OneMessageStartsTheIdleClockAnew) {
  const Decision decision = decide(fixed(2), empty_for(1h, 9), seen({.delayed = 1}, 2));
  const ServiceState state = advance(empty_for(1h, 9), fixed(2), decision, Outcome::Held);
  EXPECT_EQ(state.empty_since, std::nullopt);
  EXPECT_EQ(state.empty_observations, 0);
}

TEST(Advance, StartsACooldownOnlyWhenTheChangeSucceeded) {
  const Decision decision = decide(fixed(2), {}, seen({.visible = 1}, 0));
  EXPECT_EQ(advance({}, fixed(2), decision, Outcome::Applied),
            (ServiceState{.last_look = kNoon,
                          .last_scale_out = kNoon,
                          .recommendations = {{kNoon, 2}},
                          .last_set = 2}));
  EXPECT_EQ(advance({}, fixed(2), decision, Outcome::Failed),
            (ServiceState{.last_look = kNoon, .recommendations = {{kNoon, 2}}}));
}

TEST(Advance, APartialLookRemembersAtLeastWhatIsThere) {
  Observation observation = seen({.visible = 10}, 4);
  observation.queues.emplace_back(fail(ErrorKind::Throttled, "slow down"));
  const Decision decision = decide(per_task(10), quiet(), observation);
  const ServiceState state = advance(quiet(), per_task(10), decision, Outcome::Held);
  EXPECT_EQ(state.recommendations.back(), (TasksAt{.at = kNoon, .tasks = 4}));
}

TEST(Advance, ASecondManualChangeRestartsItsHold) {
  const Policy respectful =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .manual_hold = 10min});
  ServiceState state = quiet();
  state.last_set = 3;
  state.manual = TasksAt{.at = kNoon - 9min, .tasks = 7};
  const Decision same = decide(respectful, state, seen({}, 7));
  EXPECT_EQ(advance(state, respectful, same, Outcome::Held).manual->at, kNoon - 9min);
  const Decision own = decide(respectful, state, seen({}, 3));
  EXPECT_EQ(advance(state, respectful, own, Outcome::Held).manual, std::nullopt);
  const Decision other = decide(respectful, state, seen({}, 8));
  EXPECT_EQ(advance(state, respectful, other, Outcome::Held).manual,
            (TasksAt{.at = kNoon, .tasks = 8}));
}

TEST(Advance, CountsFailuresInARow) {
  const Decision blind = decide(fixed(2), {}, unreadable(1));
  const ServiceState once = advance({}, fixed(2), blind, Outcome::Held);
  EXPECT_EQ(advance(once, fixed(2), blind, Outcome::Held).failures, 2);
  EXPECT_EQ(advance(once, fixed(2), decide(fixed(2), once, seen({}, 1)), Outcome::Held).failures,
            0);
}

TEST(Advance, AnUnreadableQueueStopsTheIdleClock) {
  const Decision blind = decide(fixed(2), empty_for(1h, 9), unreadable(1));
  EXPECT_EQ(advance(empty_for(1h, 9), fixed(2), blind, Outcome::Held).empty_since, std::nullopt);
}

TEST(Advance, NotesSinceWhenSomethingHolds) {
  Observation rollout = seen({.in_flight = 3}, 5);
  rollout.service.running = 4;
  rollout.service.deploying = true;
  const Policy roomy = policy({.mode = Mode::Backlog, .backlog_per_task = 1});
  ServiceState state = quiet();
  state = advance(state, roomy, decide(roomy, state, rollout), Outcome::Held);
  EXPECT_EQ(state.short_since, kNoon);
  EXPECT_EQ(state.deploying_since, kNoon);
  EXPECT_EQ(state.kept_since, kNoon);
  rollout.at = kNoon + 30s;
  state = advance(state, roomy, decide(roomy, state, rollout), Outcome::Held);
  EXPECT_EQ(state.short_since, kNoon);
  EXPECT_EQ(state.deploying_since, kNoon);
  EXPECT_EQ(state.kept_since, kNoon);
  const Observation steady = seen({.visible = 5}, 5, kNoon + 1min);
  state = advance(state, roomy, decide(roomy, state, steady), Outcome::Held);
  EXPECT_EQ(state.short_since, std::nullopt);
  EXPECT_EQ(state.deploying_since, std::nullopt);
  EXPECT_EQ(state.kept_since, std::nullopt);
}

TEST(Advance, CountsTheTimeOfTheLatestDeployment) {
  const auto deploying = [](std::optional<Instant> before, std::optional<Instant> made) {
    const ServiceState state{.last_look = kNoon - 10s, .deploying_since = before};
    return after(state, {.deploying = true, .deploying_since = made}).deploying_since;
  };
  EXPECT_EQ(deploying(kNoon - 1h, std::nullopt), kNoon - 1h);
  EXPECT_EQ(deploying(kNoon - 1h, kNoon - 2h), kNoon - 1h) << "as long as it has been seen";
  EXPECT_EQ(deploying(kNoon - 1h, kNoon - 1min), kNoon - 1min);
  EXPECT_EQ(deploying(kNoon - 1h, kNoon + 1min), kNoon);
  EXPECT_EQ(deploying(std::nullopt, kNoon - 1h), kNoon);
  EXPECT_EQ(after({}, {.deploying_since = kNoon}).deploying_since, std::nullopt);
}

TEST(Advance, AfterAGapWhateverHoldsHoldsSinceNow) {
  const Instant long_ago = kNoon - 1h;
  const ServiceState old{.last_look = kNoon - 10min,
                         .recommendations = {{.at = kNoon - 10min, .tasks = 4}},
                         .short_since = long_ago,
                         .deploying_since = long_ago,
                         .gone = QueuesGone{.since = long_ago, .queues = 2},
                         .stray_since = long_ago,
                         .kept_since = long_ago,
                         .full = MessagesAt{.at = long_ago, .messages = 5}};
  const ServiceState state = after(old, {.starting = true,
                                         .deploying = true,
                                         .stray = true,
                                         .kept = true,
                                         .full = true,
                                         .gone = 2,
                                         .counted = 9});
  EXPECT_EQ(state.short_since, kNoon);
  EXPECT_EQ(state.deploying_since, kNoon);
  EXPECT_EQ(state.gone, (QueuesGone{.since = kNoon, .queues = 2}));
  EXPECT_EQ(state.stray_since, kNoon);
  EXPECT_EQ(state.kept_since, kNoon);
  EXPECT_EQ(state.full, (MessagesAt{.at = kNoon, .messages = 9}));
}

TEST(Advance, KnowsSinceWhenQueuesAreGone) {
  const auto gone = [](std::optional<QueuesGone> before, std::int64_t now) {
    ServiceState state = quiet();
    state.gone = before;
    return after(state, {.gone = now}).gone;
  };
  const QueuesGone two{.since = kNoon - 5min, .queues = 2};
  EXPECT_EQ(gone({}, 2), (QueuesGone{.since = kNoon, .queues = 2}));
  EXPECT_EQ(gone(two, 2), two);
  EXPECT_EQ(gone(two, 3), (QueuesGone{.since = kNoon, .queues = 3})) << "one more";
  EXPECT_EQ(gone(two, 1), (QueuesGone{.since = kNoon - 5min, .queues = 1})) << "one is back";
  EXPECT_EQ(gone(two, 0), std::nullopt) << "all are back";
  EXPECT_EQ(gone(QueuesGone{.since = kNoon + 1h, .queues = 2}, 2)->since, kNoon)
      << "a clock was set back";
}

TEST(Advance, RemembersTheSmallestBacklogAtTheMaximum) {
  const auto full = [](std::optional<MessagesAt> before, bool at_maximum, std::int64_t messages) {
    ServiceState state = quiet();
    state.full = before;
    return after(state, {.full = at_maximum, .counted = messages}).full;
  };
  const MessagesAt ten{.at = kNoon - 5min, .messages = 10};
  EXPECT_EQ(full({}, true, 10), (MessagesAt{.at = kNoon, .messages = 10}));
  EXPECT_EQ(full(ten, true, 11), ten) << "it has grown since";
  EXPECT_EQ(full(ten, true, 10), (MessagesAt{.at = kNoon, .messages = 10})) << "not grown";
  EXPECT_EQ(full(ten, true, 9), (MessagesAt{.at = kNoon, .messages = 9}));
  EXPECT_EQ(full(ten, false, 11), std::nullopt);
  EXPECT_EQ(full(MessagesAt{.at = kNoon + 1h, .messages = 10}, true, 11),
            (MessagesAt{.at = kNoon, .messages = 10}))
      << "a clock was set back";
}

TEST(Advance, ForgetsARefusalOnceItIsReachedOrAnHourOld) {
  const auto refused = [](Instant at, std::int64_t desired) {
    ServiceState state = quiet();
    state.refused = TasksAt{.at = at, .tasks = 100};
    return after(state, {.before = desired}).refused;
  };
  EXPECT_EQ(refused(kNoon - 59min, 99), (TasksAt{.at = kNoon - 59min, .tasks = 100}));
  EXPECT_EQ(refused(kNoon - 59min, 100), std::nullopt) << "somebody got so many";
  EXPECT_EQ(refused(kNoon - 59min, 101), std::nullopt);
  EXPECT_EQ(refused(kNoon - 1h, 99), std::nullopt);
  EXPECT_EQ(refused(kNoon + 1h, 99), (TasksAt{.at = kNoon, .tasks = 100}))
      << "a clock was set back";
}

TEST(Advance, APartialLookIsNoFailure) {
  Observation half = seen({.visible = 1}, 1);
  half.queues.emplace_back(fail(ErrorKind::Throttled, "slow down"));
  const Decision partial = decide(fixed(1), {}, half);
  EXPECT_FALSE(partial.blind);
  EXPECT_EQ(advance({.failures = 2}, fixed(1), partial, Outcome::Held).failures, 0);
}

TEST(Advance, ALookAtAQueueThatIsGoneIsNoFailure) {
  Observation gone = seen({}, 1);
  gone.queues = {fail(ErrorKind::NotFound, "QueueDoesNotExist")};
  EXPECT_FALSE(decide(fixed(1), {}, gone).blind);
  gone.queues.emplace_back(fail(ErrorKind::Throttled, "slow down"));
  EXPECT_TRUE(decide(fixed(1), {}, gone).blind);
}

TEST(Advance, RemembersAnothersCountOnlyForAManualHold) {
  ServiceState state = quiet();
  state.last_set = 3;
  EXPECT_EQ(after(state, {.before = 7}, per_task(1)).manual, std::nullopt);
  const Policy respectful =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .manual_hold = 10min});
  const TasksAt noticed{.at = kNoon, .tasks = 7};
  EXPECT_EQ(after(state, {.before = 7}, respectful).manual, noticed);
  state.manual = TasksAt{.at = kNoon + 1h, .tasks = 7};
  EXPECT_EQ(after(state, {.before = 7}, respectful).manual, noticed) << "a clock was set back";
  const Decision own{.action = Action::ScaleOut, .desired = 9, .before = 7};
  EXPECT_EQ(after(state, own, respectful, Outcome::Applied).manual, std::nullopt);
}

// What is announced may have been set by a process that ended before it could tell.
TEST(Advance, WhatWasAnnouncedIsItsOwnWhereItIsFound) {
  const Policy respectful =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .manual_hold = 10min});
  ServiceState state = quiet();
  state.last_set = 3;
  state.announced = TasksAt{.at = kNoon - 1min, .tasks = 7};
  EXPECT_FALSE(state.is_foreign(7));
  EXPECT_FALSE(state.is_foreign(3));
  EXPECT_TRUE(state.is_foreign(5));
  const ServiceState found = after(state, {.before = 7}, respectful);
  EXPECT_EQ(found.last_set, 7);
  EXPECT_EQ(found.announced, std::nullopt);
  EXPECT_EQ(found.manual, std::nullopt);
  EXPECT_EQ(after(state, {.before = 3}, respectful).announced, state.announced) << "under way";
  EXPECT_EQ(after(state, {.before = 5}, respectful).manual, (TasksAt{.at = kNoon, .tasks = 5}));
  state.announced->at -= 1ms;
  EXPECT_EQ(after(state, {.before = 3}, respectful).announced, std::nullopt) << "never set";
  EXPECT_EQ(after(state, {.before = 7}, respectful).last_set, 7) << "however late";
  const Decision other{.action = Action::ScaleOut, .desired = 9, .before = 3};
  EXPECT_EQ(after(state, other, respectful, Outcome::Applied).announced, std::nullopt);
}

TEST(Advance, WithoutAnyWindowNoNeedIsRemembered) {
  const Policy windowless =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .busy_window = 0s});
  EXPECT_TRUE(after(quiet(), {.occupied = 4}, windowless).recommendations.empty());
}

TEST(Advance, BridgesAGapOfMoreThanOneAndAHalfDistances) {
  const auto kept_since = [](Duration gap) {
    const ServiceState state{.last_look = kNoon - gap,
                             .recommendations = {{.at = kNoon - gap, .tasks = 7}}};
    const Policy patient =
        policy({.mode = Mode::Backlog, .backlog_per_task = 1, .scale_in_window = 5min});
    return after(state, {.occupied = 3}, patient).recommendations.front().at;
  };
  EXPECT_EQ(kept_since(90s), kNoon - 90s);
  EXPECT_EQ(kept_since(91s), kNoon);
}

TEST(Advance, AfterAnEmptyWindowTheNeedIsKnown) {
  ServiceState state{.last_look = kNoon - 10s, .empty_since = kNoon - 1h};
  const Decision decision{.before = 8, .occupied = 2};
  EXPECT_EQ(after(state, decision).recommendations, (std::vector<TasksAt>{{kNoon, 2}}));
  state.empty_since = {};
  EXPECT_EQ(after(state, decision).recommendations, (std::vector<TasksAt>{{kNoon, 8}}));
}

TEST(Advance, RemembersTheBacklogThatWasSeen) {
  const Decision full = decide(fixed(1), quiet(), seen({.visible = 12}, 1));
  EXPECT_EQ(after(quiet(), full).full, (MessagesAt{.at = kNoon, .messages = 12}));
}

TEST(Advance, CountsTheLooksThatTookTooLong) {
  const Decision decision = decide(fixed(1), quiet(), seen({}, 1));
  const Decision late = held(decision, 1, Reason::LookedTooLong);
  const ServiceState once = after(quiet(), late);
  EXPECT_EQ(once.late_looks, 1);
  EXPECT_EQ(after(once, late).late_looks, 2);
  EXPECT_EQ(after(once, held(decision, 1, Reason::ChangedMeanwhile)).late_looks, 0);
}

TEST(Advance, EachDirectionHasItsOwnCooldown) {
  const Decision out{.action = Action::ScaleOut, .desired = 3, .before = 2};
  const Decision in{.action = Action::ScaleIn, .desired = 1, .before = 2};
  const Decision hold{.action = Action::Hold, .desired = 2, .before = 2};
  const auto changed = [](const Decision& decision) {
    const ServiceState state = after(quiet(), decision, fixed(1), Outcome::Applied);
    return std::pair(state.last_scale_out.has_value(), state.last_scale_in.has_value());
  };
  EXPECT_EQ(changed(out), std::pair(true, false));
  EXPECT_EQ(changed(in), std::pair(false, true));
  EXPECT_EQ(changed(hold), std::pair(false, false));
  ServiceState future = quiet();
  future.last_scale_out = kNoon + 1h;
  EXPECT_EQ(after(future, hold).last_scale_out, kNoon) << "a clock was set back";
}

TEST(Advance, TheFirstLookStartsTheCooldownOfScalingIn) {
  const Policy cooled = policy({.scale_in_cooldown = 1min});
  EXPECT_EQ(after({}, {}, cooled).last_scale_in, kNoon);
  EXPECT_EQ(after({}, {}, fixed(1)).last_scale_in, std::nullopt);
  EXPECT_EQ(after(quiet(), {}, cooled).last_scale_in, std::nullopt);
}

}  // namespace
}  // namespace scaler
