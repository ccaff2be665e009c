#include "scaler/pass/pass.h"

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

class RunPass : public testing::PassTest {};

TEST_F(RunPass, ScalesOutAndRemembersIt) {
  queue() = QueueDepth{.visible = 1};
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_FALSE(record.failed());
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
  ASSERT_EQ(cloud_.saved.size(), 1U);
  const ServiceState state = *parse_state(cloud_.saved.front().text);
  EXPECT_EQ(state.last_scale_out, kNoon);
  EXPECT_EQ(state.last_set, 3);
  EXPECT_EQ(cloud_.looks.size(), 2U);  // And once more at what was set.
}

TEST_F(RunPass, WritesNothingWhenNothingMatters) {
  for (int i = 0; i < 10; ++i) {
    pass();
    clock_.pass(1min);
  }
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, ABusyPeriodCostsAFewTagWrites) {
  queue() = QueueDepth{.visible = 9};
  for (int minute = 0; minute < 60; ++minute) {
    if (minute == 50) {
      queue() = QueueDepth{};
    }
    pass();
    clock_.pass(1min);
  }
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3, 0}));
  EXPECT_LE(cloud_.saved.size(), 6U);
}

// --- scale-in
// ----------------------------------------------------------------------------------

TEST_F(RunPass, AnotherQueueMustBeSeenEmptyForAWholeThreshold) {
  for (const bool same_process : {true, false}) {
    fleet_ = {managed("s", fixed(3))};
    cloud_.service("s")->saved_state.clear();
    cloud_.set.clear();
    running(3);
    for (int i = 0; i < 11; ++i) {  // Its two minutes are nearly over.
      pass();
      clock_.pass(10s);
    }
    const Memory memory = fleet_.front().memory;
    fleet_ = {managed("s", fixed(3))};
    fleet_.front().queues = {{"https://sqs/other"}};
    if (same_process) {
      fleet_.front().memory = memory;
    }
    for (int i = 0; i < 12; ++i) {
      pass();
      EXPECT_TRUE(cloud_.set.empty()) << i;
      clock_.pass(10s);
    }
    pass();
    EXPECT_EQ(cloud_.set_of("s"), Counts{0});
  }
}

TEST_F(RunPass, LooksTwiceBeforeItScalesIn) {
  running(3);
  idle_for(1h);
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), Counts{0});
  EXPECT_EQ(cloud_.looks.size(), 2U);
}

TEST_F(RunPass, TriesAScaleInOnceForItsConfirmationAges) {
  running(3);
  idle_for(1h);
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  EXPECT_EQ(pass().outcome, Outcome::Failed);
  EXPECT_EQ(cloud_.set_of("s"), Counts{0});
}

