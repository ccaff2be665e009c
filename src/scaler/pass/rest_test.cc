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

constexpr PassOptions kSparing{.patience = Patience::AllButSlow, .describe_every = 5min};

class Resting : public testing::PassTest {
 protected:
  /// A fleet that rests, and is known to.
  void rest(int size) {
    fleet_of(size, per_task(1));
    passes(kSparing);
    forget_calls();
  }
  void forget_calls() {
    cloud_.looks.clear();
    cloud_.described.clear();
  }
  std::vector<PassRecord> pass_after(Duration duration) {
    clock_.pass(duration);
    return passes(kSparing);
  }
};

TEST_F(Resting, CostsALookAtItsQueueAlone) {
  rest(20);
  for (int i = 0; i < 3; ++i) {
    const auto records = pass_after(100ms);
    EXPECT_TRUE(std::ranges::all_of(records, &PassRecord::looked));
    EXPECT_TRUE(std::ranges::all_of(records, [](const PassRecord& record) {
      return record.described_at && record.decision && record.reading->service.desired == 0;
    }));
  }
  EXPECT_EQ(cloud_.looks.size(), 3U);
  EXPECT_TRUE(cloud_.described.empty());
}

TEST_F(Resting, IsDescribedInItsTurnOnceInFiveMinutes) {
  rest(100);
  std::size_t most = 0;
  for (int i = 0; i < 30; ++i) {
    const std::size_t before = cloud_.described.size();
    pass_after(10s);
    most = std::max(most, cloud_.described.size() - before);
  }
  EXPECT_EQ(cloud_.described.size(), 100U);
  std::ranges::sort(cloud_.described);
  EXPECT_EQ(std::ranges::unique(cloud_.described).size(), 0U);
  EXPECT_LT(most, 15U);
}

TEST_F(Resting, WhoCouldNotBeDescribedIsDescribedInTheNextPassWhateverItsQueueSays) {
  rest(20);
  const auto known = cloud_.service("7");
  cloud_.service("7") = fail(ErrorKind::Unavailable, "DescribeServices: refused");
  queue("7") = QueueDepth{.visible = 1};
  pass_after(1s);
  cloud_.service("7") = known;
  queue("7") = QueueDepth{};
  forget_calls();
  pass_after(1s);
  EXPECT_EQ(cloud_.described, std::vector<std::string>{"7"});
}

TEST_F(Resting, MessagesWakeItInTheSamePassBeforeAllOthers) {
  rest(20);
  fleet_.push_back(managed("busy", per_task(1)));
  running(3, "busy");
  queue("busy") = QueueDepth{.visible = 3};
  cloud_.looks_at_once = 1;
  queue("7") = QueueDepth{.visible = 4};

  const auto records = pass_after(1s);

  EXPECT_EQ(cloud_.set_of("7"), Counts{4});
  EXPECT_FALSE(records[7].described_at);
  EXPECT_EQ(cloud_.described.front(), "7");
  EXPECT_EQ(cloud_.looks.at(1), std::vector<std::string>{"7"});
  EXPECT_TRUE(records[20].looked);
  pass_after(1s);
  EXPECT_EQ(std::ranges::count(cloud_.described, "7"), 3);  // And once more after its change.
}

TEST_F(Resting, APauseThatWasSetMeanwhileIsHonouredWhenMessagesCome) {
  rest(20);
  cloud_.service("3")->service.paused_until = clock_.at + 1h;
  queue("3") = QueueDepth{.visible = 4};
  pass_after(1s);
  EXPECT_EQ(cloud_.set_of("3"), Counts{});
}

TEST_F(Resting, WhatWasDoneToItByHandIsSeenWithinFiveMinutesAndNeverScaledInUnseen) {
  rest(20);
  running(5, "4");
  queue("4") = QueueDepth{};
  bool seen = false;
  for (int i = 0; i < 30 && !seen; ++i) {
    const auto records = pass_after(10s);
    seen = records[4].reading->service.desired == 5;
    EXPECT_EQ(seen, !records[4].described_at);
  }
  EXPECT_TRUE(seen);
}

TEST_F(Resting, WhatItsScheduleAsksForIsDueWithoutAMessage) {
  rest(20);
  fleet_[2].policy = testing::policy({.tasks_min = 2, .tasks_max = 9});
  pass_after(1s);
  EXPECT_EQ(cloud_.set_of("2"), Counts{2});
}

TEST_F(Resting, AQueueThatCannotBeReadIsLookedAtWhole) {
  rest(20);
  queue("5") = fail(ErrorKind::Denied, "AccessDenied");
  const auto records = pass_after(1s);
  EXPECT_EQ(cloud_.described, std::vector<std::string>{"5"});
  EXPECT_TRUE(records[5].failed());
  EXPECT_EQ(records[6].errors, std::vector<std::string>{});
}

TEST_F(Resting, OnlyASpareFleetRests) {
  rest(20);
  clock_.pass(1s);
  passes();
  EXPECT_EQ(cloud_.described.size(), 20U);
}

TEST_F(Resting, NobodyRestsWhoHasTasksWorkPausesOrErrors) {
  rest(8);
  running(1, "0");
  cloud_.service("1")->service.pending = 1;
  queue("2") = QueueDepth{.in_flight = 1};
  queue("3") = QueueDepth{.delayed = 1};
  cloud_.service("4")->service.paused_until = clock_.at + 1h;
  cloud_.service("5")->service.deploying = true;
  cloud_.service("6")->service.scheduling = SchedulingStrategy::Daemon;
  fleet_of(8, per_task(1));
  cloud_.scaling = fail(ErrorKind::Denied, "denied");
  passes(kSparing);
  forget_calls();

  pass_after(100ms);

  EXPECT_EQ(std::ranges::count(cloud_.described, "7"), 0);
  for (const std::string name : {"0", "1", "2", "3", "4", "5", "6"}) {
    EXPECT_GE(std::ranges::count(cloud_.described, name), 1) << name;
  }
}

TEST_F(Resting, WhoCouldNotBeLookedAtInTimeIsNext) {
  rest(1500);
  cloud_.look_time = 2s;
  const auto first = passes({.deadline = clock_.steady() + 3s, .describe_every = 5min});
  EXPECT_EQ(std::ranges::count_if(first, &PassRecord::looked), 1000);
  const auto second = passes({.deadline = clock_.steady() + 3s, .describe_every = 5min});
  EXPECT_TRUE(std::ranges::all_of(std::span(second).last(500), &PassRecord::looked));
}

}  // namespace
}  // namespace scaler
