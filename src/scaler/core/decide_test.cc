#include "scaler/core/decide.h"

#include <limits>

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
using testing::rules_of;
using testing::seen;
using testing::unreadable;

constexpr std::int64_t kMostMessages = std::numeric_limits<std::int64_t>::max();

void expect(const Decision& decision, Action action, std::int64_t desired, std::string_view rules) {
  EXPECT_EQ(to_string(decision.action), to_string(action));
  EXPECT_EQ(decision.desired, desired);
  EXPECT_EQ(rules_of(decision), rules);
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
  expect(decide(per_task(10), {}, seen({}, 8)), Action::Hold, 8, "backlog idle stabilization");
}

TEST(Decide, GoesToTheMinimumInsteadOfZero) {
  const Policy two = policy({.scale_up_target = 5, .tasks_min = 2});
  expect(decide(two, empty_for(1h, 5), seen({}, 5)), Action::ScaleIn, 2, "backlog idle bounds");
  expect(decide(two, {}, seen({}, 0)), Action::ScaleOut, 2, "backlog bounds");
}

TEST(Decide, IdlePolicyStopsNoTaskWhileMessagesAreInFlight) {
  expect(decide(per_task(10), quiet(), seen({.in_flight = 1}, 4)), Action::Hold, 4, "backlog busy");
  expect(decide(per_task(10), quiet(), seen({.visible = 10}, 4)), Action::ScaleIn, 1, "backlog");
}

TEST(Decide, AnyPolicyKeepsTheTasksThatMessagesInFlightNeed) {
  const Policy any = policy({.mode = Mode::Backlog,
                             .backlog_per_task = 10,
                             .concurrency_per_task = 2,
                             .scale_in_when = ScaleInWhen::Any});
  expect(decide(any, quiet(), seen({.in_flight = 5}, 8)), Action::ScaleIn, 3, "backlog busy");
  expect(decide(any, quiet(), seen({.in_flight = 500}, 60)), Action::Hold, 60, "backlog busy");
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
  expect(decide(per_task(10), quiet(), observation), Action::Hold, 4, "backlog deployment");
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
  ServiceState state = quiet();
  state.last_scale_out = kNoon - 29s;
  state.last_scale_in = kNoon - 60s;
  expect(decide(cooled, state, seen({.visible = 90}, 4)), Action::Hold, 4, "backlog cooldown");
  expect(decide(cooled, state, seen({.visible = 10}, 4)), Action::ScaleIn, 1, "backlog");
  state.last_scale_in = kNoon - 59s;
  expect(decide(cooled, state, seen({.visible = 10}, 4)), Action::Hold, 4, "backlog cooldown");
}

TEST(Decide, ACooldownNeverKeepsABacklogWaitingAtZero) {
  const Policy cooled = policy({.scale_up_target = 5, .scale_out_cooldown = 10min});
  expect(decide(cooled, {.last_scale_out = kNoon - 1s}, seen({.visible = 1}, 0)), Action::ScaleOut,
         5, "backlog activation");
}

TEST(Decide, AFutureChangeCountsAsThisMoment) {
  const Policy cooled =
      policy({.mode = Mode::Backlog, .backlog_per_task = 10, .scale_in_cooldown = 60s});
  ServiceState future = quiet();
  future.last_scale_in = kNoon + 240h;
  const Decision held_back = decide(cooled, future, seen({.visible = 10}, 4));
  EXPECT_EQ(held_back.action, Action::Hold);
  const ServiceState next = advance(future, cooled, held_back, Outcome::Held);
  EXPECT_EQ(next.last_scale_in, kNoon);
  EXPECT_EQ(decide(cooled, next, seen({.visible = 10}, 4, kNoon + 60s)).action, Action::ScaleIn);
}

