#include "emulator/lambda/schedule_rule.h"

#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"
#include "ground/json/reader.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using scaler::testing::kNoon;

struct ScheduleScene {
  explicit ScheduleScene(Duration interval)
      : schedule(
            world, {.region = "eu-west-1", .account = "000000000000"}, interval,
            [this](std::string event) { events.push_back(std::move(event)); }, 7) {}

  void pass(Duration duration) {
    world.advance(world.now() + duration);
    schedule.tick();
  }

  Random random = Random(1);
  world::World world = world::World({}, kNoon, random);
  std::vector<std::string> events = {};
  ScheduleRule schedule;
};

std::string text_of(const std::string& event, std::string_view name) {
  const auto document = json::parse(event);
  return json::Reader(*document).field(name).value().string().value();
}

TEST(Schedule, SendsAScheduledEventEveryInterval) {
  ScheduleScene scene(minutes(1));
  scene.pass(seconds(59));
  EXPECT_THAT(scene.events, IsEmpty());

  scene.pass(seconds(1));
  scene.pass(minutes(1));

  ASSERT_THAT(scene.events, SizeIs(2));
  EXPECT_EQ(text_of(scene.events[0], "version"), "0");
  EXPECT_EQ(text_of(scene.events[0], "detail-type"), "Scheduled Event");
  EXPECT_EQ(text_of(scene.events[0], "source"), "aws.events");
  EXPECT_EQ(text_of(scene.events[0], "account"), "000000000000");
  EXPECT_EQ(text_of(scene.events[0], "time"), "2026-11-23T12:01:00Z");
  EXPECT_EQ(text_of(scene.events[0], "region"), "eu-west-1");
  EXPECT_THAT(scene.events[0],
              ::testing::HasSubstr(R"("resources":["arn:aws:events:eu-west-1:000000000000:rule/)"));
  EXPECT_THAT(scene.events[0], ::testing::EndsWith(R"("detail":{}})"));
  EXPECT_NE(text_of(scene.events[0], "id"), text_of(scene.events[1], "id"));
}

TEST(Schedule, SendsOneEventForMissedIntervalsAndKeepsItsRhythm) {
  ScheduleScene scene(minutes(1));

  scene.pass(seconds(200));
  EXPECT_THAT(scene.events, SizeIs(1));
  scene.pass(seconds(39));
  EXPECT_THAT(scene.events, SizeIs(1));
  scene.pass(seconds(1));

  EXPECT_EQ(scene.schedule.sent(), 2);
}

TEST(Schedule, NeverSendsWithoutAnInterval) {
  ScheduleScene scene(Duration(0));

  scene.pass(minutes(100));

  EXPECT_THAT(scene.events, IsEmpty());
}

}  // namespace
}  // namespace scaler::emulator
