// Values that count up: what they grew by, label by label and over gaps.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include "lab/trace/test_support.h"

namespace scaler::trace {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Duration kStep = std::chrono::minutes(1);

std::string minute_of(int minute) {
  return fmt::format("2026-11-23T{:02}:{:02}:00Z", 10 + minute / 60, minute % 60);
}

bool is_missing(int minute) {
  return minute >= 60 && minute < 90;
}

/// Ten a minute for three hours, of which half an hour is missing.
std::string with_a_gap(const char* instead) {
  std::string text = "time,jobs_total\n";
  for (int i = 0; i < 180; ++i) {
    const std::string value = is_missing(i) ? instead : std::to_string(i * 10);
    text += value.empty() ? "" : fmt::format("{},{}\n", minute_of(i), value);
  }
  return text;
}

void expect_even(const Trace& trace) {
  EXPECT_NEAR(trace.messages(), 1790, 1e-6);
  for (const sim::TraceInterval& interval : trace.intervals) {
    EXPECT_NEAR(interval.messages / static_cast<double>(interval.length / kStep), 10, 1e-6)
        << format_instant(interval.begin);
  }
  EXPECT_THAT(trace.remarks,
              Contains("1 gap (30 min in all) is not filled: what a counter grew by over it is "
                       "spread evenly"));
}

TEST(Counters, WhatGrewOverAGapCountsOnce) {
  expect_even(must_read(with_a_gap("")));
  expect_even(must_read(with_a_gap("NaN")));
  std::string values;
  for (int i = 0; i < 180; ++i) {
    values += is_missing(i) ? ""
                            : fmt::format("{}[{},\"{}\"]", values.empty() ? "" : ",",
                                          1795435200 + i * 60, i * 10);
  }
  expect_even(
      must_read(R"([{"metric":{"__name__":"jobs_enqueued_total"},"values":[)" + values + "]}]"));
}

TEST(Counters, EachLabelHasACounterOfItsOwn) {
  std::string text = "time,queue,jobs_total\n";
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("{0},a,{1}\n{0},b,{2}\n", minute_of(i), i * 10, 1000 + i * 20);
  }
  const Trace trace = must_read(text);
  EXPECT_DOUBLE_EQ(trace.messages(), 1770);
  EXPECT_EQ(trace.intervals.size(), 59U);
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("'jobs_total' counts up, so what it grew by")));
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("'queue' tells 2 counters apart")));
  EXPECT_THAT(trace.remarks, Each(Not(HasSubstr("added to it"))));
  // The same twice is the same.
  EXPECT_DOUBLE_EQ(must_read(text + text.substr(text.find('\n') + 1)).messages(), 1770);
}

TEST(Counters, OfTwoCountersOneMayPauseAndOneBeginAnew) {
  std::string text = "time,queue,host,jobs_total\n";
  for (int i = 0; i < 120; ++i) {
    text += is_missing(i) ? "" : fmt::format("{},a,h,{}\n", minute_of(i), i * 10);
    text += fmt::format("{},b,{},{}\n", minute_of(i), i < 80 ? "h" : "k", i < 80 ? i : i - 80);
  }
  const Trace trace = must_read(text);
  EXPECT_NEAR(trace.messages(), 1190 + 79 + 39, 1e-6);
  for (const sim::TraceInterval& interval : trace.intervals) {
    EXPECT_LE(interval.messages, 11 + 1e-6) << format_instant(interval.begin);
  }
  EXPECT_THAT(trace.remarks, Contains(HasSubstr("1 gap (30 min in all) is not filled")));
}

TEST(Counters, AnotherCounterOrANoteInTheRowTellsNothingApart) {
  std::string text = "time,jobs_enqueued_total,jobs_done_total,health\n";
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("{},{},{},{}\n", minute_of(i), i * 10, i * 9, i % 7 == 0 ? "slow" : "fine");
  }
  EXPECT_DOUBLE_EQ(must_read(text).messages(), 590);
}

TEST(Counters, WhatCannotBeToldIsRefused) {
  // One value a time belongs to one counter, and nothing says which of the two is.
  std::string twice = "time,jobs_total\n";
  std::string falling = twice;
  for (int i = 0; i < 60; ++i) {
    twice += fmt::format("{0},{1}\n{0},{2}\n", minute_of(i), i * 10, 1000 + i * 20);
    falling += fmt::format("{},{}\n", minute_of(i), i % 8);
  }
  EXPECT_THAT(
      error_of(twice),
      HasSubstr("'jobs_total' counts up by its name, but has two values at "
                "2026-11-23T10:00:00Z that no column tells apart: if each row has a count"));
  EXPECT_THAT(error_of(falling),
              HasSubstr("'jobs_total' counts up by its name, but its values fall 7 times and rise "
                        "52 times: if each row has a count of its own, name the column 'count'"));
  EXPECT_THAT(error_of("time,jobs_total\n2026-11-23 12:00,5\n"),
              HasSubstr("what it grew by takes two rows"));
  // What each row counts itself goes down as often as up, whatever it is called.
  EXPECT_EQ(must_read("time,jobs_total\n2026-11-23 12:00,4\n2026-11-23 12:01,5\n"
                      "2026-11-23 12:02,5\n2026-11-23 12:03,4\n")
                .messages(),
            18);
}

TEST(Counters, AFewRowsAreEnough) {
  EXPECT_EQ(must_read("time,Jobs_Total\n2026-11-23 12:00,90\n2026-11-23 12:01,97\n").messages(), 7);
}

}  // namespace
}  // namespace scaler::trace