TEST(Decide, KeepsWithinTheBounds) {
  const Policy bounded =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_min = 2, .tasks_max = 7});
  expect(decide(bounded, {}, seen({.visible = kMostMessages, .in_flight = kMostMessages}, 3)),
         Action::ScaleOut, 7, "backlog bounds");
  expect(decide(bounded, quiet(), seen({.visible = 1}, 7)), Action::ScaleIn, 2, "backlog bounds");
}

TEST(Decide, AboveTheMaximumComesDownOnlyWhenNoTaskMayBeWorking) {
  const Policy bounded = policy({.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_max = 7});
  expect(decide(bounded, quiet(), seen({.visible = 50}, 20)), Action::ScaleIn, 7, "backlog bounds");
  expect(decide(bounded, quiet(), seen({.visible = 50, .in_flight = 1}, 20)), Action::Hold, 20,
         "backlog bounds");
  expect(decide(bounded, {}, seen({.visible = 50}, 20)), Action::Hold, 20, "backlog bounds");
  Observation deploying = seen({.visible = 50}, 20);
  deploying.service.deploying = true;
  expect(decide(bounded, quiet(), deploying), Action::Hold, 20, "backlog bounds");
}

TEST(Decide, NothingScalesInOnTheFirstLook) {
  const Policy hasty = policy({.mode = Mode::Backlog,
                               .backlog_per_task = 1,
                               .scale_down_threshold = 0s,
                               .zero_confirmations = 1,
                               .busy_window = 0s});
  expect(decide(hasty, {}, seen({.visible = 1}, 20)), Action::Hold, 20, "backlog stabilization");
  expect(decide(hasty, {}, seen({}, 20)), Action::Hold, 20, "backlog idle stabilization");
}

TEST(Decide, WhatWasBusyAMomentAgoIsBusy) {
  const Policy one_each = per_task(1);
  ServiceState state = quiet();
  const Observation busy = seen({.in_flight = 7}, 10, kNoon);
  state = advance(state, one_each, decide(one_each, state, busy), Outcome::Held);
  // Ten seconds later the count dips, as SQS documents that it may for a minute.
  const Observation dip = seen({.visible = 3}, 10, kNoon + 10s);
  expect(decide(one_each, state, dip), Action::Hold, 10, "backlog stabilization");
  // The look before counts however long ago it was; earlier ones for the window.
  expect(decide(one_each, state, seen({.visible = 3}, 10, kNoon + 60s)), Action::Hold, 10,
         "backlog stabilization");
  state = advance(state, one_each, decide(one_each, state, dip), Outcome::Held);
  expect(decide(one_each, state, seen({.visible = 3}, 10, kNoon + 59s)), Action::Hold, 10,
         "backlog stabilization");
  expect(decide(one_each, state, seen({.visible = 3}, 10, kNoon + 60s)), Action::ScaleIn, 3,
         "backlog");
}

TEST(Decide, ATimeThatNobodySpeaksForIsNoWindow) {
  const Policy one_each = per_task(1);
  ServiceState state = quiet();
  const auto look = [&](const Observation& observation) {
    const Decision decision = decide(one_each, state, observation);
    state = advance(state, one_each, decision, Outcome::Held);
    return decision.action;
  };
  look(seen({.in_flight = 7}, 10, kNoon));
  // Another sandbox looked for the next 100 s. Two looks soon after each other say nothing of them.
  EXPECT_EQ(look(seen({.visible = 3}, 10, kNoon + 100s)), Action::Hold);
  EXPECT_EQ(look(seen({.visible = 3}, 10, kNoon + 110s)), Action::Hold);
  EXPECT_EQ(look(seen({.visible = 3}, 10, kNoon + 159s)), Action::Hold);
  EXPECT_EQ(look(seen({.visible = 3}, 10, kNoon + 160s)), Action::ScaleIn);
}

