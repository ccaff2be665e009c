#include "lab/world/task_room.h"

#include <gtest/gtest.h>

namespace scaler::world {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Instant kNoon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + hours(12);
const InstanceModel kModel{
    .tasks_per_instance = 2, .instances_max = 5, .start = {.min = seconds(60), .max = seconds(60)}};

TEST(TaskRoom, WithoutInstancesHasRoomUnlessThereIsAShortage) {
  Random random(1);
  TaskRoom capacity({}, random);
  EXPECT_TRUE(capacity.take(kNoon).has_value());
  capacity.set_short(true);
  EXPECT_FALSE(capacity.take(kNoon).has_value());
  capacity.set_short(false);
  EXPECT_TRUE(capacity.take(kNoon).has_value());
  EXPECT_EQ(capacity.next_event(), kNever);
}

TEST(TaskRoom, StartsTwoInstancesFromZeroAndTheNextOnesAfterTheWarmUp) {
  Random random(1);
  TaskRoom capacity(kModel, random);
  EXPECT_FALSE(capacity.take(kNoon).has_value());

  capacity.want(9, kNoon);
  EXPECT_EQ(capacity.instances(), 2);
  EXPECT_FALSE(capacity.take(kNoon).has_value()) << "they are starting";
  EXPECT_EQ(capacity.next_event(), kNoon + seconds(60));

  capacity.settle(kNoon + seconds(60));
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(capacity.take(kNoon + seconds(60)).has_value());
  }
  EXPECT_FALSE(capacity.take(kNoon + seconds(60)).has_value());
  capacity.want(5, kNoon + seconds(61));
  EXPECT_EQ(capacity.instances(), 2) << "the next step waits for the warm-up";
  EXPECT_EQ(capacity.next_event(), kNoon + seconds(300));
  capacity.settle(kNoon + seconds(300));
  EXPECT_EQ(capacity.instances(), 5) << "three for five tasks";
  EXPECT_EQ(capacity.next_event(), kNoon + seconds(360)) << "no more than the maximum";
}

TEST(TaskRoom, EndsAnInstanceThatWasFreeForAQuarterOfAnHour) {
  Random random(1);
  TaskRoom capacity(kModel, random);
  capacity.want(1, kNoon);
  capacity.settle(kNoon + seconds(60));
  const auto instance = capacity.take(kNoon + seconds(60));
  ASSERT_TRUE(instance.has_value());
  capacity.want(0, kNoon + seconds(60));

  capacity.settle(kNoon + seconds(60) + minutes(15));
  EXPECT_EQ(capacity.instances(), 1) << "the one that never had a task ends";
  capacity.give_back(*instance, kNoon + hours(1));
  EXPECT_EQ(capacity.next_event(), kNoon + hours(1) + minutes(15));
  capacity.settle(kNoon + hours(1) + minutes(15));

  EXPECT_EQ(capacity.instances(), 0);
  EXPECT_EQ(capacity.next_event(), kNever);
  EXPECT_EQ(capacity.instance_time(kNoon + hours(9)), minutes(16 + 75));
}

}  // namespace
}  // namespace scaler::world
