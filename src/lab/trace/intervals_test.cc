// Gaps, copies, order and local time.
#include <gmock/gmock.h>

#include "lab/trace/test_support.h"

namespace scaler::trace {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Instant at(std::string_view text) {
  return parse_instant(text).value_or(Instant());
}

TEST(Intervals, WhereZeroesStandAMissingRowIsNotZero) {
  const Trace trace = must_read(
      "2026-11-23 12:00,0\n2026-11-23 12:01,10\n2026-11-23 12:04,30\n2026-11-23 12:05,NaN\n"
      "2026-11-23 12:06,20\n2026-11-23 12:07,0\n");
  // 20 in each of 12:02 and 12:03, 25 in 12:05.
  EXPECT_DOUBLE_EQ(trace.messages(), 60 + 40 + 25);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("2 gaps (3 min in all) are not taken to bring no "
                                                "messages, but filled with the mean")));
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("1 row has no value")));
  for (std::size_t i = 1; i < trace.intervals.size(); ++i) {
    EXPECT_EQ(trace.intervals.at(i - 1).begin + trace.intervals.at(i - 1).length,
              trace.intervals.at(i).begin);
  }
}

TEST(Intervals, WhereOnlyWhatHappenedIsCountedAMissingRowIsZero) {
  const Trace trace = must_read("2026-11-23 12:00,1\n2026-11-23 12:01,10\n2026-11-23 12:09,3\n");
  EXPECT_EQ(trace.messages(), 14);
  EXPECT_EQ(trace.typical, 1min);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("1 gap (7 min in all) is taken to bring no "
                                                "messages, because there are rows of 1 but none")));
}

TEST(Intervals, ALongGapIsFilledWithTheSameHourOfOtherDays) {
  // Days of 100 by day and 2 at night; the second night is missing from 20:00 to 04:00.
  std::string text;
  for (int day = 20; day < 23; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      const bool missing = (day == 20 && hour >= 20) || (day == 21 && hour < 4);
      if (!missing) {
        text += "2026-11-" + std::to_string(day) + (hour < 10 ? " 0" : " ") + std::to_string(hour) +
                ":00," + (hour >= 20 || hour < 4 ? "2" : "100") + "\n";
      }
    }
  }
  const Trace trace = must_read(text);
  EXPECT_DOUBLE_EQ(trace.messages(), 3 * (8 * 2 + 16 * 100));
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("1 gap (8 h in all)")));
}

TEST(Intervals, MonthsWithoutRowsAreNotMadeUp) {
  const Trace trace = must_read("2026-01-01 12:00,5\n2026-01-01 12:01,7\n2026-03-01 12:00,6\n");
  EXPECT_EQ(trace.messages(), 18);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("longer than 7 days")));
}

TEST(Intervals, CoarserRowsAreNoGaps) {
  const Trace trace = must_read(rows(at("2026-11-23T00:00:00Z"), 5min, 24, 50) +
                                rows(at("2026-11-23T02:00:00Z"), 1min, 60, 10));
  EXPECT_DOUBLE_EQ(trace.messages(), 24 * 50 + 60 * 10);
  EXPECT_EQ(trace.intervals.size(), 84U);
  EXPECT_EQ(trace.intervals.front().length, 5min);
  EXPECT_THAT(trace.remarks, Contains("rows are not equally far apart: 1 min mostly, up to 5 min"));
}

TEST(Intervals, AGapAmongCoarserRowsIsFilledAtTheirRate) {
  const Trace trace = must_read(rows(at("2026-11-23T00:00:00Z"), 5min, 12, 50) +
                                rows(at("2026-11-23T01:20:00Z"), 5min, 12, 50) +
                                rows(at("2026-11-23T02:20:00Z"), 1min, 60, 10));
  EXPECT_NEAR(trace.messages(), 28 * 50 + 60 * 10, 1e-6);
  std::string told = "time,period_seconds,sent\n";
  for (int i = 0; i < 48; ++i) {
    told += i == 20 || i == 21 ? ""
                               : format_instant(at("2026-11-20T00:00:00Z") + i * 1h) + ",3600,60\n";
  }
  for (int i = 0; i < 60; ++i) {
    told += format_instant(at("2026-11-22T00:00:00Z") + i * 1min) + ",60,1\n";
  }
  EXPECT_NEAR(must_read(told + "2026-11-22T01:00:00Z,60,0\n").messages(), 48 * 60 + 60, 1e-6);
}

TEST(Intervals, DaysAndHoursHaveTheirCaveat) {
  EXPECT_THAT(must_read("2026-11-21,500\n2026-11-22,400\n").remarks,
              Contains(HasSubstr("a row stands for a day")));
  EXPECT_THAT(must_read("2026-11-21,500\n").remarks, Contains(HasSubstr("a row stands for a day")));
  EXPECT_THAT(must_read("2026-11-21 12:00,500\n2026-11-21 13:00,400\n").remarks,
              Contains(HasSubstr("a row stands for 1 h")));
  EXPECT_THAT(must_read("2026-11-21 12:00,500\n2026-11-21 12:30,400\n").remarks, IsEmpty());
}

TEST(Intervals, TheHourThatLocalTimeRepeatsIsTwoHours) {
  // Berlin puts its clocks back at 03:00 on 2026-10-25, New York at 02:00 on 2026-11-01.
  for (const auto& [until, from] : {std::pair("2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"),
                                    std::pair("2026-11-01T02:00:00Z", "2026-11-01T01:00:00Z")}) {
    for (const Duration step : {Duration(5min), Duration(30min), Duration(1h)}) {
      const auto count = static_cast<std::size_t>(4h / step);
      const Trace trace =
          must_read(rows(at(until) - 4h, step, count, 3) + rows(at(from), step, count, 4));
      EXPECT_EQ(trace.end() - trace.begin(), 8h) << until;
      EXPECT_EQ(trace.intervals.size(), 2 * count);
      EXPECT_THAT(trace.remarks, Contains(AllOf(HasSubstr("clocks were put back at 2026-1"),
                                                HasSubstr(":00:00 local time, and what follows"))));
    }
  }
}

TEST(Intervals, TheHourThatLocalTimeSkipsIsNone) {
  const Trace trace = must_read(rows(at("2026-03-28T22:00:00Z"), 5min, 48, 0) +
                                rows(at("2026-03-29T03:00:00Z"), 5min, 48, 4));
  EXPECT_EQ(trace.end() - trace.begin(), 8h);
  EXPECT_THAT(trace.remarks,
              Contains(HasSubstr("clocks were put forward at 2026-03-29T03:00:00 local "
                                 "time, and what follows is moved")));
  // On any other day, or where the zone stands there, it is a gap.
  EXPECT_THAT(must_read(rows(at("2026-03-27T22:00:00Z"), 5min, 48, 0) +
                        rows(at("2026-03-28T03:00:00Z"), 5min, 48, 4))
                  .remarks,
              Contains(HasSubstr("1 gap (1 h in all)")));
}

TEST(Intervals, NewestFirstIsNoDisorder) {
  const Trace trace = must_read("2026-11-23 12:02,3\n2026-11-23 12:01,2\n2026-11-23 12:00,0\n");
  EXPECT_THAT(trace.remarks, IsEmpty());
  EXPECT_EQ(trace.intervals.back().messages, 3);
}

}  // namespace
}  // namespace scaler::trace