TEST(Decide, WithTicksAMinuteIsATimeThatNobodySpeaksFor) {
  const Policy one_each = per_task(1);
  ServiceState state = quiet();
  const auto look = [&](const QueueDepth& depth, Instant at, Duration tick) {
    Observation observation = seen(depth, 10, at);
    observation.tick = tick;
    const Decision decision = decide(one_each, state, observation);
    state = advance(state, one_each, decision, Outcome::Held);
    return decision.action;
  };
  look({.in_flight = 7}, kNoon, 10s);
  // Another sandbox had the ticks for 65 s, and saw all at work in each of them.
  EXPECT_EQ(look({}, kNoon + 65s, 10s), Action::Hold);
  const ServiceState then = state;
  EXPECT_EQ(look({}, kNoon + 75s, 10s), Action::Hold);
  EXPECT_EQ(look({}, kNoon + 125s, 10s), Action::ScaleIn);
  state = then;  // Of the schedule alone it is the next look.
  state.recommendations.erase(state.recommendations.begin());
  EXPECT_EQ(look({}, kNoon + 125s, {}), Action::ScaleIn);
}

TEST(Decide, OldLooksAreNoEvidence) {
  ServiceState state = empty_for(1h, 50);
  state.last_look = kNoon - 3min - 1ms;
  expect(decide(fixed(3), state, seen({}, 3)), Action::Hold, 3, "backlog idle");
  expect(decide(per_task(1), state, seen({}, 3)), Action::Hold, 3, "backlog idle stabilization");
  Observation hourly = seen({}, 3);
  hourly.look_every = 1h;
  EXPECT_EQ(decide(fixed(3), state, hourly).action, Action::ScaleIn);
  const Decision decision = decide(fixed(3), state, seen({}, 3));
  const ServiceState next = advance(state, fixed(3), decision, Outcome::Held);
  EXPECT_EQ(next.empty_since, kNoon);
  EXPECT_EQ(next.empty_observations, 1);
  const Policy long_window =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .scale_in_window = 1h});
  state.recommendations = {{kNoon - 10min, 9}};
  const Decision after_gap = decide(long_window, state, seen({.visible = 1}, 5));
  EXPECT_EQ(advance(state, long_window, after_gap, Outcome::Held).recommendations,
            (std::vector<TasksAt>{{kNoon, 5}}));
}

TEST(Decide, AClockThatIsSetForwardEndsNoWait) {
  ServiceState state = empty_for(150s, 5);
  state.last_look = kNoon - 150s;  // The look before; really it was ten seconds ago.
  const Policy patient = policy({.scale_down_threshold = 140s});
  expect(decide(patient, state, seen({}, 1)), Action::Hold, 1, "backlog idle");
}

TEST(Decide, AFixedTargetTakesNothingFromABacklog) {
  expect(decide(fixed(1), quiet(), seen({.visible = 1000}, 4)), Action::Hold, 4,
         "backlog busy bounds");
  const Policy roomy = policy({.scale_up_target = 2, .tasks_max = 9});
  expect(decide(roomy, quiet(), seen({.visible = 1}, 4)), Action::Hold, 4, "backlog busy");
}

TEST(Decide, UntilItIsEmptyForLongItKeepsWhatOneMessageWouldNeed) {
  expect(decide(per_task(10), quiet(), seen({}, 8)), Action::ScaleIn, 1, "backlog idle");
  expect(decide(per_task(10), quiet(), seen({.delayed = 35}, 8)), Action::ScaleIn, 4,
         "backlog idle");
  expect(decide(per_task(10), quiet(), seen({.visible = 1, .delayed = 35}, 8)), Action::ScaleIn, 4,
         "backlog idle");
  const Policy target = policy({.scale_up_target = 3, .tasks_max = 9});
  expect(decide(target, quiet(), seen({}, 8)), Action::ScaleIn, 3, "backlog idle");
}

