// What becomes of a decision: the looks before and after it, what is refused, late or unreadable.
#include "scaler/pass/change.h"

#include <algorithm>

#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::Counts;
using testing::fixed;
using testing::kNoon;
using testing::managed;
using testing::per_task;

Reason last_reason(const PassRecord& record) {
  return record.decision->steps.back().reason;
}

// --- scale-in
// ----------------------------------------------------------------------------------

class ScaleIn : public testing::PassTest {
 protected:
  ScaleIn() {
    running(3);
    idle_for(1h);
  }
};

TEST_F(ScaleIn, LeavesWhileItsLookIsFreshOrNotAtAll) {
  cloud_.look_time = 300ms;
  cloud_.slot_time = 200ms;
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), Counts{0});

  running(3);
  idle_for(1h);
  cloud_.set.clear();
  cloud_.slot_time = 201ms;
  const PassRecord record = pass();
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(record.outcome, Outcome::Held);
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(last_reason(record), Reason::LookedTooLong);
  EXPECT_EQ(record.decision->steps.back().numbers[0], 501);
  EXPECT_EQ(record.state.late_looks, 1);
  EXPECT_FALSE(record.failed());
}

TEST_F(ScaleIn, WhoseLookIsTooOldWaitsForNoSlot) {
  cloud_.look_time = 501ms;
  cloud_.slot_time = 10s;
  pass();
  EXPECT_EQ(clock_.passed, 1h + 2 * 501ms);
}

// A machine was suspended under the second look, and went on two hours later as if it had been new.
TEST_F(ScaleIn, IsWithheldWhereTheMachineSleptUnderItsLook) {
  at_look(2, [this] { clock_.at += 2h; });
  const PassRecord record = pass();
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(record.outcome, Outcome::Held);
  EXPECT_EQ(last_reason(record), Reason::LookedTooLong);
}

// Clocks are set by less all the time, and back.
TEST_F(ScaleIn, IsNotWithheldForAClockThatIsSet) {
  at_look(2, [this] { clock_.at += 1s; });
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  running(3);
  idle_for(1h);
  at_look(static_cast<int>(cloud_.looks.size()) + 2, [this] { clock_.at -= 2h; });
  EXPECT_EQ(pass().outcome, Outcome::Applied);
}

/// Three calls, one after another, count the protected tasks of a service: where each takes its
/// time, the look that has them was never fresh.
TEST_F(ScaleIn, IsNotHeldByWhatCountingProtectedTasksTakes) {
  fleet_ = {managed(
      "s", testing::policy({.scale_up_target = 3, .scale_in_when = ScaleInWhen::Protected}))};
  cloud_.service("s")->service.protected_tasks = 1;
  cloud_.protection_time = 2s;
  cloud_.look_time = 300ms;
  PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.look_age, 300ms);
  EXPECT_EQ(cloud_.set_of("s"), Counts{1}) << "one is protected";

  running(3);
  idle_for(1h);
  cloud_.look_time = 501ms;
  EXPECT_EQ(last_reason(pass()), Reason::LookedTooLong);
}

TEST_F(ScaleIn, ThatIsRefusedIsAFailedPass) {
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  EXPECT_EQ(pass().errors, std::vector<std::string>{"slow down"});
}

TEST_F(ScaleIn, WhoseAnswerWasLostIsApplied) {
  cloud_.failures["s"] = {fail(ErrorKind::Unavailable, "connection reset")};
  at_look(3, [this] { running(0); });
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.errors, std::vector<std::string>{});
  EXPECT_EQ(record.state.last_set, 0);
  EXPECT_EQ(record.state.last_scale_in, clock_.at);
}

