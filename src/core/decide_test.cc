#include "core/decide.h"

#include <limits>

#include <gtest/gtest.h>

#include "core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::fixed;
using testing::kNoon;
using testing::per_task;
using testing::policy;
using testing::rules_of;
using testing::seen;
using testing::unreadable;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

void expect(const Decision& decision, Action action, std::int64_t desired, std::string_view rules) {
  EXPECT_EQ(to_string(decision.action), to_string(action));
  EXPECT_EQ(decision.desired, desired);
  EXPECT_EQ(rules_of(decision), rules);
}

ServiceState empty_for(Duration duration, std::int64_t observations) {
  return {.empty_since = kNoon - duration, .empty_observations = observations};
}

TEST(Decide, FixedWakesToTheTargetOnTheFirstMessage) {
  expect(decide(fixed(3), {}, seen({.visible = 1}, 0)), Action::ScaleOut, 3, "backlog activation");
}

TEST(Decide, FixedHoldsAtTheTarget) {
  expect(decide(fixed(3), {}, seen({.visible = 100, .in_flight = 3}, 3)), Action::Hold, 3,
         "backlog");
}

TEST(Decide, BacklogDividesRoundingUp) {
  expect(decide(per_task(10), {}, seen({.visible = 95, .in_flight = 5}, 2)), Action::ScaleOut, 10,
         "backlog");
  expect(decide(per_task(10), {}, seen({.visible = 101}, 2)), Action::ScaleOut, 11, "backlog");
}

TEST(Decide, CountsInFlightAndDelayedAsThePolicySays) {
  const QueueDepth depth{.visible = 10, .in_flight = 20, .delayed = 40};
  PolicyOptions options{.mode = Mode::Backlog, .backlog_per_task = 10};
  EXPECT_EQ(decide(policy(options), {}, seen(depth, 0)).demand, 3);
  options.count_delayed = true;
  EXPECT_EQ(decide(policy(options), {}, seen(depth, 0)).demand, 7);
  options.count_in_flight = false;
  EXPECT_EQ(decide(policy(options), {}, seen(depth, 0)).demand, 5);
}

TEST(Decide, AddsUpSeveralQueues) {
  Observation observation = seen({.visible = 10}, 0);
  observation.queues.emplace_back(QueueDepth{.visible = 15});
  EXPECT_EQ(decide(per_task(10), {}, observation).desired, 3);
}

TEST(Decide, StaysAtZeroBelowTheActivationBacklog) {
  const Policy wakes_at_five =
      policy({.mode = Mode::Backlog, .backlog_per_task = 2, .activation_backlog = 5});
  expect(decide(wakes_at_five, {}, seen({.visible = 4}, 0)), Action::Hold, 0, "backlog activation");
  expect(decide(wakes_at_five, {}, seen({.visible = 5}, 0)), Action::ScaleOut, 3,
         "backlog activation");
}

TEST(Decide, ActivationMattersOnlyAtZero) {
  const Policy wakes_at_five =
      policy({.mode = Mode::Backlog, .backlog_per_task = 2, .activation_backlog = 5});
  expect(decide(wakes_at_five, {}, seen({.visible = 4}, 1)), Action::ScaleOut, 2, "backlog");
}

TEST(Decide, NeverScalesToZeroOnOneLook) {
  expect(decide(fixed(3), {}, seen({}, 3)), Action::Hold, 3, "backlog idle");
}

TEST(Decide, ScalesToZeroOnceEmptyForTheThreshold) {
  expect(decide(fixed(3), empty_for(2min, 1), seen({}, 3)), Action::ScaleIn, 0, "backlog idle");
  expect(decide(fixed(3), empty_for(2min - 1ms, 5), seen({}, 3)), Action::Hold, 3, "backlog idle");
}

TEST(Decide, WantsSeveralEmptyObservations) {
  const Policy careful = policy({.zero_confirmations = 3});
  expect(decide(careful, empty_for(1h, 1), seen({}, 1)), Action::Hold, 1, "backlog idle");
  expect(decide(careful, empty_for(1h, 2), seen({}, 1)), Action::ScaleIn, 0, "backlog idle");
}

TEST(Decide, AnUncountedMessageKeepsTheServiceFromZero) {
  const ServiceState state = empty_for(1h, 9);
  expect(decide(fixed(1), state, seen({.delayed = 1}, 1)), Action::Hold, 1, "backlog idle");
  const Policy blind_to_flight = policy({.count_in_flight = false});
  expect(decide(blind_to_flight, state, seen({.in_flight = 1}, 1)), Action::Hold, 1,
         "backlog idle");
}