TEST(Decide, WhatWasDeliveredIsThere) {
  Observation woken = seen({}, 0);
  woken.delivered = 3;
  const Policy uncounted =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .count_in_flight = false});
  expect(decide(uncounted, {}, woken), Action::ScaleOut, 3, "backlog activation");
  woken.queues.front() = fail(ErrorKind::Throttled, "slow down");
  expect(decide(uncounted, {}, woken), Action::ScaleOut, 3, "backlog activation partial");
}

TEST(Decide, FromZeroACountInFlightAloneNeedsASecondLook) {
  const Observation phantom = seen({.in_flight = 2}, 0);
  const Decision first = decide(fixed(1), {}, phantom);
  expect(first, Action::Hold, 0, "backlog activation");
  const ServiceState next = advance({}, fixed(1), first, Outcome::Held);
  EXPECT_EQ(decide(fixed(1), next, seen({.in_flight = 2}, 0, kNoon + 10s)).desired, 1);
  EXPECT_EQ(decide(fixed(1), next, seen({.in_flight = 2}, 0, kNoon + 10min)).desired, 0);
}

TEST(Decide, ADeploymentWithoutEndHoldsForAnHour) {
  ServiceState state = quiet();
  Observation observation = seen({.visible = 10}, 4);
  observation.service.deploying = true;
  state.deploying_since = kNoon - 59min;
  expect(decide(per_task(10), state, observation), Action::Hold, 4, "backlog deployment");
  state.deploying_since = kNoon - 1h;
  expect(decide(per_task(10), state, observation), Action::ScaleIn, 1, "backlog deployment");
  Observation empty = seen({}, 4);
  empty.service.deploying = true;
  expect(decide(fixed(4), empty_for(2min, 3), empty), Action::ScaleIn, 0, "backlog idle");
}

TEST(Decide, ADeploymentAfterAnotherHoldsForAnHourOfItsOwn) {
  ServiceState state = quiet();
  state.deploying_since = kNoon - 3h;
  Observation observation = seen({.visible = 10}, 4);
  observation.service.deploying = true;
  observation.service.deploying_since = kNoon - 59min;
  expect(decide(per_task(10), state, observation), Action::Hold, 4, "backlog deployment");
  observation.service.deploying_since = kNoon + 1min;
  expect(decide(per_task(10), state, observation), Action::Hold, 4, "backlog deployment");
  observation.service.deploying_since = kNoon - 1h;
  expect(decide(per_task(10), state, observation), Action::ScaleIn, 1, "backlog deployment");
  state.deploying_since = kNoon - 59min;
  expect(decide(per_task(10), state, observation), Action::Hold, 4, "backlog deployment");
}

TEST(Decide, TheNextLookRemembersWhenADeploymentWasMade) {
  Observation observation = seen({.visible = 10}, 4);
  observation.service.deploying = true;
  observation.service.deploying_since = kNoon - 20min;
  ServiceState state{.last_look = kNoon - 1min, .deploying_since = kNoon - 1h};
  const Decision decision = decide(per_task(10), state, observation);
  state = advance(std::move(state), per_task(10), decision, Outcome::Held);
  EXPECT_EQ(state.deploying_since, kNoon - 20min);
}

TEST(Decide, AQueueThatIsGoneForLongCountsAsEmpty) {
  Observation observation = seen({.visible = 10}, 4);
  observation.queues.emplace_back(fail(ErrorKind::NotFound, "QueueDoesNotExist"));
  ServiceState state = quiet();
  expect(decide(per_task(10), state, observation), Action::Hold, 4, "backlog partial");
  state = advance(state, per_task(10), decide(per_task(10), state, observation), Outcome::Held);
  EXPECT_EQ(state.gone, (QueuesGone{.since = kNoon, .queues = 1}));
  state.gone->since = kNoon - 15min;
  state.recommendations = quiet().recommendations;
  expect(decide(per_task(10), state, observation), Action::ScaleIn, 1, "backlog partial");
  observation.queues.emplace_back(fail(ErrorKind::NotFound, "QueueDoesNotExist"));
  expect(decide(per_task(10), state, observation), Action::Hold, 4, "backlog partial");
}

