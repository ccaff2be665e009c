#include "scaler/core/schedule.h"

#include <algorithm>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "scaler/core/policy.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

Schedule schedule(const std::string& cron, Duration duration, const std::string& zone = "UTC") {
  return Schedule::create({.cron = cron, .duration = duration, .time_zone = zone}, "s").value();
}

std::string refused(const ScheduleOptions& options) {
  const Result<Schedule> made = Schedule::create(options, "schedules[0]");
  return made ? "" : made.error().message;
}

Instant instant(std::string_view text) {
  return parse_instant(text).value();
}

TEST(Cron, RefusesWhatIsNoCron) {
  const auto complaint = [](std::string_view text) {
    const Result<Cron> cron = Cron::parse(text);
    return cron ? "" : cron.error().message;
  };
  EXPECT_EQ(complaint("0 8 * *"),
            "has 4 fields, but must have five: minute, hour, day of the month, month, day of the "
            "week, such as 0 8 * * 1-5");
  EXPECT_EQ(complaint("60 8 * * 1"), "minute '60' must be from 0 to 59");
  EXPECT_EQ(complaint("0 8 * * x"), "day of the week 'x' must be from 0 to 7 or sun to sat");
  EXPECT_EQ(complaint("0 8 * * 1-x"), "day of the week 'x' must be from 0 to 7 or sun to sat");
  EXPECT_EQ(complaint("0 8 * * 5-1"),
            "day of the week '5-1' runs backwards: write it as two ranges");
  EXPECT_EQ(complaint("*/60 8 * * 1"),
            "minute '*/60' must have a step from 1 to 59 after * or a range, such as */15");
  EXPECT_EQ(complaint("1-2-3 8 * * 1"),
            "minute '1-2-3' must be a value, a range such as 1-5, or either with one /step");
  const std::string_view wrong_step =
      "must have a step from 1 to 59 after * or a range, such as */15";
  for (const std::string item : {"5/2", "*/x", "*/0", "*/-5", "*/60"}) {
    EXPECT_EQ(complaint(item + " 8 * * 1"), fmt::format("minute '{}' {}", item, wrong_step));
  }
  EXPECT_EQ(complaint("*/5/6 8 * * 1"),
            "minute '*/5/6' must be a value, a range such as 1-5, or either with one /step");
  EXPECT_EQ(complaint("5x 8 * * 1"), "minute '5x' must be from 0 to 59");
  EXPECT_EQ(complaint("99999999999 8 * * 1"), "minute '99999999999' must be from 0 to 59");
  EXPECT_EQ(complaint("0 8 0 1 *"), "day of the month '0' must be from 1 to 31");
  EXPECT_EQ(complaint("0 8 30 feb *"), "names a day that never comes");
  EXPECT_EQ(complaint(" 0\t8  30 feb mon "), "");
}

TEST(Cron, TakesTheSmallestAndTheLargestStep) {
  EXPECT_EQ(Cron::parse("*/1 8 * * *").value(), Cron::parse("* 8 * * *").value());
  EXPECT_EQ(Cron::parse("*/59 8 * * *").value(), Cron::parse("0,59 8 * * *").value());
}

TEST(Cron, SundayIsZeroOrSeven) {
  EXPECT_EQ(Cron::parse("0 8 * * 7").value(), Cron::parse("0 8 * * 0").value());
}

TEST(Cron, ReadsNotBeyondItsText) {
  constexpr std::string_view kLonger = "0 8 * * 123";
  EXPECT_EQ(Cron::parse(kLonger.substr(0, 9)).value(), Cron::parse("0 8 * * 1").value());
}

TEST(Cron, ADayOfTheMonthAloneIsNoOtherDay) {
  const std::chrono::local_days twentieth{std::chrono::year(2026) / 11 / 20};
  const Cron cron = Cron::parse("0 8 15 * *").value();
  EXPECT_EQ(cron.latest(twentieth, std::chrono::days(10)), twentieth - std::chrono::days(5) + 8h);
  EXPECT_EQ(Cron::parse("0 8 31 2 1").value().latest(twentieth, std::chrono::days(10)),
            std::nullopt);
}

