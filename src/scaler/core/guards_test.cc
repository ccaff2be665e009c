// The rules that guard: what they hold, and what they say of it.
#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::fixed;
using testing::kNoon;
using testing::per_task;
using testing::policy;
using testing::quiet;
using testing::rules_of;
using testing::seen;

Policy when(ScaleInWhen scale_in_when) {
  return policy({.mode = Mode::Backlog, .backlog_per_task = 10, .scale_in_when = scale_in_when});
}

Observation guarded(const QueueDepth& depth, std::int64_t desired, std::int64_t protected_tasks) {
  Observation observation = seen(depth, desired);
  observation.service.protected_tasks = protected_tasks;
  return observation;
}

TEST(Busy, SaysWhatKeepsTheTasks) {
  struct Case {
    ScaleInWhen scale_in_when;
    QueueDepth depth;
    std::int64_t protected_tasks;
    std::int64_t desired;
    Reason reason;
  };
  for (const Case& one : {
           Case{ScaleInWhen::Idle, {.visible = 1, .in_flight = 2}, 5, 8, Reason::MessagesInFlight},
           Case{ScaleInWhen::Idle, {.visible = 1}, 5, 5, Reason::TasksProtected},
           Case{ScaleInWhen::Any, {.in_flight = 3}, 0, 3, Reason::TasksNeededInFlight},
           Case{ScaleInWhen::Any, {.in_flight = 3}, 2, 3, Reason::TasksNeededInFlight},
           Case{ScaleInWhen::Any, {.in_flight = 3}, 3, 3, Reason::TasksProtected},
           Case{ScaleInWhen::Any, {.in_flight = 3}, 5, 5, Reason::TasksProtected},
           Case{ScaleInWhen::Any, {.visible = 1}, 5, 5, Reason::TasksProtected},
           Case{ScaleInWhen::Protected, {.visible = 1}, 5, 5, Reason::TasksProtected},
       }) {
    const Decision decision =
        decide(when(one.scale_in_when), quiet(), guarded(one.depth, 8, one.protected_tasks));
    EXPECT_EQ(decision.desired, one.desired) << explain(decision.steps.back());
    EXPECT_EQ(decision.steps.back().reason, one.reason) << explain(decision.steps.back());
    EXPECT_EQ(decision.kept, one.reason == Reason::MessagesInFlight);
  }
}

TEST(Shortage, IsToldAndHoldsOnlyAScaleOut) {
  ServiceState state = quiet();
  state.short_since = kNoon - 10min;
  Observation short_of_tasks = seen({.visible = 40}, 4);
  short_of_tasks.service.running = 2;
  const Policy holds =
      policy({.mode = Mode::Backlog, .backlog_per_task = 10, .hold_on_shortage = true});
  const Decision enough = decide(holds, state, short_of_tasks);
  EXPECT_TRUE(enough.shortage);
  EXPECT_EQ(enough.steps.back().reason, Reason::CapacityShortage);
  short_of_tasks.queues.front()->visible = 41;
  EXPECT_EQ(decide(holds, state, short_of_tasks).steps.back().reason, Reason::CapacityShortageHold);
  state.short_since = kNoon - 9min;
  EXPECT_FALSE(decide(holds, state, short_of_tasks).shortage);
}

TEST(Bounds, AboveTheMaximumNothingComesDownOnWhatIsNotKnown) {
  const QueueDepth backlog{.visible = 50};
  PolicyOptions options{.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_max = 7};
  ServiceState old = quiet();
  old.last_look = kNoon - 10min;
  EXPECT_EQ(decide(policy(options), old, seen(backlog, 20)).desired, 20) << "looks are too old";
  const ServiceState looked{.last_look = kNoon - 10s};
  EXPECT_EQ(decide(policy(options), looked, seen(backlog, 20)).desired, 20)
      << "nothing is known of the window";
  options.busy_window = 0s;
  EXPECT_EQ(decide(policy(options), old, seen(backlog, 20)).desired, 7) << "one look is trusted";
  EXPECT_EQ(decide(policy(options), looked, seen(backlog, 20)).desired, 7);
}

