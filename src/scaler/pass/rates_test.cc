// Who comes when: the rates of the services, the pass's own time, and what is asked for in a look.
#include <algorithm>

#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::Counts;
using testing::fixed;
using testing::managed;
using testing::per_task;

using Names = std::vector<std::string>;

class Rates : public testing::PassTest {
 protected:
  /// Each has a message, and no task.
  void waking(int size) {
    fleet_of(size, fixed(2));
    for (int i = 0; i < size; ++i) {
      queue(std::to_string(i)) = QueueDepth{.visible = 1};
    }
  }
  Duration took(const PassOptions& options) {
    const Duration before = clock_.passed;
    passes(options);
    return clock_.passed - before;
  }
};

// --- time
// --------------------------------------------------------------------------------------

TEST_F(Rates, AtItsDeadlineAPassLooksAtNothing) {
  EXPECT_FALSE(pass({.deadline = clock_.steady()}).looked);
  EXPECT_TRUE(cloud_.looks.empty());
}

TEST_F(Rates, HoweverLittleTimeThereIsTheFirstOnesAreLookedAt) {
  EXPECT_TRUE(pass({.deadline = clock_.steady() + 1ms}).looked);
}

TEST_F(Rates, AnotherChunkNeedsASecondAndAHalf) {
  fleet_of(2, fixed(2));
  cloud_.looks_at_once = 1;
  cloud_.look_time = 500ms;
  EXPECT_FALSE(passes({.deadline = clock_.steady() + 2s})[1].looked);
  cloud_.looks.clear();
  EXPECT_TRUE(passes({.deadline = clock_.steady() + 2001ms})[0].looked);
  EXPECT_EQ(cloud_.looks, (std::vector<Names>{{"1"}, {"0"}}));
}

TEST_F(Rates, WhoWasThrottledIsFirstInTheNextPassAndWhoWasDeniedIsNot) {
  fleet_of(3, fixed(2));
  cloud_.looks_at_once = 1;
  cloud_.look_time = 1s;
  cloud_.service("1") = fail(ErrorKind::Throttled, "slow down");
  cloud_.service("2") = fail(ErrorKind::Denied, "denied");
  passes();
  cloud_.looks.clear();
  passes();
  EXPECT_EQ(cloud_.looks, (std::vector<Names>{{"1"}, {"0"}, {"2"}}));
}

TEST_F(Rates, APlaceWithoutSlotsTakesNoneOfAnother) {
  waking(4);
  fleet_[0].id.region = fleet_[1].id.region = "eu-west-1";
  fleet_[2].id.region = fleet_[3].id.region = "eu-west-2";
  cloud_.changes_left_in = {{"eu-west-1", 1}, {"eu-west-2", 2}};
  const auto records = passes({.slots_until = clock_.steady()});
  EXPECT_EQ(cloud_.set.size(), 3U);
  EXPECT_EQ(cloud_.set_of("2"), Counts{2});
  EXPECT_EQ(cloud_.set_of("3"), Counts{2});
  EXPECT_NE(records[0].outcome, records[1].outcome);
}

TEST_F(Rates, ScaleInsOfAPlaceWithoutSlotsHoldNoOther) {
  fleet_of(2, fixed(2));
  for (const char* name : {"0", "1"}) {
    running(2, name);
    idle_for(1h, name);
  }
  fleet_[0].id.region = "eu-west-1";
  cloud_.changes_left_in = {{"eu-west-1", 0}};
  passes({.slots_until = clock_.steady()});
  EXPECT_EQ(cloud_.set_of("0"), Counts{});
  EXPECT_EQ(cloud_.set_of("1"), Counts{0});
}

TEST_F(Rates, AWallClockThatIsSetForwardEndsNoWait) {
  running(3);
  for (int minute = 0; minute < 10; ++minute) {
    pass();
    clock_.at += 1min;
  }
  EXPECT_TRUE(cloud_.set.empty());
}

// A sandbox that is frozen between two invocations: its steady clock stood still.
TEST_F(Rates, WithoutASteadyTimeTheWallClockIsBelieved) {
  running(3);
  for (int minute = 0; minute < 3; ++minute) {
    pass({.steady = false});
    clock_.at += 1min;
  }
  EXPECT_EQ(cloud_.set_of("s"), Counts{0});
}