TEST(Cron, FindsTheLatestStart) {
  const Cron cron = Cron::parse("15,45 8-17/3 * * 1-5").value();
  const std::chrono::local_days monday = std::chrono::local_days{std::chrono::year(2026) / 11 / 23};
  EXPECT_EQ(cron.latest(monday + 8h + 14min, std::chrono::days(5)), monday - 72h + 17h + 45min);
  EXPECT_EQ(cron.latest(monday + 8h + 15min, std::chrono::days(0)), monday + 8h + 15min);
  EXPECT_EQ(cron.latest(monday + 10h + 50min, std::chrono::days(0)), monday + 8h + 45min);
  EXPECT_EQ(cron.latest(monday + 11h, std::chrono::days(0)), monday + 8h + 45min);
  EXPECT_EQ(cron.latest(monday, std::chrono::days(1)), std::nullopt);
}

// Naive: asks every minute since long enough whether it is a start.
void compare_with_every_minute(const char* text, Duration duration) {
  const Cron cron = Cron::parse(text).value();
  const Schedule looked_up = schedule(text, duration);
  std::optional<Instant> latest;
  Instant at = instant("2026-10-28T00:00:00Z");
  for (int minute = 0; minute < 20 * 24 * 60; ++minute, at += 1min) {
    const LocalMinutes local(std::chrono::floor<std::chrono::minutes>(at.time_since_epoch()));
    latest = cron.latest(local, std::chrono::days(0)) == local ? at : latest;
    const bool within = latest && at - *latest < duration;
    // The naive look begins three days before the comparison.
    if (minute > 3 * 24 * 60 && minute % 11 == 0) {
      ASSERT_EQ(looked_up.in_force(at + 30s).has_value(), within)
          << text << " at " << format_instant(at);
    }
  }
}

TEST(Schedule, AgreesWithLookingAtEveryMinute) {
  for (const char* text : {"*/7 * * * *", "0 */5 * * *", "30 22 * * 1,3", "0 0 1,15 * 2"}) {
    for (const Duration duration : {Duration(1min), Duration(90min), Duration(49h)}) {
      compare_with_every_minute(text, duration);
    }
  }
}

TEST(Schedule, FollowsDaylightSaving) {
  const Schedule gap = schedule("30 2 * * *", 30min, "Europe/Berlin");
  EXPECT_EQ(gap.in_force(instant("2026-03-29T01:29:59.999Z")),
            (Schedule::Window{.since = instant("2026-03-29T01:00:00Z"),
                              .until = instant("2026-03-29T01:30:00Z")}));
  EXPECT_EQ(gap.in_force(instant("2026-10-25T00:30:00Z"))->since, instant("2026-10-25T00:30:00Z"));
  EXPECT_EQ(gap.in_force(instant("2026-10-25T01:30:00Z")), std::nullopt);
  const Schedule late = schedule("50 2 * * *", 30min, "Europe/Berlin");
  EXPECT_EQ(late.in_force(instant("2026-10-25T01:10:00Z"))->since, instant("2026-10-25T00:50:00Z"));
  // As the clocks are set back, an hour has just passed as a whole.
  EXPECT_EQ(late.in_force(instant("2026-10-25T01:00:00Z"))->since, instant("2026-10-25T00:50:00Z"));
}

TEST(Schedule, KnowsZonesByTheirOffset) {
  const Instant morning = instant("2026-11-23T08:00:00Z");
  EXPECT_EQ(schedule("0 3 * * *", 1min, "Etc/GMT+5").in_force(morning)->since, morning);
  EXPECT_EQ(schedule("0 13 * * *", 1min, "Etc/GMT-5").in_force(morning)->since, morning);
}

TEST(Schedule, RefusesWithPathValueAndWhatWouldBeRight) {
  EXPECT_EQ(refused({.cron = "0 8 * *", .duration = 1s, .time_zone = "Mars/Base"}),
            "schedules[0].cron is '0 8 * *': has 4 fields, but must have five: minute, hour, day "
            "of the month, month, day of the week, such as 0 8 * * 1-5\nschedules[0].duration is "
            "1 s, but must be from 1 min to 336 h\nschedules[0].time_zone is 'Mars/Base', which is "
            "no time zone that this machine knows: IANA's name, such as Europe/Berlin or UTC");
  for (const char* zone : {"", "/etc/localtime", "localtime", "../UTC", "UTC:0", "../zoneinfo/UTC",
                           "Fixed/UTC+05:00:00", "file:UTC"}) {
    EXPECT_NE(refused({.cron = "* * * * *", .duration = 1h, .time_zone = zone}), "") << zone;
  }
  EXPECT_EQ(refused({.cron = "* * * * *", .duration = 336h}), "");
  EXPECT_EQ(refused({.cron = "* * * * *", .duration = 337h}),
            "schedules[0].duration is 337 h, but must be from 1 min to 336 h");
}