TEST(Decide, ADipToZeroMovesNothing) {
  expect(decide(per_task(10), {}, seen({}, 8)), Action::Hold, 8, "backlog idle");
}

TEST(Decide, GoesToTheMinimumInsteadOfZero) {
  const Policy two = policy({.scale_up_target = 5, .tasks_min = 2});
  expect(decide(two, empty_for(1h, 5), seen({}, 5)), Action::ScaleIn, 2, "backlog idle bounds");
  expect(decide(two, {}, seen({}, 0)), Action::ScaleOut, 2, "backlog bounds");
}

TEST(Decide, IdlePolicyStopsNoTaskWhileMessagesAreInFlight) {
  expect(decide(per_task(10), {}, seen({.in_flight = 1}, 4)), Action::Hold, 4, "backlog busy");
  expect(decide(per_task(10), {}, seen({.visible = 10}, 4)), Action::ScaleIn, 1, "backlog");
}

TEST(Decide, AnyPolicyKeepsTheTasksThatMessagesInFlightNeed) {
  const Policy any = policy({.mode = Mode::Backlog,
                             .backlog_per_task = 10,
                             .concurrency_per_task = 2,
                             .scale_in_when = ScaleInWhen::Any});
  expect(decide(any, {}, seen({.in_flight = 5}, 8)), Action::ScaleIn, 3, "backlog busy");
  expect(decide(any, {}, seen({.in_flight = 500}, 60)), Action::Hold, 60, "backlog busy");
}

TEST(Decide, PartialKnowledgeOnlyScalesOut) {
  Observation observation = seen({.visible = 10}, 4);
  observation.queues.emplace_back(fail(ErrorKind::Throttled, "slow down"));
  expect(decide(per_task(10), {}, observation), Action::Hold, 4, "backlog partial");
  observation.queues.front()->visible = 80;
  expect(decide(per_task(10), {}, observation), Action::ScaleOut, 8, "backlog partial");
}

TEST(Decide, PartialKnowledgeIsNeverEmpty) {
  Observation observation = seen({}, 4);
  observation.queues.emplace_back(fail(ErrorKind::Throttled, "slow down"));
  const Decision decision = decide(fixed(4), empty_for(1h, 9), observation);
  EXPECT_EQ(decision.action, Action::Hold);
  EXPECT_FALSE(decision.empty);
  EXPECT_EQ(advance(empty_for(1h, 9), fixed(2), decision, Outcome::Held).empty_since, std::nullopt);
}

TEST(Decide, HoldsWhenBlind) {
  expect(decide(fixed(4), empty_for(1h, 9), unreadable(4)), Action::Hold, 4, "blind");
}

TEST(Decide, BlindFallsBackAfterEnoughFailuresButNeverLower) {
  const Policy careful = policy({.scale_up_target = 9, .fallback_tasks = 5});
  expect(decide(careful, {.failures = 1}, unreadable(1)), Action::Hold, 1, "blind");
  expect(decide(careful, {.failures = 2}, unreadable(1)), Action::ScaleOut, 5, "blind");
  expect(decide(careful, {.failures = 2}, unreadable(8)), Action::Hold, 8, "blind");
}

TEST(Decide, TheFallbackStaysWithinTheBounds) {
  const Policy bounded = policy({.scale_up_target = 3, .fallback_tasks = 50});
  EXPECT_EQ(decide(bounded, {.failures = 9}, unreadable(0)).desired, 3);
}

TEST(Decide, StopsNothingWhileADeploymentRollsOut) {
  Observation observation = seen({.visible = 10}, 4);
  observation.service.deploying = true;
  expect(decide(per_task(10), {}, observation), Action::Hold, 4, "backlog deployment");
  observation.queues.front()->visible = 90;
  expect(decide(per_task(10), {}, observation), Action::ScaleOut, 9, "backlog");
}

TEST(Decide, LeavesInactiveDrainingAndDaemonServicesAlone) {
  for (const ServiceStatus status : {ServiceStatus::Inactive, ServiceStatus::Draining}) {
    Observation observation = seen({.visible = 10}, 0);
    observation.service.status = status;
    expect(decide(fixed(4), {}, observation), Action::Hold, 0, "backlog activation deployment");
  }
  Observation daemon = unreadable(1);
  daemon.service.scheduling = SchedulingStrategy::Daemon;
  const Policy fallback = policy({.scale_up_target = 9, .fallback_tasks = 5});
  expect(decide(fallback, {.failures = 9}, daemon), Action::Hold, 1, "blind deployment");
}