// --- slots
// -------------------------------------------------------------------------------------

TEST_F(Rates, AChangeIsMadeAsSoonAsThereIsASlot) {
  waking(3);
  cloud_.changes_left = 1;
  int waits = 0;
  clock_.after_wait = [&] { cloud_.changes_left = ++waits == 2 ? 5 : 0; };
  EXPECT_EQ(took({.deadline = clock_.steady() + 10s}), 200ms);
  EXPECT_EQ(cloud_.set,
            (std::vector<std::pair<std::string, std::int64_t>>{{"0", 2}, {"1", 2}, {"2", 2}}));
  EXPECT_EQ(cloud_.looks[2], (Names{"1", "2"}));  // Their looks are fresh when they get the slot.
  EXPECT_FALSE(fleet_[1].waits);
}

TEST_F(Rates, WhoNeedsNothingAnyMoreWaitsForNoSlot) {
  waking(2);
  cloud_.changes_left = 1;
  cloud_.look_time = 100ms;
  clock_.after_wait = [this] {
    cloud_.changes_left = 1;
    queue("1") = QueueDepth{};
  };
  const auto records = passes({.deadline = clock_.steady() + 10s});
  EXPECT_EQ(records[1].outcome, Outcome::Held);
  EXPECT_FALSE(fleet_[1].waits);
  EXPECT_EQ(cloud_.looks.size(), 3U);
}

TEST_F(Rates, SlotsAreWaitedForUntilTheirTimeIsOver) {
  waking(1);
  cloud_.changes_left = 0;
  EXPECT_EQ(took({.slots_until = clock_.steady() + 300ms}), 200ms);
  EXPECT_TRUE(fleet_.front().waits);
  EXPECT_TRUE(cloud_.set.empty());
}

TEST_F(Rates, AProgramThatEndsWaitsForNoSlot) {
  waking(1);
  cloud_.changes_left = 0;
  clock_.stopped = true;
  EXPECT_EQ(took({.deadline = clock_.steady() + 10s}), 0ms);
}

TEST_F(Rates, WhoWaitsHasItsPlaceInTheFirstChunk) {
  fleet_of(10, fixed(2));
  fleet_[0].waits = fleet_[1].waits = true;
  cloud_.looks_at_once = 4;
  passes();
  EXPECT_EQ(cloud_.looks,
            (std::vector<Names>{{"2", "3", "0", "1"}, {"4", "5", "6", "7"}, {"8", "9"}}));
}

// --- states
// ------------------------------------------------------------------------------------

TEST_F(Rates, AStateIsSavedBeforeTheNextOnesAreLookedAt) {
  waking(2);
  cloud_.looks_at_once = 1;
  std::vector<std::size_t> saved;
  cloud_.before_look = [&](int /*look*/) { saved.push_back(cloud_.saved.size()); };
  passes();
  EXPECT_EQ(saved, (std::vector<std::size_t>{0, 0, 1, 1}));
}

TEST_F(Rates, AStateWaitsForItsSlotUntilTheirTimeIsOver) {
  waking(1);
  cloud_.saves_at_once = 0;
  EXPECT_EQ(took({.deadline = clock_.steady() + 10s, .slots_until = clock_.steady() + 300ms}),
            200ms);
  EXPECT_TRUE(cloud_.saved.empty());
}

TEST_F(Rates, WhoHasNothingToSaveWaitsForNoSlot) {
  cloud_.saves_at_once = 0;
  EXPECT_EQ(took({.deadline = clock_.steady() + 10s}), 0ms);
}

TEST_F(Rates, AProgramThatEndsDoesNotWaitToSave) {
  waking(1);
  cloud_.saves_at_once = 0;
  clock_.stopped = true;
  EXPECT_EQ(took({.deadline = clock_.steady() + 10s}), 0ms);
}

TEST_F(Rates, AStateThatCannotBeSavedForNowIsAFailedPass) {
  for (const ErrorKind kind : {ErrorKind::Throttled, ErrorKind::Unavailable}) {
    waking(1);
    running(0, "0");
    cloud_.saving = fail(kind, "TagResource: not now");
    EXPECT_EQ(pass().errors, std::vector<std::string>{"TagResource: not now"}) << to_string(kind);
  }
}