TEST_F(ScaleIn, ThatWasNotMadeHasFailed) {
  for (const auto& [kind, looks] :
       {std::pair(ErrorKind::Unavailable, 3U), std::pair(ErrorKind::Throttled, 5U)}) {
    cloud_.failures["s"] = {fail(kind, "oops")};
    const PassRecord record = pass();
    EXPECT_EQ(record.outcome, Outcome::Failed);
    EXPECT_EQ(record.errors, std::vector<std::string>{"oops"});
    EXPECT_EQ(record.state.last_set, std::nullopt);
    EXPECT_EQ(cloud_.looks.size(), looks);  // Who is refused has changed nothing.
  }
}

TEST_F(ScaleIn, IsGivenUpWhenTheServiceCannotBeReadAgain) {
  at_look(2, [this] { cloud_.service("s") = fail(ErrorKind::Unavailable, "no answer"); });
  const PassRecord record = pass();
  EXPECT_EQ(last_reason(record), Reason::ChangedMeanwhile);
  EXPECT_EQ(record.decision->desired, 3);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(ScaleIn, ThatTheSecondLookRefutesIsNotBlamedOnItsSlowness) {
  at_look(2, [this] {
    running(4);
    cloud_.look_time = 10s;
  });
  const PassRecord record = pass();
  EXPECT_EQ(last_reason(record), Reason::ChangedMeanwhile);
  EXPECT_EQ(record.state.late_looks, 0);
}

// Fewer tasks than the second look needs must not stay, more may: the next pass stops them.
TEST_F(ScaleIn, GoesNoLowerThanTheSecondLookAllows) {
  for (const auto& [visible, counts] : {std::pair(5, Counts{}), std::pair(2, Counts{3})}) {
    fleet_ = {managed("s", per_task(1))};
    running(9);
    quiet();
    cloud_.looks.clear();
    queue() = QueueDepth{.visible = 3};
    at_look(2, [this, visible] { queue() = QueueDepth{.visible = visible}; });
    EXPECT_EQ(last_reason(pass()) == Reason::ChangedMeanwhile, counts.empty()) << visible;
    EXPECT_EQ(cloud_.set_of("s"), counts) << visible;
  }
}

TEST_F(ScaleIn, WithoutASlotWaits) {
  fleet_of(12, fixed(3));
  for (int i = 0; i < 12; ++i) {
    running(3, std::to_string(i));
    idle_for(1h, std::to_string(i));
  }
  cloud_.changes_left = 5;
  const auto records = passes({.slots_until = clock_.steady() + 50ms});
  EXPECT_EQ(cloud_.set.size(), 5U);
  EXPECT_EQ(std::ranges::count(records, Outcome::Applied, &PassRecord::outcome), 5);
  EXPECT_EQ(std::ranges::count(records, Outcome::Waiting, &PassRecord::outcome), 7);
  EXPECT_EQ(cloud_.looks.size(), 2U);  // At all, and at the five once more.
}

// --- scale-out
// ---------------------------------------------------------------------------------

class ScaleOut : public testing::PassTest {
 protected:
  ScaleOut() { queue() = QueueDepth{.visible = 5}; }
};

TEST_F(ScaleOut, EquallyUrgentOnesKeepTheFleetsOrder) {
  fleet_of(3, fixed(2));
  for (const std::string name : {"0", "1", "2"}) {
    queue(name) = QueueDepth{.visible = 1};
  }
  passes();
  EXPECT_EQ(cloud_.set,
            (std::vector<std::pair<std::string, std::int64_t>>{{"0", 2}, {"1", 2}, {"2", 2}}));
}

// However old its look was: what counts is how long the slot is in coming.
TEST_F(ScaleOut, WhoseSlotIsLongInComingWaits) {
  cloud_.look_time = 300ms;
  cloud_.slot_time = 500ms;
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  running(0);
  cloud_.set.clear();
  cloud_.slot_time = 501ms;
  const PassRecord record = pass({.deadline = clock_.steady() + 1s});
  EXPECT_EQ(record.outcome, Outcome::Waiting);
  EXPECT_FALSE(record.failed());
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(ScaleOut, WhereTheMachineSleptUnderItsLookSetsNothingThatIsThereAlready) {
  cloud_.before_look = [this](int number) {
    clock_.at += number == 1 ? 2h : 0h;
    running(number == 1 ? 0 : 7);
  };
  pass();
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(ScaleOut, OnAnOldLookSetsNothingThatIsThereAlready) {
  cloud_.look_time = 4s;
  at_look(2, [this] { running(3); });
  const PassRecord record = pass();
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(last_reason(record), Reason::ChangedMeanwhile);
  EXPECT_EQ(record.decision->desired, 3);
  EXPECT_EQ(record.reading->service.desired, 3);
}

/// The pause, and the count under manual_hold, had been read, and ten tasks were set all the same.
TEST_F(ScaleOut, OnAnOldLookPassesOverNoPauseAndNoPersonsCount) {
  cloud_.look_time = 4s;
  at_look(2, [this] { cloud_.service("s")->service.paused_until = kPausedForGood; });
  const PassRecord paused = pass();
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(paused.decision->action, Action::Hold);
  EXPECT_EQ(paused.outcome, Outcome::Held);
  EXPECT_EQ(last_reason(paused), Reason::PausedByTag);

  fleet_ = {managed("s", testing::policy({.scale_up_target = 5, .manual_hold = 1h}))};
  running(2);
  quiet();
  ServiceState known = testing::quiet(clock_.at);
  known.last_set = 2;
  cloud_.service("s")->saved_state = format_state(known);
  at_look(static_cast<int>(cloud_.looks.size()) + 2,
          [this] { cloud_.service("s")->service.desired = 3; });
  const PassRecord held = pass();
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(held.decision->desired, 3);
  EXPECT_EQ(held.outcome, Outcome::Held);
}

/// Three tasks by this program, as its tag says, and many messages, where a person's count stands.
class Announced : public ScaleOut {
 protected:
  Announced() {
    fleet_ = {respectful()};
    running(3);
    queue() = QueueDepth{.visible = 60};
    ServiceState known = testing::quiet(clock_.at);
    known.last_set = 3;
    cloud_.service("s")->saved_state = format_state(known);
  }
  static ManagedService respectful() {
    return managed(
        "s",
        testing::policy(
            {.mode = Mode::Backlog, .backlog_per_task = 10, .tasks_max = 50, .manual_hold = 1h}));
  }
  /// A process that starts anew finds that text, that count, and more messages.
  PassRecord later(const std::string& text, std::int64_t desired) {
    fleet_ = {respectful()};
    running(desired);
    queue() = QueueDepth{.visible = 400};
    cloud_.service("s")->saved_state = text;
    clock_.pass(10s);
    return pass();
  }
};

// It ended between UpdateService and its tag. Its own six were taken for a person's and held for an
// hour, with 400 messages waiting.
TEST_F(Announced, CountOfAProcessThatEndedIsNotTakenForAPersons) {
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  ASSERT_EQ(cloud_.saved.size(), 2U);
  const std::string before = cloud_.saved.front().text;
  EXPECT_EQ(parse_state(before)->announced->tasks, 6);
  EXPECT_EQ(parse_state(before)->last_set, 3);
  EXPECT_EQ(parse_state(cloud_.saved.back().text)->announced, std::nullopt);
  EXPECT_EQ(parse_state(cloud_.saved.back().text)->last_set, 6);

  EXPECT_EQ(later(before, 6).decision->desired, 40) << "it was set";
  EXPECT_EQ(later(before, 3).decision->desired, 40) << "it was not";
  EXPECT_EQ(last_reason(later(before, 5)), Reason::ManualHold) << "a person's";
}

TEST_F(Announced, IsNothingWhereNoPersonsCountIsRespectedOrNoneWasSet) {
  fleet_ = {managed("s", testing::policy({.mode = Mode::Backlog, .backlog_per_task = 10}))};
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.saved.size(), 1U);

  running(3);
  fleet_ = {respectful()};
  cloud_.saved.clear();
  cloud_.service("s")->saved_state = format_state(testing::quiet(clock_.at));
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.saved.size(), 1U);
}

TEST_F(Announced, HoldsUpNoScaleOut) {
  cloud_.saving = fail(ErrorKind::Denied, "no");
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.saved.size(), 2U);
  EXPECT_LE(cloud_.save_deadlines.front(), Deadline(clock_.passed) + 500ms);

  running(3);
  fleet_ = {respectful()};
  cloud_.set.clear();
  cloud_.saved.clear();
  cloud_.saves_at_once = 0;
  EXPECT_EQ(pass({.deadline = clock_.steady() + 1s}).outcome, Outcome::Applied);
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(ScaleOut, IsTriedAgainAfterWhatPasses) {
  for (const ErrorKind kind : {ErrorKind::Throttled, ErrorKind::Unavailable, ErrorKind::Conflict}) {
    running(0);
    cloud_.set.clear();
    cloud_.failures["s"] = {fail(kind, "not now")};
    EXPECT_EQ(pass().outcome, Outcome::Applied) << to_string(kind);
    EXPECT_EQ(cloud_.set_of("s"), (Counts{3, 3})) << to_string(kind);
  }
}

TEST_F(ScaleOut, ThatIsTriedAgainTellsTheLookThatItFollowsFrom) {
  cloud_.failures["s"] = {fail(ErrorKind::Throttled, "slow down")};
  at_look(2, [this] { queue() = QueueDepth{.visible = 50}; });
  const PassRecord record = pass();
  EXPECT_EQ(record.queues.front()->visible, 50);
  EXPECT_EQ(record.at, kNoon + 100ms);
}

TEST_F(ScaleOut, ThatIsTriedAgainNeverBecomesAScaleIn) {
  fleet_ = {managed("s", per_task(1))};
  quiet();
  cloud_.failures["s"] = {fail(ErrorKind::Throttled, "slow down")};
  at_look(2, [this] { running(9); });  // A person: more than the five that are needed.
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Held);
  EXPECT_EQ(last_reason(record), Reason::ChangedMeanwhile);
  EXPECT_EQ(record.decision->desired, 9);
  EXPECT_EQ(cloud_.set_of("s"), Counts{5});
}

