#include <algorithm>

#include "ground/base/random.h"
#include "scaler/pass/pass.h"
#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::Counts;
using testing::managed;
using testing::per_task;

class RefusedCount : public testing::PassTest {};
TEST_F(RefusedCount, ARefusedStepIsTriedSmaller) {
  fleet_ = {managed("s", per_task(10))};
  queue() = QueueDepth{.visible = 30'000};
  cloud_.accepted_max["s"] = 1000;
  const PassRecord record = pass();
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3000, 1500, 750}));
  EXPECT_EQ(record.outcome, Outcome::Applied);
  EXPECT_FALSE(record.failed());
  EXPECT_NE(record.complaint.find("set tasks_max"), std::string::npos);
  EXPECT_EQ(record.state.refused->tasks, 1500);
}

TEST_F(RefusedCount, ASmallerStepBeginsAtTheCountThatWasReadAgain) {
  fleet_ = {managed("s", per_task(10))};
  queue() = QueueDepth{.visible = 300};
  cloud_.accepted_max["s"] = 25;
  cloud_.look_time = 10s;
  at_look(2, [this] {
    running(20);  // A person, while the first look was late.
    cloud_.look_time = 0ms;
  });
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), (Counts{30, 25}));
}

TEST_F(RefusedCount, OneTaskIsTheLastTryOfFour) {
  fleet_ = {managed("s", per_task(10))};
  queue() = QueueDepth{.visible = 30'000};
  cloud_.accepted_max["s"] = 5;
  EXPECT_EQ(pass().outcome, Outcome::Applied);
  EXPECT_EQ(cloud_.set_of("s"), (Counts{3000, 1500, 750, 1}));
  cloud_.accepted_max["s"] = 0;
  running(0);
  EXPECT_EQ(pass().outcome, Outcome::Failed);
}

TEST_F(RefusedCount, WhatIsRefusedForAnotherReasonIsNotTriedSmaller) {
  for (const ErrorKind kind : {ErrorKind::Denied, ErrorKind::Rejected, ErrorKind::NotFound}) {
    fleet_ = {managed("s", per_task(10))};
    queue() = QueueDepth{.visible = 30'000};
    cloud_.set.clear();
    cloud_.scaling = fail(kind, "no");
    pass();
    EXPECT_EQ(cloud_.set_of("s"), Counts{3000}) << to_string(kind);
  }
}

// The largest accepted step is found by halving: to within a tenth, or one task.
TEST_F(RefusedCount, LaterPassesFindWhatIsAcceptedInLogarithmicallyManyTries) {
  Random random(1);
  for (int i = 0; i < 2000 && !HasFailure(); ++i) {
    const std::int64_t wanted = random.between(2, kTasksLimit);
    const std::int64_t accepted = random.between(1, wanted - 1);
    fleet_ = {managed("s", per_task(1))};
    cloud_.services.clear();
    cloud_.set.clear();
    cloud_.accepted_max["s"] = accepted;
    queue() = QueueDepth{.visible = wanted};
    int passes = 0;
    for (std::int64_t before = -1; before != cloud_.service("s")->service.desired;) {
      before = cloud_.service("s")->service.desired;
      pass();
      clock_.pass(10s);
      ++passes;
      while (!cloud_.set.empty() && cloud_.set.back().second > accepted && passes < 20) {
        pass();  // A refused try leaves the count as it is; the search goes on.
        clock_.pass(10s);
        ++passes;
        const std::size_t tries = cloud_.set.size();
        pass();
        ++passes;
        if (cloud_.set.size() == tries) {
          break;
        }
      }
    }
    const std::int64_t found = cloud_.service("s")->service.desired;
    const std::int64_t refused =
        fleet_.front()
            .memory.recall(cloud_.service("s")->saved_state, fleet_.front().policy, {clock_.at})
            .state.refused->tasks;
    EXPECT_LE(found, accepted);
    EXPECT_LE(refused - found, std::max<std::int64_t>(refused / 10, 1))
        << wanted << " " << accepted;
    EXPECT_LE(cloud_.set.size(), 4U + 13U) << wanted << " " << accepted;
  }
}

}  // namespace
}  // namespace scaler