TEST(Bounds, AMaximumIsFullOnlyWithABacklog) {
  EXPECT_TRUE(decide(fixed(1), quiet(), seen({.visible = 1}, 1)).full);
  EXPECT_FALSE(decide(fixed(1), quiet(), seen({}, 1)).full);
  EXPECT_FALSE(decide(fixed(2), quiet(), seen({.visible = 1}, 1)).full);
}

TEST(Bounds, GrowthIsToldOnlyOfLooksThatFollowedEachOther) {
  ServiceState state = quiet();
  state.full = MessagesAt{.at = kNoon - 20min, .messages = 10};
  EXPECT_EQ(rules_of(decide(fixed(1), state, seen({.visible = 95}, 1))), "backlog bounds");
  state.last_look = kNoon - 10min;
  EXPECT_EQ(rules_of(decide(fixed(1), state, seen({.visible = 95}, 1))), "backlog");
}

TEST(Quota, LeavesAloneWhatIsNoMoreThanTheMiddle) {
  ServiceState state = quiet();
  state.refused = TasksAt{.at = kNoon - 1min, .tasks = 100};
  EXPECT_EQ(rules_of(decide(per_task(10), state, seen({.visible = 800}, 60))), "backlog");
  EXPECT_EQ(rules_of(decide(per_task(10), state, seen({.visible = 801}, 60))), "backlog quota");
  EXPECT_EQ(rules_of(decide(per_task(10), state, seen({.visible = 950}, 95))), "backlog");
  EXPECT_EQ(decide(per_task(10), state, seen({.visible = 300}, 60)).desired, 30) << "scale-in";
}

TEST(Override, SaysHowLongAnothersCountIsStillHeld) {
  const Policy respectful =
      policy({.mode = Mode::Backlog, .backlog_per_task = 1, .manual_hold = 10min});
  ServiceState state = quiet();
  state.last_set = 3;
  state.manual = TasksAt{.at = kNoon - 4min, .tasks = 7};
  const Decision held_back = decide(respectful, state, seen({.visible = 9}, 7));
  EXPECT_EQ(explain(held_back.steps.back()),
            "somebody else set 7 (this program last set 3): held for another 6 min");
}

TEST(Override, SaysNothingWhereNothingWouldChange) {
  const Observation enough = seen({.visible = 7}, 7);
  PolicyOptions options{.mode = Mode::Backlog, .backlog_per_task = 1, .manual_hold = 10min};
  ServiceState state = quiet();
  state.last_set = 3;
  EXPECT_EQ(rules_of(decide(policy(options), state, enough)), "backlog");
  options = {.mode = Mode::Backlog,
             .backlog_per_task = 1,
             .scale_in_paused = true,
             .scale_out_paused = true};
  EXPECT_EQ(rules_of(decide(policy(options), quiet(), enough)), "backlog");
}

TEST(Override, TheServicesOwnPauseHoldsInBothDirectionsUntilItsInstant) {
  for (const QueueDepth& depth : {QueueDepth{.visible = 50}, QueueDepth{}}) {
    Observation observation = seen(depth, 2);
    observation.service.paused_until = kNoon + 1s;

    const Decision paused = decide(per_task(10), quiet(), observation);

    EXPECT_EQ(paused.action, Action::Hold);
    EXPECT_EQ(paused.desired, 2);
    EXPECT_EQ(paused.steps.back().reason, Reason::PausedByTag);
    EXPECT_EQ(explain(paused.steps.back()),
              "paused until 2026-11-23T12:00:01Z by the service's tag ecs-scaler:pause: hold");
  }
  Observation over = seen({.visible = 50}, 2);
  over.service.paused_until = kNoon;
  EXPECT_EQ(decide(per_task(10), quiet(), over).action, Action::ScaleOut);
}

TEST(Override, TheServicesOwnPauseHoldsAlsoWhenNothingCanBeRead) {
  Observation observation = testing::unreadable(1);
  observation.service.paused_until = kNoon + 1h;

  const Decision paused =
      decide(policy({.tasks_max = 5, .fallback_tasks = 5, .failures_before_fallback = 1}), quiet(),
             observation);

  EXPECT_EQ(paused.action, Action::Hold);
}

}  // namespace
}  // namespace scaler