// An old idle clock must not outlive the tasks that it was for.
TEST_F(Rates, TheIdleClockIsSavedAsLongAsTasksRun) {
  const auto idle_clock = [this] {
    return parse_state(cloud_.service("s")->saved_state)->empty_since;
  };
  running(3);
  idle_for(1h);
  cloud_.scaling = fail(ErrorKind::Denied, "denied");
  pass();
  EXPECT_TRUE(idle_clock());
  cloud_.scaling = {};
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_FALSE(idle_clock());
}

// --- what a look asks for
// ----------------------------------------------------------------------

TEST_F(Rates, WhatATriggerWasHandedIsLookedAtUrgently) {
  pass();
  EXPECT_EQ(cloud_.urgent_asked, 0U);
  pass({.permission = Permission::ScaleOutOnly, .delivered = 1});
  EXPECT_EQ(cloud_.urgent_asked, cloud_.looks.size() - 1);
}

TEST_F(Rates, AQueuesMessagesCountByItsWeight) {
  fleet_ = {managed("s", per_task(1))};
  fleet_[0].queues.push_back({.url = "https://sqs/heavy", .weight = {3 * Millionths::kOne}});
  queue() = queue("heavy") = QueueDepth{.visible = 2};
  pass();
  EXPECT_EQ(cloud_.set_of("s"), Counts{2 + 3 * 2});
}

TEST_F(Rates, OneQueuesAnswerIsEnoughToScaleOut) {
  fleet_[0].queues.push_back({"https://sqs/slow"});
  queue() = QueueDepth{.visible = 1};
  cloud_.slow = {"https://sqs/slow"};
  const PassRecord record = pass({.patience = Patience::AllButSlow});
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.errors, Names{"no answer yet"});
}

// It is decided anew with what came late, and what it remembers goes on from its past, once.
TEST_F(Rates, WhoFailsInBothRoundsForgetsNothing) {
  fleet_[0].queues.push_back({"https://sqs/slow"});
  queue() = QueueDepth{.visible = 1};
  cloud_.slow = {"https://sqs/slow"};
  at_look(2, [this] { cloud_.slow = {}; });
  cloud_.scaling = fail(ErrorKind::Throttled, "slow down");
  const TasksAt need{.at = clock_.at - 50s, .tasks = 9};
  cloud_.service("s")->saved_state =
      format_state({.last_look = clock_.at - 10s, .recommendations = {need}});
  const PassRecord record = pass();
  EXPECT_EQ(record.errors, Names{"slow down"});
  EXPECT_EQ(std::ranges::count(record.state.recommendations, need), 1);
}

// What the first round saw and did stays told: a record with a decision has a reading.
TEST_F(Rates, WhoCannotBeReadInTheSecondRoundKeepsWhatTheFirstDid) {
  fleet_[0].queues.push_back({"https://sqs/slow"});
  queue() = QueueDepth{.visible = 1};
  cloud_.slow = {"https://sqs/slow"};
  at_look(3, [this] { cloud_.service("s") = fail(ErrorKind::Throttled, "slow down"); });
  const PassRecord record = pass();
  ASSERT_TRUE(record.reading);
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(record.errors, (Names{"no answer yet", "slow down"}));
  EXPECT_EQ(record.state.last_set, 3);
}

// It is tried again all the same.
TEST_F(Rates, WhoFailsInTheFirstRoundAndCannotBeReadInTheSecondIsTriedAgain) {
  fleet_[0].queues.push_back({"https://sqs/slow"});
  queue() = QueueDepth{.visible = 1};
  cloud_.slow = {"https://sqs/slow"};
  cloud_.failures["s"] = {fail(ErrorKind::Throttled, "later")};
  const ServiceReading reading = *cloud_.service("s");
  at_look(2, [this] { cloud_.service("s") = fail(ErrorKind::Throttled, "slow down"); });
  clock_.after_wait = [this, reading] { cloud_.service("s") = reading; };
  const PassRecord record = pass();
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3, 3}));
}

}  // namespace
}  // namespace scaler
