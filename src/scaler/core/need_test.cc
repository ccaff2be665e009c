// The rules that find the need, and what they say of it.
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
using testing::seen;

std::string first_note(const Decision& decision) {
  return explain(*decision.steps.begin());
}

TEST(Backlog, TellsOnlyTheMessagesThatCount) {
  const Policy visible_only =
      policy({.mode = Mode::Backlog, .backlog_per_task = 10, .count_in_flight = false});
  EXPECT_EQ(
      first_note(decide(visible_only, {}, seen({.visible = 5, .in_flight = 7, .delayed = 9}, 1))),
      "5 visible = 5 messages; 10 per task -> 1");
}

TEST(Backlog, TellsOfMessagesThatOnlyTheTriggerHasSeen) {
  Observation woken = seen({}, 0);
  woken.delivered = 3;
  EXPECT_EQ(first_note(decide(per_task(1), {}, woken)),
            "0 visible, but 3 messages delivered; 1 per task -> 3");
  woken = seen({.visible = 5}, 0);
  woken.delivered = 3;
  EXPECT_EQ(first_note(decide(per_task(1), {}, woken)), "5 visible = 5 messages; 1 per task -> 5");
}

TEST(Activation, AFirstCountInFlightAloneWakesNobodyEvenAfterOtherLooks) {
  const Decision first = decide(fixed(1), quiet(), seen({.in_flight = 2}, 0));
  EXPECT_EQ(first.desired, 0);
  EXPECT_TRUE(first.stray);
}

TEST(Activation, SaysWhetherTheBacklogIsEnough) {
  const Policy wakes_at_five =
      policy({.mode = Mode::Backlog, .backlog_per_task = 2, .activation_backlog = 5});
  EXPECT_EQ(decide(wakes_at_five, {}, seen({.visible = 4}, 0)).steps.back().reason,
            Reason::BelowActivation);
  EXPECT_EQ(decide(wakes_at_five, {}, seen({.visible = 5}, 0)).steps.back().reason,
            Reason::Activated);
}

TEST(Partial, SaysQueuesAreGoneOnlyWhenAllThatIsMissingIs) {
  const Result<QueueDepth> gone = fail(ErrorKind::NotFound, "QueueDoesNotExist");
  const Result<QueueDepth> slow = fail(ErrorKind::Throttled, "slow down");
  ServiceState gone_for_long = quiet();
  gone_for_long.gone = QueuesGone{.since = kNoon - 15min, .queues = 1};
  const auto said = [](const ServiceState& state, std::vector<Result<QueueDepth>> others) {
    Observation observation = seen({.visible = 1}, 4);
    observation.queues.insert(observation.queues.end(), others.begin(), others.end());
    return decide(per_task(1), state, observation).steps.back().reason;
  };
  EXPECT_EQ(said(quiet(), {gone}), Reason::QueueGone);
  EXPECT_EQ(said(quiet(), {gone, slow}), Reason::QueueUnreadable);
  EXPECT_EQ(said(gone_for_long, {gone}), Reason::QueueGoneForLong);
  EXPECT_EQ(said(gone_for_long, {gone, slow}), Reason::QueueUnreadable);
  EXPECT_EQ(said(gone_for_long, {gone, slow, slow}), Reason::QueueUnreadable);
}

TEST(Decision, CarriesHowLongAgoTheLookBeforeWas) {
  EXPECT_EQ(decide(fixed(1), quiet(), seen({}, 1)).gap, Duration(10s));
  EXPECT_EQ(decide(fixed(1), {}, seen({}, 1)).gap, Duration::zero());
}

}  // namespace
}  // namespace scaler
