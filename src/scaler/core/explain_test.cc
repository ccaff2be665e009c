#include <gtest/gtest.h>

#include "scaler/core/reasons.h"
#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::fixed;
using testing::kNoon;
using testing::per_task;
using testing::policy;
using testing::seen;
using testing::unreadable;

std::string story(const Decision& decision) {
  std::string text;
  for (const Step& step : decision.steps) {
    text += (text.empty() ? "" : " | ") + explain(step);
  }
  return text;
}

TEST(Explain, TellsEachRuleInWordsAndNumbers) {
  EXPECT_EQ(story(decide(per_task(10), {}, seen({.visible = 95, .in_flight = 5}, 2))),
            "95 visible + 5 in flight = 100 messages; 10 per task -> 10");
  EXPECT_EQ(
      story(decide(fixed(3), {}, seen({.visible = 1}, 0))),
      "1 visible = 1 message; fixed target -> 3 | at zero with 1 message, woken from 1 on -> 3");
  EXPECT_EQ(
      story(decide(fixed(1), {.empty_since = kNoon - 65s, .empty_observations = 1}, seen({}, 1))),
      "no messages that count -> 0 | "
      "empty for 1 min 5 s of 2 min, in 2 of 2 observations: hold");
  EXPECT_EQ(
      story(decide(fixed(1), {.empty_since = kNoon - 3min, .empty_observations = 2}, seen({}, 1))),
      "no messages that count -> 0 | empty for 3 min in 3 observations -> 0");
  EXPECT_EQ(story(decide(fixed(1), {}, seen({.delayed = 2}, 1))),
            "no messages that count -> 0 | not empty: 0 visible, 0 in flight, 2 delayed: hold");
}

TEST(Explain, TellsWhatWasNotKnown) {
  EXPECT_EQ(story(decide(fixed(1), {}, unreadable(1))),
            "no queue could be read (1 in a row): hold");
  EXPECT_EQ(story(decide(policy({.scale_up_target = 4, .fallback_tasks = 4}), {.failures = 2},
                         unreadable(1))),
            "no queue could be read (3 in a row): fallback to 4, never lower");
  Observation half = seen({.visible = 5}, 1);
  half.queues.emplace_back(fail(ErrorKind::Throttled, "slow down"));
  EXPECT_EQ(
      story(decide(per_task(5), {}, half)),
      "5 visible = 5 messages; 5 per task -> 1 | 1 of 2 queues could not be read: scale-out only");
}

TEST(Explain, TellsWhatHeldAChangeBack) {
  EXPECT_EQ(explain({.reason = Reason::MessagesInFlight, .numbers = {3}}),
            "3 in flight: no task is stopped while one may be working");
  EXPECT_EQ(explain({.reason = Reason::TasksNeededInFlight, .tasks = 2, .numbers = {3}}),
            "3 in flight: not below 2");
  EXPECT_EQ(explain({.reason = Reason::CoolingDownIn, .numbers = {1500, 60000}}),
            "scaled in 1.5 s ago, cooldown 1 min: hold");
  EXPECT_EQ(explain({.reason = Reason::CoolingDownOut, .numbers = {1500, 60000}}),
            "scaled out 1.5 s ago, cooldown 1 min: hold");
  EXPECT_EQ(explain({.reason = Reason::AboveMaximum, .numbers = {9, 7}}), "9 is above tasks_max 7");
  EXPECT_EQ(explain({.reason = Reason::AboveMaximumButBusy, .numbers = {9, 7}}),
            "9 is above tasks_max 7, but tasks may be working");
  EXPECT_EQ(explain({.reason = Reason::BelowMinimum, .numbers = {0, 2}}), "0 is below tasks_min 2");
  EXPECT_EQ(explain({.reason = Reason::BelowActivation, .numbers = {4, 5}}),
            "at zero with 4 messages, but it is woken only from 5 on");
}

struct Note {
  Step step;
  std::string_view text;
};