TEST(Decide, ARefusedCountIsTriedSmallerAndThenHeld) {
  ServiceState state{.refused = TasksAt{.at = kNoon - 1min, .tasks = 3000}};
  const Observation wanting = seen({.visible = 30'000}, 0);
  expect(decide(per_task(10), state, wanting), Action::ScaleOut, 1500, "backlog activation quota");
  state.refused = TasksAt{.at = kNoon - 1min, .tasks = 100};
  expect(decide(per_task(10), state, seen({.visible = 30'000}, 91)), Action::Hold, 91,
         "backlog quota");
  expect(decide(per_task(10), state, seen({.visible = 700}, 60)), Action::ScaleOut, 70, "backlog");
  expect(decide(per_task(10), state, seen({.visible = 900}, 60)), Action::ScaleOut, 80,
         "backlog quota");
  state.refused = TasksAt{.at = kNoon - 1h, .tasks = 100};
  expect(decide(per_task(10), state, seen({.visible = 30'000}, 91)), Action::ScaleOut, 3000,
         "backlog");
  state.refused = TasksAt{.at = kNoon, .tasks = 1};
  expect(decide(per_task(10), state, wanting), Action::ScaleOut, 1, "backlog activation quota");
}

TEST(Decide, TellsABacklogThatGrowsAtTheMaximum) {
  ServiceState state = quiet();
  state.full = MessagesAt{.at = kNoon - 5min, .messages = 10};
  expect(decide(fixed(1), state, seen({.visible = 95}, 1)), Action::Hold, 1, "backlog bounds");
  expect(decide(fixed(1), state, seen({.visible = 10}, 1)), Action::Hold, 1, "backlog");
  const Policy roomy = policy({.mode = Mode::Backlog, .backlog_per_task = 10, .tasks_max = 99});
  expect(decide(roomy, state, seen({.visible = 95}, 9)), Action::ScaleOut, 10, "backlog");
}

TEST(Decide, AShortageHoldsOrIsOnlyTold) {
  PolicyOptions options{.mode = Mode::Backlog, .backlog_per_task = 10, .hold_on_shortage = true};
  ServiceState state = quiet();
  state.short_since = kNoon - 10min;
  Observation wanting = seen({.visible = 90}, 4);
  wanting.service.running = 2;
  const Decision held_back = decide(policy(options), state, wanting);
  expect(held_back, Action::Hold, 4, "backlog shortage");
  EXPECT_EQ(held_back.steps.back().reason, Reason::CapacityShortageHold);
  options.hold_on_shortage = false;
  const Decision told = decide(policy(options), state, wanting);
  expect(told, Action::ScaleOut, 9, "backlog shortage");
  EXPECT_EQ(told.steps.back().reason, Reason::CapacityShortage);
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
  const Decision decision = decide(
      per_task(1), {},
      seen({.visible = kMostMessages, .in_flight = kMostMessages, .delayed = kMostMessages}, 0));
  EXPECT_EQ(decision.demand, kMostMessages);
  EXPECT_EQ(decision.desired, kTasksLimit);
}

TEST(Held, TurnsADecisionIntoAHoldWithItsReason) {
  const Decision decision = decide(fixed(3), empty_for(1h, 9), seen({}, 3));
  expect(held(decision, 3, Reason::ScaleOutOnly), Action::Hold, 3, "backlog idle trigger");
}

TEST(LastTry, IsOneTaskMoreThanThereAre) {
  const Decision wanting = decide(per_task(1), {}, seen({.visible = 90}, 7));
  const Decision one_more = last_try(wanting);
  expect(one_more, Action::ScaleOut, 8, "backlog quota");
  EXPECT_EQ(one_more.steps.back().reason, Reason::RefusedLastTry);
  EXPECT_EQ(one_more.steps.back().tasks, 8);
}

}  // namespace
}  // namespace scaler