TEST_F(RunPass, GivesUpScaleInWhenTheSecondLookSeesAMessage) {
  running(3);
  idle_for(1h);
  at_look(2, [this] { queue() = QueueDepth{.in_flight = 1}; });
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.decision->steps.back().reason, Reason::ChangedMeanwhile);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(RunPass, GivesUpScaleInWhenTheSecondLookFails) {
  running(3);
  idle_for(1h);
  at_look(2, [this] { queue() = fail(ErrorKind::Throttled, "slow down"); });
  EXPECT_EQ(pass().decision->action, Action::Hold);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(RunPass, GivesUpScaleInWhenSomebodyChangedTheCount) {
  running(3);
  idle_for(1h);
  at_look(2, [this] { running(4); });
  EXPECT_EQ(pass().decision->steps.back().reason, Reason::ChangedMeanwhile);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(RunPass, WithholdsAScaleInWhoseLookIsNotFresh) {
  running(3);
  idle_for(1h);
  cloud_.look_time = 501ms;
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.decision->steps.back().reason, Reason::LookedTooLong);
  EXPECT_EQ(record.decision->steps.back().numbers[0], 501);
  EXPECT_EQ(record.decision->steps.back().numbers[1], 500);
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(record.complaint, "");
  pass();
  EXPECT_NE(pass().complaint.find("3 scale-ins in a row were withheld"), std::string::npos);
  cloud_.look_time = 500ms;
  EXPECT_EQ(pass().outcome, Outcome::Applied);
}

TEST_F(RunPass, WhatIsFreshGoesByTheFastestRoundTripOfThePlace) {
  for (const auto& [round_trip, bound] :
       {std::pair(0ms, 500ms), std::pair(200ms, 600ms), std::pair(900ms, 2000ms)}) {
    running(3);
    idle_for(1h);
    fleet_ = {managed("s", fixed(3))};
    cloud_.fastest = round_trip;
    cloud_.look_time = bound;
    const PassRecord record = pass();
    EXPECT_EQ(record.outcome, Outcome::Applied) << bound.count();
    EXPECT_EQ(record.look_bound, bound);
    EXPECT_EQ(record.look_age, bound);
    running(3);
    idle_for(1h);
    fleet_ = {managed("s", fixed(3))};
    cloud_.look_time = bound + 1ms;
    EXPECT_EQ(pass().outcome, Outcome::Held) << bound.count();
  }
}

TEST_F(RunPass, ScalesOutFirstAndLooksAgainAtTenServicesATime) {
  fleet_of(25, fixed(3));
  for (int i = 0; i < 25; ++i) {
    running(3, std::to_string(i));
    idle_for(1h, std::to_string(i));
  }
  queue("7") = QueueDepth{.visible = 1};
  running(0, "7");
  EXPECT_EQ(passes()[7].decision->action, Action::ScaleOut);
  ASSERT_EQ(cloud_.set.size(), 25U);
  EXPECT_EQ(cloud_.set[0], (std::pair<std::string, std::int64_t>("7", 3)));
  EXPECT_EQ(cloud_.looks.size(), 1U + 1U + 3U);
}

TEST_F(RunPass, AWakeMayOnlyScaleOut) {
  running(3);
  idle_for(1h);
  const PassRecord record = pass({.permission = Permission::ScaleOutOnly});
  EXPECT_EQ(record.decision->steps.back().reason, Reason::ScaleOutOnly);
  EXPECT_TRUE(cloud_.set.empty());
}

// --- scale-out
// ---------------------------------------------------------------------------------

TEST_F(RunPass, DecidesAScaleOutAnewBeforeItTriesAgain) {
  queue() = QueueDepth{.visible = 5};
  cloud_.failures["s"] = {fail(ErrorKind::Throttled, "slow down"),
                          fail(ErrorKind::Unavailable, "503")};
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_TRUE(record.errors.empty());
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3, 3, 3}));
  EXPECT_EQ(clock_.passed, 1h + 300ms);  // Two pauses, and none after the success.
}

TEST_F(RunPass, NeverLowersWhatAnotherPassHasSetMeanwhile) {
  queue() = QueueDepth{.visible = 5};
  cloud_.failures["s"] = {fail(ErrorKind::Throttled, "slow down")};
  at_look(2, [this] { running(20); });
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Held);
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.decision->desired, 20);
  EXPECT_TRUE(record.errors.empty());
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
}

TEST_F(RunPass, AScaleOutOnAnOldLookReadsTheCountAgainAndNeverLowersIt) {
  fleet_ = {managed("s", per_task(1))};
  running(2);
  queue() = QueueDepth{.in_flight = 5};
  cloud_.look_time = 4s;
  at_look(2, [this] {
    running(10);  // A person, while the queue's answer was late.
    cloud_.look_time = 0ms;
  });
  const PassRecord record = pass();
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_EQ(record.decision->steps.back().reason, Reason::ChangedMeanwhile);
  EXPECT_EQ(record.decision->desired, 10);
}

TEST_F(RunPass, SlownessAloneWithholdsNoScaleOut) {
  queue() = QueueDepth{.visible = 5};
  cloud_.look_time = 10s;
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.look_age, 10s);  // Of the count that was read again.
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
}

TEST_F(RunPass, AScaleOutOnAnOldLookWaitsForACountThatCannotBeRead) {
  queue() = QueueDepth{.visible = 5};
  cloud_.look_time = 1s;
  at_look(2, [this] { cloud_.service("s") = fail(ErrorKind::Unavailable, "no answer"); });
  const PassRecord failed = pass();
  EXPECT_EQ(failed.outcome, Outcome::Failed);
  EXPECT_EQ(failed.errors, std::vector<std::string>{"no answer"});
  EXPECT_TRUE(cloud_.set.empty());
  cloud_.service("s") = ServiceReading{.arn = "arn:s"};
  cloud_.looks.clear();
  cloud_.before_look = [this](int look) {
    if (look == 2) {
      cloud_.service("s") = fail(ErrorKind::Unavailable, "no answer");
    } else if (look == 3) {
      cloud_.service("s") = ServiceReading{.arn = "arn:s"};
    }
  };
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_TRUE(record.errors.empty());
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
}

