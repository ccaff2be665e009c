#include "lab/study/pattern.h"

#include <algorithm>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/study/search.h"

namespace scaler::study {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const Instant kMonday = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

/// Works of 20 s that keep `office` tasks busy from 9 to 17 on working days, and `rest` otherwise.
Question office_hours(int weeks, double office, double rest) {
  std::vector<sim::TraceInterval> intervals;
  for (int hour = 0; hour < weeks * 7 * 24; ++hour) {
    const bool busy = hour / 24 % 7 < 5 && hour % 24 >= 9 && hour % 24 < 17;
    intervals.push_back({.begin = kMonday + hours(hour),
                         .length = hours(1),
                         .messages = (busy ? office : rest) * 3600 / 20});
  }
  Question question;
  question.scenario.begin = kMonday;
  question.scenario.length = days(7 * weeks);
  question.scenario.arrivals = {sim::trace_of(std::move(intervals))};
  return question;
}

TEST(Pattern, IsTheUsualLoadOfAnHour) {
  const Pattern pattern{Load(office_hours(2, 20, 2))};
  EXPECT_NEAR(pattern.usual(Pattern::Kind::WorkingDay, 9), 20, 2);
  EXPECT_NEAR(pattern.usual(Pattern::Kind::WorkingDay, 17), 2, 0.7);
  EXPECT_NEAR(pattern.usual(Pattern::Kind::Weekend, 9), 2, 0.7);
}

TEST(Pattern, BecomesWindowsWithAMinimum) {
  const Pattern pattern{Load(office_hours(2, 20.5, 0))};
  EXPECT_THAT(pattern.windows(0.5, 100),
              ElementsAre(ScheduleOptions{
                  .cron = "50 8 * * 1-5", .duration = hours(8) + minutes(10), .tasks_min = 10}));
  EXPECT_THAT(pattern.windows(0.5, 7),
              ElementsAre(ScheduleOptions{
                  .cron = "50 8 * * 1-5", .duration = hours(8) + minutes(10), .tasks_min = 7}));
  EXPECT_THAT(pattern.windows(0, 100), IsEmpty());
}

TEST(Pattern, OfDaysThatAreAlikeIsOneWindow) {
  const Pattern pattern{Load(office_hours(2, 10.5, 10.5))};
  EXPECT_THAT(
      pattern.windows(0.8, 100),
      ElementsAre(ScheduleOptions{.cron = "0 0 * * *", .duration = hours(24), .tasks_min = 8}));
}

TEST(Pattern, OfASingleDayIsNothing) {
  Question question = office_hours(1, 20, 20);
  question.scenario.length = days(1);
  EXPECT_THAT(Pattern{Load(question)}.windows(1, 100), IsEmpty());
}

/// How many of the first round have schedules, and how many a minimum throughout.
std::pair<std::int64_t, std::int64_t> first_round(const Question& question, bool schedules) {
  Search search(question, Load(question), {.bound = {.tasks_max = 50, .schedules = schedules}});
  const std::vector<Settings> round = search.next();
  EXPECT_TRUE(std::ranges::all_of(
      round, [](const Settings& s) { return Policy::create(s.policy).has_value(); }));
  return {std::ranges::count_if(round, [](const auto& s) { return !s.policy.schedules.empty(); }),
          std::ranges::count_if(round, [](const auto& s) { return s.policy.tasks_min > 0; })};
}

TEST(Search, TriesLearnedSchedulesInPlaceOfMinimumsWhenAsked) {
  const auto [without, minimums] = first_round(office_hours(2, 8, 1), false);
  EXPECT_EQ(without, 0);
  EXPECT_GT(minimums, 0);
  const auto [learned, no_minimums] = first_round(office_hours(2, 8, 1), true);
  EXPECT_GT(learned, 0);
  EXPECT_EQ(no_minimums, 0);
}

TEST(Search, KeepsMinimumsWhereThereIsNothingToLearn) {
  Question question = office_hours(1, 8, 1);
  question.scenario.length = days(1);
  EXPECT_EQ(first_round(question, true), first_round(question, false));
}

}  // namespace
}  // namespace scaler::study
