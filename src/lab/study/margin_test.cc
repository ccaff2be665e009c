#include "lab/study/margin.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace scaler::study {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr Duration kPart = hours(3);

/// A hundred messages in each part, of which so many are late; those by a second, another each.
sim::Score scored(const std::vector<std::int64_t>& late) {
  sim::Score score;
  for (const std::int64_t count : late) {
    score.parts.push_back({.messages = 100, .late = count});
    score.waiting.add(Duration(100), 100 - count);
    for (std::int64_t number = 0; number < count; ++number) {
      score.waiting.add(Duration(1000 + number));
    }
  }
  return score;
}

std::vector<std::int64_t> repeated(const std::vector<std::int64_t>& day, int times) {
  std::vector<std::int64_t> all;
  for (int i = 0; i < times; ++i) {
    all.insert(all.end(), day.begin(), day.end());
  }
  return all;
}

Duration margin(const std::vector<std::int64_t>& late, double share = 0.95) {
  return margin_of(scored(late), share, kPart);
}

TEST(Margin, IsNoneWhereNobodyIsLateOrAllPartsAreAlike) {
  EXPECT_EQ(margin(repeated({0}, 15)), Duration(0));
  EXPECT_EQ(margin(repeated({4}, 15)), Duration(0));
  EXPECT_EQ(margin_of(sim::Score{}, 0.95, kPart), Duration(0));
}

// Of both about 4 % are late. Half as many bursts more, and it is more than 5 %.
TEST(Margin, GrowsWithWhatDiffersBetweenTheParts) {
  EXPECT_EQ(margin({4, 5, 4, 3, 4, 4, 5, 3, 4, 4, 5, 4, 3, 4, 4}), Duration(0));
  EXPECT_GE(margin({0, 0, 15, 0, 0, 0, 15, 0, 15, 0, 0, 0, 0, 15, 0}), Duration(900));
}

TEST(Margin, IsNoneForWhatIsLateAtTheSameHourOfEachDay) {
  EXPECT_EQ(margin(repeated({0, 32, 0, 0, 0, 0, 0, 0}, 4)), Duration(0));
  std::vector<std::int64_t> nights(32);
  for (const std::size_t at : {1U, 12U, 18U, 31U}) {
    nights.at(at) = 32;
  }
  EXPECT_GE(margin(nights), Duration(900)) << "late at any hour";
}

TEST(Margin, IsNoneForWhatIsLateOnTheSameDayOfEachWeek) {
  std::vector<std::int64_t> week(7 * 8);
  week.at(8) = week.at(9) = 100;
  EXPECT_EQ(margin(repeated(week, 2)), Duration(0));
  EXPECT_GE(margin(week), Duration(900)) << "who knows when it comes again";
}

// As many are late in as many parts: first of any day, then of three of sixteen.
TEST(Margin, GrowsWhereWholeDaysAreLate) {
  std::vector<std::int64_t> scattered(16 * 8);
  for (std::size_t i = 0; i < 24; ++i) {
    scattered.at(5 * i) = 20;
  }
  EXPECT_EQ(margin(scattered, 0.93), Duration(0));
  std::vector<std::int64_t> together(16 * 8);
  for (const std::ptrdiff_t day : {1, 4, 13}) {
    std::fill_n(together.begin() + 8 * day, 8, 20);
  }
  EXPECT_GE(margin(together, 0.93), Duration(900));
}

TEST(Margin, IsNeverBeyondTheLongest) {
  const sim::Score score = scored({0, 0, 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(score.waiting.quantile(0.95) + margin_of(score, 0.95, kPart), score.waiting.max());
  EXPECT_EQ(margin_of(score, 1, kPart), Duration(0));
}

TEST(Margin, OfShortTimesHasShortParts) {
  EXPECT_EQ(length_of_parts(days(2)), kPart);
  EXPECT_EQ(length_of_parts(hours(32)), hours(2));
}

}  // namespace
}  // namespace scaler::study