TEST_F(ScaleOut, ThatCannotBeLookedAtIsTriedAtTheNextPause) {
  cloud_.failures["s"] = {fail(ErrorKind::Throttled, "slow down")};
  cloud_.before_look = [this](int look) {
    cloud_.service("s") = look == 2
                              ? Result<ServiceReading>(fail(ErrorKind::Unavailable, "no answer"))
                              : ServiceReading{.arn = "arn:s"};
  };
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s").front(), 3);
  EXPECT_EQ(clock_.passed, 1h + 300ms);
}

TEST_F(ScaleOut, ThatIsTriedAgainIsLookedBackAtToo) {
  cloud_.failures["s"] = {fail(ErrorKind::Throttled, "slow down")};
  at_look(3, [this] { running(1); });  // Another pass, right after the second try.
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3, 3, 3}));
}

TEST_F(ScaleOut, IsTriedAgainOnlyWhileThereIsTime) {
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  pass({.deadline = clock_.steady() + 300ms});
  EXPECT_EQ(cloud_.set.size(), 2U);  // At once and after 100 ms; 200 ms more would be too late.
  cloud_.set.clear();
  pass({.deadline = clock_.steady() + 301ms});
  EXPECT_EQ(cloud_.set.size(), 3U);
}

TEST_F(ScaleOut, IsNotTriedAgainByAProgramThatEnds) {
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  clock_.stopped = true;
  EXPECT_EQ(pass().outcome, Outcome::Failed);
  EXPECT_EQ(cloud_.set.size(), 1U);
}

