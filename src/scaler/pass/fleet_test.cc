#include <algorithm>

#include "scaler/pass/pass.h"
#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::Counts;
using testing::fixed;
using testing::managed;
using testing::per_task;

class FleetPass : public testing::PassTest {};
TEST_F(FleetPass, EachServiceGetsWhatItsOwnQueueNeeds) {
  fleet_of(5, per_task(1));
  for (int i = 0; i < 5; ++i) {
    queue(std::to_string(i)) = QueueDepth{.visible = i};
  }
  const auto records = passes();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(records[static_cast<std::size_t>(i)].id, (ServiceId{"c", std::to_string(i)}));
    EXPECT_EQ(cloud_.service(std::to_string(i))->service.desired, i);
  }
}

TEST_F(FleetPass, OneServicesFailureLeavesTheOthersAlone) {
  fleet_of(3, fixed(2));
  fleet_[1].queues.push_back({"https://sqs/b"});
  for (const std::string name : {"0", "1", "2"}) {
    queue(name) = QueueDepth{.visible = 4};
  }
  cloud_.service("0") = fail(ErrorKind::Denied, "AccessDenied");
  cloud_.failures["2"] = {fail(ErrorKind::Denied, "denied")};
  const auto records = passes();
  EXPECT_FALSE(records[0].decision.has_value());
  EXPECT_EQ(records[1].queues.size(), 2U);
  EXPECT_EQ(cloud_.set_of("1"), Counts{2});
  EXPECT_TRUE(records[0].failed() && !records[1].failed() && records[2].failed());
}

TEST_F(FleetPass, ScaleInByAllThreeWaysInOneFleet) {
  fleet_of(3, per_task(1));
  constexpr std::array kWays{ScaleInWhen::Idle, ScaleInWhen::Protected, ScaleInWhen::Any};
  for (std::size_t i = 0; i < kWays.size(); ++i) {
    fleet_[i].policy = testing::policy(
        {.mode = Mode::Backlog, .backlog_per_task = 1, .scale_in_when = kWays.at(i)});
    running(9, std::to_string(i));
    cloud_.service(std::to_string(i))->service.protected_tasks = i == 1 ? 4 : 0;
    queue(std::to_string(i)) = QueueDepth{.in_flight = 2};
  }
  passes();
  EXPECT_EQ(cloud_.set_of("0"), Counts{});
  EXPECT_EQ(cloud_.set_of("1"), Counts{4});
  EXPECT_EQ(cloud_.set_of("2"), Counts{2});
  EXPECT_EQ(cloud_.protection_asked, 2U);  // Of the one, at each look.
}

TEST_F(FleetPass, WhoIsSlowIsLeftToALaterPass) {
  fleet_of(3, fixed(2));
  for (const std::string name : {"0", "1", "2"}) {
    queue(name) = QueueDepth{.visible = 4};
  }
  cloud_.slow = {"1"};
  const auto records = passes({.patience = Patience::AllButSlow});
  EXPECT_EQ(cloud_.looks.size(), 2U);  // At all, and at what was set: nobody waits for the one.
  EXPECT_FALSE(records[1].decision.has_value());
  EXPECT_EQ(records[1].errors, std::vector<std::string>{"no answer yet"});
  EXPECT_EQ(cloud_.set.size(), 2U);
  cloud_.slow = {};
  passes({.patience = Patience::AllButSlow});
  EXPECT_EQ(cloud_.set_of("1"), Counts{2});
}

TEST_F(FleetPass, WhoHasNoLaterPassWaitsForTheSlowInASecondRound) {
  fleet_of(2, fixed(2));
  queue("0") = queue("1") = QueueDepth{.visible = 4};
  cloud_.slow = {"1"};
  at_look(3, [this] { cloud_.slow = {}; });
  const auto records = passes();
  EXPECT_EQ(cloud_.set, (std::vector<std::pair<std::string, std::int64_t>>{{"0", 2}, {"1", 2}}));
  EXPECT_FALSE(records[1].failed());
}

/// One queue that hung made every invocation 15 s long, and the next one's messages waited for it.
TEST_F(FleetPass, WhereOthersWaitForThePassTheSlowAreWaitedForShortlyAndSeldom) {
  fleet_of(2, fixed(2));
  queue("0") = QueueDepth{.visible = 4};
  cloud_.slow = {"1"};
  const auto looks_of_a_pass = [this] {
    cloud_.looks.clear();
    passes({.slow_most = 2s});
    return static_cast<int>(std::ranges::count(cloud_.looks, std::vector<std::string>{"1"}));
  };
  EXPECT_EQ(looks_of_a_pass(), 1);
  EXPECT_EQ(cloud_.deadlines.back(), clock_.steady() + 2s);
  clock_.pass(29s);
  EXPECT_EQ(looks_of_a_pass(), 0);
  clock_.pass(1s);
  EXPECT_EQ(looks_of_a_pass(), 1);
}

