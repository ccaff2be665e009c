#include "emulator/others/metric_math.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/base/test_support.h"

namespace scaler::emulator {
namespace {

using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

using scaler::testing::kNoon;

/// "a" has 1 and 2 in the first two of three minutes, "b" 10 and 20 in the last two.
Result<Series> find(std::string_view id) {
  if (id == "a") {
    return Series{{kNoon, 1}, {kNoon + minutes(1), 2}};
  }
  if (id == "b") {
    return Series{{kNoon + minutes(1), 10}, {kNoon + minutes(2), 20}};
  }
  return fail(ErrorKind::Malformed, "no such id");
}

Result<Series> math(std::string_view expression) {
  return metric_math(expression, {.from = kNoon, .to = kNoon + minutes(3)}, find);
}

TEST(MetricMath, HasAPointWhereAllThatItIsMadeOfHasOne) {
  EXPECT_THAT(*math("a + b * 2"), ElementsAre(Pair(kNoon + minutes(1), 22)));
  EXPECT_THAT(*math("(a - 1) / (2 - a)"), ElementsAre(Pair(kNoon, 0)));
}

TEST(MetricMath, FillsThePeriodsOfTheRange) {
  EXPECT_THAT(
      *math("FILL(a, 0) + FILL(b, 0)"),
      ElementsAre(Pair(kNoon, 1), Pair(kNoon + minutes(1), 12), Pair(kNoon + minutes(2), 20)));
}

TEST(MetricMath, ChoosesByACondition) {
  EXPECT_THAT(*math("IF(a > 1, b, 0)"), ElementsAre(Pair(kNoon, 0), Pair(kNoon + minutes(1), 10)));
}

TEST(MetricMath, SaysWhatItCannotRead) {
  for (const std::string_view wrong : {"", "1", "c", "a +", "(a", "a b", "SUM(a)", "IF(a, 1)",
                                       "FILL(a, b)", "a ^ 2", "1.2.3 * a"}) {
    EXPECT_FALSE(math(wrong).has_value()) << wrong;
  }
  EXPECT_THAT(math("a ^ 2").error().message, HasSubstr("from '^ 2' on"));
  EXPECT_FALSE(math(std::string(1000, '(') + "a").has_value());
}

}  // namespace
}  // namespace scaler::emulator
