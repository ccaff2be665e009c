#include "scaler/core/state.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;

TEST(MergeNearest, JoinsTheTwoThatAreNearestInTimeAtTheLaterInstant) {
  std::vector<TasksAt> history = {
      {kNoon, 9}, {kNoon + 60s, 4}, {kNoon + 70s, 7}, {kNoon + 130s, 2}};
  merge_nearest(history, Merge::Highest);
  EXPECT_EQ(history, (std::vector<TasksAt>{{kNoon, 9}, {kNoon + 70s, 7}, {kNoon + 130s, 2}}));
  merge_nearest(history, Merge::Sum);
  EXPECT_EQ(history, (std::vector<TasksAt>{{kNoon, 9}, {kNoon + 130s, 9}}));
}

TEST(MergeNearest, MakesOneOfTwo) {
  std::vector<TasksAt> two = {{kNoon, 5}, {kNoon + 1s, 3}};
  merge_nearest(two, Merge::Highest);
  EXPECT_EQ(two, (std::vector<TasksAt>{{kNoon + 1s, 5}}));
}

TEST(BridgeGap, StretchesOnlyAHigherNeed) {
  const auto bridged = [](std::int64_t before) {
    std::vector<TasksAt> history = {{kNoon - 2min, before}};
    bridge_gap(history, {kNoon, 5});
    return history.front().at;
  };
  EXPECT_EQ(bridged(6), kNoon);
  EXPECT_EQ(bridged(5), kNoon - 2min);
  EXPECT_EQ(bridged(4), kNoon - 2min);
}

TEST(MergeNearest, LeavesWhatHasNoNeighbours) {
  std::vector<TasksAt> none;
  merge_nearest(none, Merge::Sum);
  EXPECT_TRUE(none.empty());
  std::vector<TasksAt> one = {{kNoon, 5}};
  merge_nearest(one, Merge::Highest);
  EXPECT_EQ(one, (std::vector<TasksAt>{{kNoon, 5}}));
}

// Falling needs are each the highest of some span, so none may be dropped, only merged upwards.
TEST(Recommendations, BeyondTheLimitAreMergedAndNeverLowered) {
  std::vector<TasksAt> history;
  const auto count = static_cast<std::int64_t>(2 * kHistoryLimit);
  for (std::int64_t i = 0; i < count; ++i) {
    remember_recommendation(history, {kNoon + i * 1s, count - i}, 1h, 0s);
    ASSERT_LE(history.size(), kHistoryLimit);
    ASSERT_EQ(history.front().tasks, count) << "the highest is forgotten at step " << i;
  }
  EXPECT_EQ(history.back(), (TasksAt{kNoon + (count - 1) * 1s, 1}));
  EXPECT_EQ(history.size(), kHistoryLimit);
}

TEST(Recommendations, KeepOnlyWhatCanStillBeTheHighestOrTheLowest) {
  std::vector<TasksAt> history;
  for (const std::int64_t tasks : {3, 8, 5, 6}) {
    remember_recommendation(history, {kNoon + tasks * 1s, tasks}, 1min, 0s);
  }
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].tasks, 8);
  EXPECT_EQ(history[1].tasks, 6);
}

// Newer needs may make an older one needless in one window, and time in the other.
TEST(Recommendations, AreKeptForTheWindowThatStillNeedsThem) {
  const auto remembered = [](std::initializer_list<TasksAt> needs, Duration in_window,
                             Duration out_window) {
    std::vector<TasksAt> history;
    for (const TasksAt& need : needs) {
      remember_recommendation(history, need, in_window, out_window);
    }
    std::vector<std::int64_t> tasks;
    tasks.reserve(history.size());
    for (const TasksAt& entry : history) {
      tasks.push_back(entry.tasks);
    }
    return tasks;
  };
  using Tasks = std::vector<std::int64_t>;
  const Instant later = kNoon + 30s;
  EXPECT_EQ(remembered({{kNoon, 5}, {later, 5}}, 1min, 1min), Tasks({5})) << "no more, no less";
  EXPECT_EQ(remembered({{kNoon, 9}, {later, 2}}, 31s, 1min), Tasks({9, 2}));
  EXPECT_EQ(remembered({{kNoon, 9}, {later, 2}}, 30s, 1min), Tasks({2})) << "too old for in";
  EXPECT_EQ(remembered({{kNoon, 2}, {later, 9}}, 1min, 31s), Tasks({2, 9}));
  EXPECT_EQ(remembered({{kNoon, 2}, {later, 9}}, 1min, 30s), Tasks({9})) << "too old for out";
  EXPECT_EQ(remembered({{kNoon, 5}, {later, 7}, {later + 1s, 3}}, 1min, 1min), Tasks({7, 3}));
  EXPECT_EQ(remembered({{kNoon, 5}, {later, 3}, {later + 1s, 7}}, 1min, 1min), Tasks({3, 7}));
}

TEST(Recommendations, OfAFutureBecomeThePresentWhenTheClockIsSetBack) {
  std::vector<TasksAt> history = {{kNoon + 1h, 9}};
  remember_recommendation(history, {kNoon, 2}, 5min, 0s);
  EXPECT_EQ(history, (std::vector<TasksAt>{{kNoon, 9}, {kNoon, 2}}));
}

TEST(Changes, BeyondTheLimitAreAddedUpSoThatNoneIsLost) {
  std::vector<TasksAt> history;
  const auto count = static_cast<std::int64_t>(2 * kHistoryLimit);
  for (std::int64_t i = 0; i < count; ++i) {
    remember_change(history, {kNoon + i * 1s, 2}, 1h);
  }
  EXPECT_EQ(history.size(), kHistoryLimit);
  std::int64_t sum = 0;
  for (const TasksAt& change : history) {
    sum += change.tasks;
  }
  EXPECT_EQ(sum, 2 * count);
}

TEST(Changes, OfNoTasksOrWithoutAPeriodAreNotKept) {
  std::vector<TasksAt> history;
  remember_change(history, {kNoon, 0}, 1h);
  EXPECT_TRUE(history.empty());
  remember_change(history, {kNoon, 3}, 0s);
  EXPECT_TRUE(history.empty());
}

TEST(Changes, AreForgottenAfterThePeriod) {
  std::vector<TasksAt> history = {{kNoon - 1h, 1}, {kNoon - 1h + 1ms, 2}};
  remember_change(history, {kNoon, 3}, 1h);
  EXPECT_EQ(history, (std::vector<TasksAt>{{kNoon - 1h + 1ms, 2}, {kNoon, 3}}));
}

TEST(Past, OfAnAbsentStateIsNotContinuous) {
  EXPECT_FALSE(past_of({}, kNoon, 1min).known);
  EXPECT_FALSE(past_of({}, kNoon, 1min).continuous);
  EXPECT_TRUE(past_of({.last_look = kNoon - 3min}, kNoon, 1min).continuous);
  EXPECT_FALSE(past_of({.last_look = kNoon - 3min - 1ms}, kNoon, 1min).continuous);
  EXPECT_TRUE(past_of({.last_look = kNoon - 3min - 1ms}, kNoon, 1min).known);
}

TEST(ServiceState, IsUnequalWhenAnyPartIs) {
  const ServiceState nothing;
  EXPECT_EQ(nothing, ServiceState());
  EXPECT_NE(nothing, (ServiceState{.failures = 1}));
  EXPECT_NE(nothing, (ServiceState{.recommendations = {{kNoon, 1}}}));
}

}  // namespace
}  // namespace scaler