TEST(Schedule, BoundsMustNotCross) {
  const auto complaint = [](const PolicyOptions& options) {
    const Result<Policy> made = Policy::create(options);
    return made ? "" : made.error().message;
  };
  const ScheduleOptions hour{.cron = "0 8 * * *", .duration = 1h};
  ScheduleOptions low = hour;
  low.tasks_max = 2;
  ScheduleOptions high = hour;
  high.tasks_min = 5001;
  EXPECT_EQ(complaint({.schedules = {hour}}),
            "schedules[0] changes nothing: it needs tasks_min, tasks_max or both");
  EXPECT_EQ(complaint({.tasks_min = 3, .tasks_max = 9, .schedules = {low}}),
            "schedules[0]: in its windows tasks_min is 3, the policy's own, but must not be above "
            "tasks_max (2)");
  EXPECT_EQ(complaint({.tasks_max = 5000, .schedules = {high}}),
            "schedules[0].tasks_min is 5001, but must be from 0 to 5000\nschedules[0]: in its "
            "windows tasks_min is 5001, but must not be above tasks_max (5000, the policy's own)");
  high.tasks_min = 5;
  high.tasks_max = 2;
  EXPECT_EQ(complaint({.schedules = {high}}),
            "schedules[0]: in its windows tasks_min is 5, but must not be above tasks_max (2)");
  low.tasks_max = 0;
  EXPECT_EQ(complaint({.schedules = {low}}),
            "schedules[0].tasks_max is 0, but must be from 1 to 5000");
  low.tasks_max = 2;
  EXPECT_EQ(complaint({.schedules = std::vector<ScheduleOptions>(100, low)}), "");
  EXPECT_EQ(complaint({.schedules = std::vector<ScheduleOptions>(101, low)}),
            "schedules has 101 entries, but must have at most 100");
}

TEST(Policy, IsRefusedWithAScheduleThatIs) {
  const Result<Policy> made =
      Policy::create({.schedules = {{.cron = "daily", .duration = 1h, .tasks_max = 2}}});
  ASSERT_FALSE(made.has_value());
  EXPECT_TRUE(made.error().message.starts_with("schedules[0].cron is 'daily': has 1 fields"));
}

TEST(Policy, OfSeveralWindowsTheHighestBoundsCount) {
  PolicyOptions options{.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_max = 20};
  options.schedules = {
      {.cron = "0 8 * * *", .duration = 10h, .tasks_min = 2, .tasks_max = 10},
      {.cron = "0 11 * * *", .duration = 2h, .tasks_min = 5, .tasks_max = 6},
  };
  const Policy policy = Policy::create(options).value();
  const auto bounds = [&](std::string_view at) {
    const Bounds found = policy.bounds_at(instant(at));
    return std::pair(found.tasks_min, found.tasks_max);
  };
  EXPECT_EQ(bounds("2026-11-23T07:59:59Z"), std::pair(std::int64_t{0}, std::int64_t{20}));
  EXPECT_EQ(bounds("2026-11-23T08:00:00Z"), std::pair(std::int64_t{2}, std::int64_t{10}));
  EXPECT_EQ(bounds("2026-11-23T12:00:00Z"), std::pair(std::int64_t{5}, std::int64_t{10}));
  EXPECT_EQ(policy.bounds_at(instant("2026-11-23T12:00:00Z")).min_from->schedule, 1U);
  EXPECT_EQ(policy.bounds_at(instant("2026-11-23T12:00:00Z")).max_from->schedule, 0U);
  std::ranges::reverse(options.schedules);
  const Bounds reversed = Policy::create(options)->bounds_at(instant("2026-11-23T12:00:00Z"));
  EXPECT_EQ(std::pair(reversed.tasks_min, reversed.tasks_max),
            std::pair(std::int64_t{5}, std::int64_t{10}));
  options.schedules = {options.schedules[0], options.schedules[0]};
  const Bounds equal = Policy::create(options)->bounds_at(instant("2026-11-23T12:00:00Z"));
  EXPECT_EQ(equal.min_from->schedule, 0U) << "of equal ones the first is named";
  EXPECT_EQ(equal.max_from->schedule, 0U);
}

}  // namespace
}  // namespace scaler