TEST_F(RunPass, ACountThatAnotherPassLoweredIsRaisedAgainOnce) {
  fleet_ = {managed("s", per_task(1))};
  queue() = QueueDepth{.visible = 10};
  at_look(2, [this] { running(4); });
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{10, 10}));
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.decision->before, 4);
}

TEST_F(RunPass, WhatIsNeededMoreByTheTimeOfTheSecondLookIsSet) {
  fleet_ = {managed("s", per_task(1))};
  queue() = QueueDepth{.visible = 5};
  at_look(2, [this] { queue() = QueueDepth{.visible = 10}; });
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_TRUE(record.from_zero);
  EXPECT_EQ(cloud_.set_of("s"), (Counts{5, 10}));
}

TEST_F(RunPass, TheSecondLookAtAScaleOutSpendsItsBudgetAndCooldownOnce) {
  fleet_ = {managed("s", testing::policy({.mode = Mode::Backlog,
                                          .backlog_per_task = 1,
                                          .scale_out_budget = {.limits = {{.amount = 4}}}}))};
  running(1);
  queue() = QueueDepth{.visible = 50};
  pass();
  EXPECT_EQ(cloud_.set_of("s"), Counts{5});
}

TEST_F(RunPass, AChangeWhoseAnswerWasLostIsApplied) {
  queue() = QueueDepth{.visible = 5};
  cloud_.failures["s"] = {fail(ErrorKind::Unavailable, "connection reset")};
  at_look(2, [this] { running(3); });
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.state.last_set, 3);
  EXPECT_TRUE(record.errors.empty());
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
}

TEST_F(RunPass, ReportsAScaleOutThatKeepsFailing) {
  queue() = QueueDepth{.visible = 5};
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Failed);
  EXPECT_EQ(record.errors, std::vector<std::string>{"slow down"});
  EXPECT_EQ(cloud_.set.size(), 6U);
}

TEST_F(RunPass, DoesNotTryAgainWhatIsDenied) {
  queue() = QueueDepth{.visible = 5};
  cloud_.scaling = fail(ErrorKind::Denied, "denied");
  EXPECT_EQ(pass().errors, std::vector<std::string>{"denied"});
  EXPECT_EQ(cloud_.set.size(), 1U);
}

TEST_F(RunPass, AFailedChangeIsAFailedPassAndStartsNoCooldown) {
  queue() = QueueDepth{.visible = 1};
  cloud_.scaling = fail(ErrorKind::Denied, "UpdateService c/s: AccessDeniedException");
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Failed);
  EXPECT_EQ(record.errors, std::vector<std::string>{"UpdateService c/s: AccessDeniedException"});
  EXPECT_EQ(record.state.last_scale_out, std::nullopt);
}

TEST_F(RunPass, ScalesTheMostUrgentFirst) {
  fleet_ = {managed("three", fixed(3)), managed("five", fixed(5)), managed("four", fixed(4))};
  for (const std::string name : {"three", "five", "four"}) {
    running(1, name);
    queue(name) = QueueDepth{.visible = 4};
  }
  const auto records = passes();
  EXPECT_EQ(cloud_.set, (std::vector<std::pair<std::string, std::int64_t>>{
                            {"five", 5}, {"four", 4}, {"three", 3}}));
  EXPECT_EQ(records[1].decision->desired, 5);  // The records keep the fleet's order.
}

// --- state
// -------------------------------------------------------------------------------------

TEST_F(RunPass, AStateThatCannotBeSavedForNowIsAFailedPassButTheScalingStands) {
  queue() = QueueDepth{.visible = 1};
  cloud_.saving = fail(ErrorKind::Unavailable, "TagResource: 503");
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_TRUE(record.failed());
}

TEST_F(RunPass, AStateThatCanNeverBeSavedIsSaidOnceAnHour) {
  queue() = QueueDepth{.visible = 1};
  cloud_.saving = fail(ErrorKind::Denied, "TagResource: AccessDeniedException");
  const PassRecord record = pass();
  EXPECT_FALSE(record.failed());
  EXPECT_NE(record.complaint.find("the state tag cannot be written"), std::string::npos);
  running(0);
  clock_.pass(10min);
  EXPECT_EQ(pass().complaint, "");
  running(0);
  clock_.pass(1h);
  EXPECT_NE(pass().complaint, "");
}