TEST(Explain, TellsWhatKeepsItSteady) {
  for (const Note& note : {
           Note{{.reason = Reason::WithinTolerance,
                 .tasks = 10,
                 .numbers = {400'000, 1'000'000, 11}},
                "a change by 0.4 tasks to 11 is less than the 1 that are tolerated: hold"},
           Note{{.reason = Reason::HigherNeedInWindow, .tasks = 5, .numbers = {5, 60'000, 180'000}},
                "5 tasks needed 1 min ago, within the last 3 min: not below 5"},
           Note{{.reason = Reason::LowerNeedInWindow, .tasks = 2, .numbers = {1, 60'000, 180'000}},
                "only 1 task needed 1 min ago, within the last 3 min: not above 2"},
           Note{{.reason = Reason::NothingKnownInWindow, .numbers = {300'000}},
                "nothing is known yet of the last 5 min: no scale-in"},
       }) {
    EXPECT_EQ(explain(note.step), note.text);
  }
}

TEST(Explain, TellsWhatTheBudgetAllows) {
  for (const Note& note : {
           Note{{.reason = Reason::BudgetDisabled},
                "the budget of this direction is disabled: hold"},
           Note{{.reason = Reason::BudgetSpent, .numbers = {9}},
                "9 wanted, but the budget is spent: hold"},
           Note{{.reason = Reason::BudgetLimited, .numbers = {9, 6}},
                "9 wanted, the budget allows 6"},
           Note{{.reason = Reason::BudgetWake, .numbers = {9}},
                "the budget allows nothing, but a backlog faces no task: one is started"},
       }) {
    EXPECT_EQ(explain(note.step), note.text);
  }
}

TEST(Explain, TellsWhatTheServiceIsAbout) {
  for (const Note& note : {
           Note{{.reason = Reason::MessagesInFlight, .numbers = {3, 9, 8, 0}},
                "3 in flight: no task is stopped while one may be working"},
           Note{{.reason = Reason::MessagesInFlight, .numbers = {3, 9, 8, 5'400'000}},
                "3 in flight: no task is stopped while one may be working; 8 tasks beyond the need "
                "kept for 1 h 30 min (12.0 task-hours), until nothing is in flight or workers "
                "protect themselves (scale_in_when=protected)"},
           Note{{.reason = Reason::MessagesInFlight, .numbers = {3, 9, 1, 60'000}},
                "3 in flight: no task is stopped while one may be working; 1 task beyond the need "
                "kept for 1 min (0.0 task-hours), until nothing is in flight or workers protect "
                "themselves (scale_in_when=protected)"},
           Note{{.reason = Reason::DeploymentInProgress, .numbers = {600'000, 3'600'000}},
                "a deployment has been rolling out for 10 min: no scale-in for up to 1 h"},
           Note{{.reason = Reason::DeploymentWithoutEnd, .numbers = {3'600'000, 3'600'000}},
                "a deployment has been rolling out for 1 h or more: it holds no longer"},
           Note{{.reason = Reason::TasksProtected, .tasks = 1},
                "1 task under scale-in protection: not below 1"},
           Note{{.reason = Reason::CapacityShortage, .numbers = {3, 10, 620'000}},
                "capacity shortage: 3 of 10 run for 10 min 20 s"},
           Note{{.reason = Reason::CapacityShortageHold, .numbers = {3, 10, 620'000}},
                "capacity shortage: 3 of 10 run for 10 min 20 s: no further scale-out"},
           Note{{.reason = Reason::ManualHold, .numbers = {7, 3, 3'000'000}},
                "somebody else set 7 (this program last set 3): held for another 50 min"},
       }) {
    EXPECT_EQ(explain(note.step), note.text);
  }
}

TEST(Explain, NamesTheScheduleOfABound) {
  EXPECT_EQ(explain({.reason = Reason::BelowMinimum, .numbers = {0, 2, 1, 0, 60'000}}),
            "0 is below tasks_min 2 of schedules[0], in force from 1970-01-01T00:00:00Z to "
            "1970-01-01T00:01:00Z");
}

TEST(Explain, TellsWhatIsDelayed) {
  const Policy counts_delayed =
      policy({.mode = Mode::Backlog, .backlog_per_task = 10, .count_delayed = true});
  EXPECT_EQ(story(decide(counts_delayed, {}, seen({.visible = 5, .delayed = 7}, 2))),
            "5 visible + 7 delayed = 12 messages; 10 per task -> 2");
}

TEST(Explain, SaysWhenWeightsMakeOtherNumbersOfTheMessages) {
  Observation weighted = seen({.visible = 10}, 1);
  weighted.weights = {{3'000'000}};
  EXPECT_EQ(story(decide(per_task(10), {}, weighted)),
            "10 visible count as 30 messages; 10 per task -> 3");
}

TEST(Explain, TellsWhoForbadeIt) {
  EXPECT_EQ(explain({.reason = Reason::Paused}), "paused: hold");
  EXPECT_EQ(explain({.reason = Reason::ScaleInPaused}), "scale-in is paused: hold");
  EXPECT_EQ(explain({.reason = Reason::ScaleOutPaused}), "scale-out is paused: hold");
  EXPECT_EQ(explain({.reason = Reason::ScaleOutOnly}), "this trigger may only scale out: hold");
  EXPECT_EQ(explain({.reason = Reason::ChangedMeanwhile}),
            "a second look just before the change did not confirm it: hold");
  EXPECT_EQ(explain({.reason = Reason::LookedTooLong, .numbers = {2300, 500}}),
            "the second look is 2.3 s old, and only 500 ms may be relied on: hold");
  EXPECT_EQ(explain({.reason = Reason::NoInstanceYet, .tasks = 1, .numbers = {4}}),
            "instances come first, and have room for 1 of 4 tasks so far");
  EXPECT_EQ(explain({.reason = Reason::NothingKnown}),
            "this is the first look, and one look is not enough: no scale-in");
  EXPECT_EQ(explain({.reason = Reason::OldLooks, .numbers = {1'200'000, 180'000}}),
            "the last look was 20 min ago, and looks more than 3 min apart say nothing about the "
            "time between them: waits begin anew, no scale-in");
  EXPECT_EQ(
      explain(
          {.reason = Reason::RefusedTriedSmaller, .tasks = 1500, .numbers = {3000, 60'000, 3000}}),
      "ECS refused 3000 tasks 1 min ago: 1500 is tried; set tasks_max");
  EXPECT_EQ(explain({.reason = Reason::RefusedHold, .numbers = {100, 60'000}}),
            "ECS refused 100 tasks 1 min ago, and this is close to what it accepts: hold; set "
            "tasks_max");
  EXPECT_EQ(explain({.reason = Reason::RefusedLastTry}),
            "ECS refused every larger step: one more task is tried; set tasks_max");
  EXPECT_EQ(explain({.reason = Reason::InFlightAlone, .numbers = {2}}),
            "at zero with 2 messages in flight and nothing else: a second look must see it");
  EXPECT_EQ(explain({.reason = Reason::BacklogGrowsAtMaximum, .numbers = {10, 95, 360'000, 4}}),
            "at the maximum of 4 the backlog has grown from 10 to 95 messages in 6 min");
  EXPECT_EQ(explain({.reason = Reason::FixedTargetKept}),
            "messages wait: a fixed target never lowers the count");
  EXPECT_EQ(explain({.reason = Reason::QueueGone, .numbers = {1, 2, 900'000}}),
            "1 of 2 queues does not exist: scale-out only, until it has been gone for 15 min");
  EXPECT_EQ(explain({.reason = Reason::QueueGoneForLong, .numbers = {1, 2, 900'000}}),
            "1 of 2 queues has not existed for 15 min: counts as empty");
  EXPECT_EQ(explain({.reason = Reason::DeploymentInProgress}),
            "a deployment is rolling out: no scale-in");
  EXPECT_EQ(explain({.reason = Reason::ServiceNotActive}), "the service is not ACTIVE: left alone");
  EXPECT_EQ(explain({.reason = Reason::DaemonService}),
            "a DAEMON service has no desired count: left alone");
}

TEST(Reasons, HaveTheNumbersThatTheirNotesName) {
  const Numbers& numbers = entry_of(Reason::LookedTooLong).numbers;
  ASSERT_EQ(numbers.end() - numbers.begin(), 2);
  EXPECT_EQ(numbers.begin()[0].name, "age");
  EXPECT_EQ(numbers.begin()[1].name, "bound");
}

}  // namespace
}  // namespace scaler
