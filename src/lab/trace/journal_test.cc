// This program's own log: whose passes count, and what arrived between them.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include "lab/trace/test_support.h"

namespace scaler::trace {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Instant kFirstPass{std::chrono::sys_days(std::chrono::year(2026) / 11 / 2)};

/// `place` is what a record says of where the service is: "" or `"region":"eu-west-1",`.
std::string pass_at(Duration after, int visible, int in_flight, std::string_view place = "") {
  return fmt::format(
      R"({{"message":"pass","record":{{"at":"{}","cluster":"production",)"
      R"("service_name":"thumbnails",{}"queues":[{{"visible":{},"in_flight":{},"delayed":0}}],)"
      R"("service":{{"desired":4,"running":4,"pending":0,"status":"ACTIVE","deploying":false}},)"
      R"("decision":{{"action":"hold","desired":4,"demand":4,"steps":[],"state":{{}}}},)"
      R"("outcome":"held","errors":[]}}}})"
      "\n",
      format_instant(kFirstPass + after), place, visible, in_flight);
}

std::string passes_every(Duration step, Duration from, int count, int in_flight) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += pass_at(from + i * step, 0, in_flight);
  }
  return text;
}

constexpr Duration kMinutes = std::chrono::minutes(1);
constexpr Duration kHours = std::chrono::hours(1);
const ReadOptions kTwentySeconds{.work_time = std::chrono::seconds(20)};

TEST(Journal, TheSameNamesInTwoPlacesAreTwoServices) {
  constexpr std::string_view kHere = R"("region":"eu-central-1","account":"111111111111",)";
  for (const std::string_view there : {R"("region":"eu-west-1","account":"111111111111",)",
                                       R"("region":"eu-central-1","account":"222222222222",)"}) {
    std::string text;
    for (int i = 0; i < 60; ++i) {
      text +=
          pass_at(i * kMinutes, 0, 4, kHere) + pass_at(i * kMinutes + kMinutes / 12, 0, 0, there);
    }
    const std::string other = there.contains("west")
                                  ? "111111111111/eu-west-1/production/thumbnails"
                                  : "222222222222/eu-central-1/production/thumbnails";
    EXPECT_THAT(error_of(text),
                HasSubstr("it holds passes of 2 services, such as "
                          "'111111111111/eu-central-1/production/thumbnails' and '" +
                          other + "': say which with --column, such as --column '" + other + "'"));
    EXPECT_THAT(error_of(text, {.column = "production/thumbnails"}), HasSubstr("of 2 services"));
    for (const char* wanted :
         {"111111111111/eu-central-1/production/thumbnails",
          "arn:aws:ecs:eu-central-1:111111111111:service/production/thumbnails"}) {
      ReadOptions options = kTwentySeconds;
      options.column = wanted;
      EXPECT_DOUBLE_EQ(must_read(text, options).messages(), 59 * 12) << wanted;
    }
    const std::string part = there.contains("west") ? "eu-west-1/production/thumbnails"
                                                    : "222222222222/production/thumbnails";
    EXPECT_EQ(must_read(text, {.column = part}).messages(), 0);
  }
}

TEST(Journal, WhatDoesNotSayWhereItIsIsNoOtherService) {
  // An earlier version told no place.
  const std::string text = pass_at({}, 0, 0) + pass_at(kMinutes, 5, 0) +
                           pass_at(2 * kMinutes, 9, 0, R"("region":"eu-west-1",)");
  EXPECT_EQ(must_read(text).messages(), 9);
  EXPECT_THAT(error_of(text + pass_at(3 * kMinutes, 9, 0, R"("region":"eu-west-2",)")),
              HasSubstr("it holds passes of 3 services"));
}

TEST(Journal, AHoleIsAGapAndTold) {
  const std::string day = passes_every(kMinutes, {}, 60, 4);
  const Trace trace = must_read(day + passes_every(kMinutes, 120 * kHours, 60, 4), kTwentySeconds);
  EXPECT_THAT(
      trace.remarks,
      Contains(HasSubstr("1 gap (119 h 1 min in all) is not taken to bring no messages, but "
                         "filled with the mean of the neighbours")));
  const Trace open = must_read(day + passes_every(kMinutes, 240 * kHours, 60, 4), kTwentySeconds);
  EXPECT_THAT(open.remarks, Contains(HasSubstr("longer than 7 days and filled with nothing")));
  EXPECT_DOUBLE_EQ(open.messages(), 2 * 59 * 12);
}

TEST(Journal, AHoleAtTheBeginningOrEndIsNoTimeOfTheTrace) {
  const std::string hour = passes_every(kMinutes, 48 * kHours, 60, 4);
  for (const std::string& text : {pass_at({}, 0, 4) + hour, hour + pass_at(96 * kHours, 0, 4),
                                  pass_at({}, 0, 4) + hour + pass_at(96 * kHours, 0, 4)}) {
    const Trace trace = must_read(text, kTwentySeconds);
    EXPECT_DOUBLE_EQ(trace.messages(), 59 * 12);
    EXPECT_EQ(begin_of(trace), "2026-11-04T00:00:00Z");
    EXPECT_THAT(trace.remarks, Contains(HasSubstr("a pass that lies alone")));
  }
}

TEST(Journal, WhatWaitsMoreBehindAHoleDidArrive) {
  const std::string text = passes_every(kMinutes, {}, 60, 0) + pass_at(3 * kHours, 5'000, 0) +
                           pass_at(3 * kHours + kMinutes, 5'000, 0);
  EXPECT_DOUBLE_EQ(must_read(text).messages(), 5'000);
  EXPECT_DOUBLE_EQ(must_read(passes_every(kMinutes, {}, 60, 0) + pass_at(240 * kHours, 5'000, 0) +
                             pass_at(240 * kHours + kMinutes, 5'000, 0))
                       .messages(),
                   5'000);
}

TEST(Journal, ABurstBesideAHoleIsNotRepeatedInIt) {
  std::string text = passes_every(kMinutes, {}, 60, 0);
  text += pass_at(60 * kMinutes, 0, 0) + pass_at(60 * kMinutes + kMinutes / 60, 600, 0) +
          pass_at(80 * kMinutes, 600, 0) + pass_at(81 * kMinutes, 600, 0);
  // 600 in ten minutes in front, none behind: 30 a minute on average, not as many a second.
  EXPECT_LE(must_read(text).messages(), 600 + 20 * 60);
}

TEST(Journal, ALongScheduleMakesNoGaps) {
  std::string bursts;
  for (int i = 0; i < 24; ++i) {
    bursts += pass_at(i * 5 * kMinutes, 0, 1);
    for (int j = 1; j < 20; ++j) {
      bursts += pass_at(i * 5 * kMinutes + j * kMinutes / 60, 0, 1);
    }
  }
  for (const std::string& text :
       {bursts, passes_every(15 * kMinutes, {}, 20, 1), passes_every(kMinutes, {}, 20, 1)}) {
    EXPECT_THAT(must_read(text, kTwentySeconds).remarks, Each(Not(HasSubstr("gap"))));
  }
}

}  // namespace
}  // namespace scaler::trace