/// ECS was sent ten, and the record said "hold": the mapping of a wake was left on.
TEST_F(FleetPass, WhatWasCarriedOutIsToldAlsoWhenTheSlowQueueAsksForNoMore) {
  fleet_of(1, per_task(1));
  fleet_[0].queues = {{.url = "https://sqs/fast"}, {.url = "https://sqs/late"}};
  queue("fast") = QueueDepth{.visible = 10};
  cloud_.slow = {"https://sqs/late"};
  at_look(3, [this] { cloud_.slow = {}; });
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.set_of("0"), Counts{10});
  EXPECT_EQ(record.decision->action, Action::ScaleOut);
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_TRUE(record.from_zero);
  EXPECT_EQ(record.reading->service.desired, 10);
}

/// A service of a far region made an old look of a near one fresh enough to scale in on.
TEST_F(FleetPass, WhatIsFreshIsSaidByEachServicesOwnPlace) {
  fleet_of(2, fixed(3));
  for (const char* name : {"0", "1"}) {
    running(3, name);
    idle_for(1h, name);
  }
  cloud_.fastest_of["1"] = 650ms;
  cloud_.look_time = 1300ms;
  const auto records = passes();
  EXPECT_EQ(records[0].outcome, Outcome::Held);
  EXPECT_EQ(records[1].outcome, Outcome::Applied);
}

TEST_F(FleetPass, UnderARateWhoWasNotLookedAtForLongestIsNext) {
  fleet_of(14, fixed(2));
  cloud_.looks_at_once = 4;
  cloud_.look_time = 1s;
  const auto records = passes({.deadline = clock_.steady() + 4s});
  EXPECT_EQ(std::ranges::count_if(records, &PassRecord::looked), 12);
  passes({.deadline = clock_.steady() + 4s});
  EXPECT_EQ(cloud_.looks[3], (std::vector<std::string>{"12", "13", "0", "1"}));
}

// A process for each pass, as cron makes them: what the tag holds is all that they remember.
TEST_F(FleetPass, ProcessesThatPassOnceEachScaleInAfterAFewLooks) {
  running(9);
  queue() = QueueDepth{.visible = 3};
  int looks = 0;
  for (; cloud_.set.empty() && looks < 10; ++looks) {
    fleet_ = {managed("s", per_task(1))};
    pass();
    clock_.pass(1min);
  }
  EXPECT_EQ(cloud_.set_of("s"), Counts{3});
  EXPECT_GE(looks, 2);
  EXPECT_LE(looks, 4);
}

TEST_F(FleetPass, ChangesWithoutASlotWaitAndGoFirst) {
  fleet_of(6, fixed(2));
  for (int i = 0; i < 6; ++i) {
    queue(std::to_string(i)) = QueueDepth{.visible = 1};
  }
  cloud_.changes_left = 2;
  auto records = passes({.slots_until = clock_.steady() + 1s});
  EXPECT_EQ(cloud_.set.size(), 2U);
  EXPECT_EQ(std::ranges::count(records, Outcome::Waiting, &PassRecord::outcome), 4);
  EXPECT_TRUE(std::ranges::none_of(records, &PassRecord::failed));
  cloud_.changes_left = 4;
  cloud_.looks.clear();
  records = passes({.slots_until = clock_.steady() + 1s});
  EXPECT_EQ(cloud_.set.size(), 6U);
  EXPECT_EQ(std::ranges::count(records, Outcome::Applied, &PassRecord::outcome), 4);
}

TEST_F(FleetPass, UnderTheRateOfTagsTheEndOfAWaitIsToldFirst) {
  fleet_of(3, testing::policy({.scale_up_target = 2, .scale_down_threshold = 10min}));
  for (int i = 0; i < 3; ++i) {
    running(2, std::to_string(i));
    idle_for(1min, std::to_string(i));
  }
  passes();
  cloud_.saved.clear();
  clock_.pass(1min);  // The waits of the others are to be renewed.
  queue("2") = QueueDepth{.visible = 1};
  cloud_.saves_at_once = 1;
  passes({.slots_until = clock_.steady()});
  ASSERT_FALSE(cloud_.saved.empty());
  EXPECT_EQ(cloud_.saved.front().service_arn, "arn:2");
}

TEST_F(FleetPass, NoStateIsLostUnderTheRateOfTags) {
  fleet_of(5, fixed(2));
  for (int i = 0; i < 5; ++i) {
    queue(std::to_string(i)) = QueueDepth{.visible = 1};
  }
  cloud_.saves_at_once = 2;
  const auto records = passes({.deadline = clock_.steady() + 10s});
  EXPECT_EQ(cloud_.saved.size(), 5U);
  EXPECT_TRUE(std::ranges::none_of(records, &PassRecord::failed));
}

}  // namespace
}  // namespace scaler