// --- the look at what was set
// ------------------------------------------------------------------

TEST_F(ScaleOut, StandsWhenItCannotBeLookedBackAt) {
  at_look(2, [this] { cloud_.service("s") = fail(ErrorKind::Unavailable, "no answer"); });
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_FALSE(record.failed());
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
}

// The cooldown is the lowered count's, which never came to anything.
TEST_F(ScaleOut, ThatAnotherPassLoweredIsRaisedAgainInSpiteOfTheCooldown) {
  fleet_ = {managed(
      "s",
      testing::policy({.mode = Mode::Backlog, .backlog_per_task = 1, .scale_out_cooldown = 5min}))};
  running(1);
  at_look(2, [this] { running(2); });
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{5, 5}));
  EXPECT_EQ(record.reading->service.desired, 2);
}

TEST_F(ScaleOut, ThatWasRefusedAndThenLoweredIsRaisedWithinWhatIsNotRefused) {
  fleet_ = {managed("s", per_task(10))};
  queue() = QueueDepth{.visible = 30'000};
  cloud_.accepted_max["s"] = 1000;
  at_look(2, [this] { running(200); });
  pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3000, 1500, 750, 850}));
}

TEST_F(ScaleOut, InTwoStepsSpendsTheBudgetOfBoth) {
  fleet_ = {managed("s", testing::policy({.mode = Mode::Backlog,
                                          .backlog_per_task = 1,
                                          .scale_out_budget = {.limits = {{.amount = 100}}}}))};
  at_look(2, [this] { queue() = QueueDepth{.visible = 12}; });
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{5, 12}));
  EXPECT_EQ(record.state.changes,
            (std::vector<TasksAt>{{.at = kNoon, .tasks = 5}, {.at = kNoon, .tasks = 7}}));
}