TEST_F(RunPass, WithoutTheServiceThereIsNoDecision) {
  cloud_.service("s") = fail(ErrorKind::NotFound, "service c/s: MISSING");
  const PassRecord record = pass();
  EXPECT_TRUE(record.looked);
  EXPECT_FALSE(record.reading);
  EXPECT_FALSE(record.decision.has_value());
  EXPECT_EQ(record.errors, std::vector<std::string>{"service c/s: MISSING"});
}

TEST_F(RunPass, WithoutTheQueueItHoldsAndSaysSo) {
  running(3);
  idle_for(1h);
  queue() = fail(ErrorKind::Unavailable, "GetQueueAttributes q: refused");
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_TRUE(record.decision->blind);
  EXPECT_TRUE(record.failed());
}

TEST_F(RunPass, APauseThatCannotBeReadIsToldBeforeADamagedState) {
  cloud_.service("s")->pause_complaint = "ecs-scaler:pause is no instant";
  cloud_.service("s")->saved_state = "v1 empty=0:9 crc=00000000";
  EXPECT_EQ(pass().complaint, "ecs-scaler:pause is no instant");
}

TEST_F(RunPass, ADamagedStateNeverScalesInEarlierThanNone) {
  running(3);
  cloud_.service("s")->saved_state = "v1 empty=0:9 crc=00000000";
  const PassRecord record = pass();
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_NE(record.complaint, "");
  EXPECT_EQ(record.state.empty_since, kNoon);
  EXPECT_EQ(cloud_.saved.size(), 1U);  // An odd text does not stay.
}

TEST_F(RunPass, KeepsTheStateInTheProcessWithoutAWriter) {
  running(3);
  const Ports ports{.reader = cloud_, .scaler = cloud_, .states = nullptr, .clock = clock_};
  for (int minute = 0; minute < 3; ++minute) {
    run_pass(fleet_, ports, {});
    clock_.pass(1min);
  }
  EXPECT_EQ(cloud_.set_of("s"), Counts{0});
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, ATagThatSomebodyStripsDelaysNothing) {
  running(3);
  for (int minute = 0; minute < 3; ++minute) {
    cloud_.service("s")->saved_state = "";
    pass();
    clock_.pass(1min);
  }
  EXPECT_EQ(cloud_.set_of("s"), Counts{0});
}

TEST_F(RunPass, WithoutPermissionDecidesAndNeitherChangesNorRemembersAnything) {
  queue() = QueueDepth{.visible = 1};
  const PassRecord out = pass({.permission = Permission::Nothing});
  EXPECT_EQ(out.decision->action, Action::ScaleOut);
  EXPECT_EQ(out.decision->desired, 3);
  EXPECT_EQ(out.outcome, Outcome::Held);

  running(3);
  queue() = QueueDepth{};
  for (int minute = 0; minute < 60; ++minute) {
    const PassRecord record = pass({.permission = Permission::Nothing});
    EXPECT_EQ(record.decision->action, Action::Hold) << "nobody remembers since when it is idle";
    clock_.pass(1min);
  }
  EXPECT_TRUE(cloud_.set.empty());
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(RunPass, AsksForProtectedTasksOnlyWhereThePolicyCountsThem) {
  running(3);
  idle_for(1h);
  cloud_.service("s")->service.protected_tasks = 3;
  cloud_.service("s")->protection_error = Error{ErrorKind::Denied, "denied"};

  pass();
  EXPECT_EQ(cloud_.protection_asked, 0U);

  fleet_[0].policy =
      testing::policy({.scale_up_target = 3, .scale_in_when = ScaleInWhen::Protected});
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.protection_asked, 1U);
  EXPECT_EQ(record.decision->action, Action::Hold);
  EXPECT_EQ(record.errors, std::vector<std::string>{"denied"});
}

TEST_F(RunPass, WhatTheTriggerWasHandedIsThereWhateverTheCountsSay) {
  const PassRecord record = pass({.permission = Permission::ScaleOutOnly, .delivered = 3});
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
}

}  // namespace
}  // namespace scaler
