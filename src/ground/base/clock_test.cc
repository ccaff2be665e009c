#include "ground/base/clock.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

using namespace std::chrono_literals;

TEST(Instant, RoundTripsThroughRfc3339) {
  for (const char* text : {"2026-11-23T12:00:00Z", "2026-11-23T12:00:00.007Z",
                           "1970-01-01T00:00:00Z", "2024-02-29T23:59:59.999Z"}) {
    const Result<Instant> instant = parse_instant(text);
    ASSERT_TRUE(instant.has_value()) << text;
    EXPECT_EQ(format_instant(*instant), text);
  }
}

TEST(Instant, ReadsOffsetsAndFractions) {
  EXPECT_EQ(format_instant(*parse_instant("2026-11-23T14:00:00+02:00")), "2026-11-23T12:00:00Z");
  EXPECT_EQ(format_instant(*parse_instant("2026-11-23T06:30:00-0530")), "2026-11-23T12:00:00Z");
  EXPECT_EQ(format_instant(*parse_instant("2026-11-23T12:00:00.1239999Z")),
            "2026-11-23T12:00:00.123Z");
}

TEST(Instant, IsWrittenWithAllItsDigits) {
  const Instant epoch = {};
  EXPECT_EQ(format_instant(epoch), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_instant(epoch + 5ms), "1970-01-01T00:00:00.005Z");
  EXPECT_EQ(format_instant(epoch - 1ms), "1969-12-31T23:59:59.999Z");
  const auto first_of = [](int year) {
    return Instant(std::chrono::sys_days(std::chrono::year(year) / 1 / 1));
  };
  EXPECT_EQ(format_instant(first_of(11)), "0011-01-01T00:00:00Z");
  EXPECT_EQ(format_instant(first_of(9999)), "9999-01-01T00:00:00Z");
  EXPECT_EQ(format_instant(first_of(10'988)), "10988-01-01T00:00:00Z");
  EXPECT_EQ(format_instant(first_of(-29)), "-029-01-01T00:00:00Z");
}

TEST(Instant, RefusesWhatIsNoTime) {
  for (const char* text : {"", "yesterday", "2026-11-23", "2026-11-23T12:00:00",
                           "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T24:00:00Z",
                           "2026-11-23T12:60:00Z", "2026-11-23T12:00:00.Z", "2026-11-23T12:00:00Zz",
                           "2026-11-23T12:00:00+25:00", "-026-11-23T12:00:00Z"}) {
    EXPECT_FALSE(parse_instant(text).has_value()) << text;
  }
}

TEST(Duration, IsWrittenForPeople) {
  EXPECT_EQ(format_duration(250ms), "250 ms");
  EXPECT_EQ(format_duration(0ms), "0 s");
  EXPECT_EQ(format_duration(8400ms), "8.4 s");
  EXPECT_EQ(format_duration(60s), "1 min");
  EXPECT_EQ(format_duration(95s), "1 min 35 s");
  EXPECT_EQ(format_duration(90min), "1 h 30 min");
  EXPECT_EQ(format_duration(2h), "2 h");
  EXPECT_EQ(format_duration(-5s), "-5 s");
}

TEST(SystemClock, StopsWaitingWhenAsked) {
  const std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(system_clock().wait_until(system_clock().now() + 1h, stop.get_token()));
  EXPECT_TRUE(system_clock().wait_until(system_clock().now() - 1s, std::stop_token()));
}

TEST(SystemClock, TakesAnInstantBeyondTheNanosecondsOfASteadyClock) {
  const std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(system_clock().wait_until(Instant::max(), stop.get_token()));
}

}  // namespace
}  // namespace scaler