// --- a count that ECS refuses
// ------------------------------------------------------------------

TEST_F(ScaleOut, OfASingleTaskThatIsRefusedIsNotTriedAgain) {
  for (const std::int64_t running_now : {0, 3}) {
    fleet_ = {managed("s", fixed(running_now + 1))};
    running(running_now);
    cloud_.set.clear();
    cloud_.accepted_max["s"] = running_now;
    const PassRecord record = pass();
    EXPECT_EQ(cloud_.set_of("s"), Counts{running_now + 1});
    EXPECT_EQ(record.outcome, Outcome::Failed);
    EXPECT_TRUE(record.failed());
  }
}

TEST_F(ScaleOut, ThatIsRefusedIsTriedSmallerAboveTheTasksThatAreThere) {
  fleet_ = {managed("s", per_task(1))};
  running(100);
  queue() = QueueDepth{.visible = 1300};
  cloud_.accepted_max["s"] = 500;
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), (Counts{1300, 700, 400}));
}

TEST_F(ScaleOut, StopsWithinATenthOfWhatIsRefused) {
  fleet_ = {managed("s", per_task(1))};
  running(100);
  queue() = QueueDepth{.visible = 140};
  cloud_.accepted_max["s"] = 105;
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{140, 120, 110}));
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.decision->desired, 100);
  EXPECT_TRUE(record.failed());
}

// The search costs the service's rate a single call a pass, but at rest somebody must start.
TEST_F(ScaleOut, AfterARefusalTriesOneCountAPassAndFromZeroASingleTaskToo) {
  fleet_ = {managed("s", per_task(10))};
  queue() = QueueDepth{.visible = 30'000};
  cloud_.accepted_max["s"] = 1000;
  pass();
  cloud_.set.clear();
  clock_.pass(10s);
  EXPECT_EQ(pass().outcome, Outcome::Failed);
  EXPECT_EQ(cloud_.set_of("s"), Counts{1125});

  running(0);
  cloud_.set.clear();
  cloud_.accepted_max["s"] = 5;
  clock_.pass(10s);
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), (Counts{562, 1}));
}

}  // namespace
}  // namespace scaler
