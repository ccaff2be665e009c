#include "ground/base/duration.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(ParseDuration, TakesUnitsAndPlainSeconds) {
  EXPECT_EQ(*parse_duration("500ms"), Duration(500));
  EXPECT_EQ(*parse_duration("8.4s"), Duration(8400));
  EXPECT_EQ(*parse_duration("2 m"), std::chrono::minutes(2));
  EXPECT_EQ(*parse_duration("1h"), std::chrono::hours(1));
  EXPECT_EQ(*parse_duration("3d"), std::chrono::hours(72));
  EXPECT_EQ(*parse_duration("5"), std::chrono::seconds(5));
  EXPECT_EQ(*parse_duration("0"), Duration(0));
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "-3s", "soon", "5 s x", "5x", "nan", "inf"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().message,
              "'" + std::string(text) + "' is not a duration such as 500ms, 5s, 2m or 1h");
  }
}

TEST(ParseDuration, RefusesWhatIsLongerThanALife) {
  EXPECT_TRUE(parse_duration("10000d"));
  EXPECT_EQ(parse_duration("10001d").error().message, "'10001d' is longer than 10000 days");
  EXPECT_FALSE(parse_duration("1e300h"));
}

}  // namespace
}  // namespace scaler
