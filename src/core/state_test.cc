#include "core/state.h"

#include <gtest/gtest.h>

#include "core/test_support.h"

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
  remember_change(history, {kNoon, 3}, 0s);
  EXPECT_TRUE(history.empty());
}

TEST(ServiceState, IsUnequalWhenAnyPartIs) {
  const ServiceState nothing;
  EXPECT_EQ(nothing, ServiceState());
  EXPECT_NE(nothing, (ServiceState{.failures = 1}));
  EXPECT_NE(nothing, (ServiceState{.recommendations = {{kNoon, 1}}}));
}

}  // namespace
}  // namespace scaler