TEST(Decide, HoldsDuringTheCooldownOfItsDirection) {
  const Policy cooled = policy({.mode = Mode::Backlog,
                                .backlog_per_task = 10,
                                .scale_in_cooldown = 60s,
                                .scale_out_cooldown = 30s});
  const ServiceState state{.last_scale_out = kNoon - 29s, .last_scale_in = kNoon - 60s};
  expect(decide(cooled, state, seen({.visible = 90}, 4)), Action::Hold, 4, "backlog cooldown");
  expect(decide(cooled, state, seen({.visible = 10}, 4)), Action::ScaleIn, 1, "backlog");
  expect(decide(cooled, {.last_scale_in = kNoon - 59s}, seen({.visible = 10}, 4)), Action::Hold, 4,
         "backlog cooldown");
}

TEST(Decide, ACooldownNeverKeepsABacklogWaitingAtZero) {
  const Policy cooled = policy({.scale_up_target = 5, .scale_out_cooldown = 10min});
  expect(decide(cooled, {.last_scale_out = kNoon - 1s}, seen({.visible = 1}, 0)), Action::ScaleOut,
         5, "backlog activation");
}

TEST(Decide, AFutureChangeCountsAsThisMoment) {
  const Policy cooled =
      policy({.mode = Mode::Backlog, .backlog_per_task = 10, .scale_in_cooldown = 60s});
  const ServiceState future{.last_scale_in = kNoon + 240h};
  const Decision held_back = decide(cooled, future, seen({.visible = 10}, 4));
  EXPECT_EQ(held_back.action, Action::Hold);
  const ServiceState next = advance(future, cooled, held_back, Outcome::Held);
  EXPECT_EQ(next.last_scale_in, kNoon);
  EXPECT_EQ(decide(cooled, next, seen({.visible = 10}, 4, kNoon + 60s)).action, Action::ScaleIn);
}

TEST(Decide, KeepsWithinTheBounds) {
  const Policy bounded =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_min = 2, .tasks_max = 7});
  expect(decide(bounded, {}, seen({.visible = kMax, .in_flight = kMax}, 3)), Action::ScaleOut, 7,
         "backlog bounds");
  expect(decide(bounded, {}, seen({.visible = 1}, 7)), Action::ScaleIn, 2, "backlog bounds");
}

TEST(Decide, AboveTheMaximumComesDownOnlyWhenNoTaskMayBeWorking) {
  const Policy bounded = policy({.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_max = 7});
  expect(decide(bounded, {}, seen({.visible = 50}, 20)), Action::ScaleIn, 7, "backlog bounds");
  expect(decide(bounded, {}, seen({.visible = 50, .in_flight = 1}, 20)), Action::Hold, 20,
         "backlog bounds");
  Observation deploying = seen({.visible = 50}, 20);
  deploying.service.deploying = true;
  expect(decide(bounded, {}, deploying), Action::Hold, 20, "backlog bounds");
}

TEST(Decide, PausesOverrideEverything) {
  expect(decide(policy({.tasks_min = 1, .paused = true}), {}, seen({.visible = 9}, 0)),
         Action::Hold, 0, "backlog activation override");
  expect(decide(policy({.scale_out_paused = true}), {}, seen({.visible = 9}, 0)), Action::Hold, 0,
         "backlog activation override");
  expect(decide(policy({.scale_in_paused = true}), empty_for(1h, 9), seen({}, 1)), Action::Hold, 1,
         "backlog idle override");
}

TEST(Decide, DoesNotOverflowAtTheLargestCounts) {
  const Decision decision =
      decide(per_task(1), {}, seen({.visible = kMax, .in_flight = kMax, .delayed = kMax}, 0));
  EXPECT_EQ(decision.demand, kMax);
  EXPECT_EQ(decision.desired, kTasksLimit);
}

TEST(Held, TurnsADecisionIntoAHoldWithItsReason) {
  const Decision decision = decide(fixed(3), empty_for(1h, 9), seen({}, 3));
  expect(held(decision, 3, Reason::ScaleOutOnly), Action::Hold, 3, "backlog idle trigger");
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
            (ServiceState{.last_scale_out = kNoon, .last_set = 2}));
  EXPECT_EQ(advance({}, fixed(2), decision, Outcome::Failed), ServiceState{});
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

}  // namespace
}  // namespace scaler
