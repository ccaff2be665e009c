#include "ground/base/problems.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(Problems, AreToldTogetherAndEachOnce) {
  Problems problems;
  EXPECT_TRUE(problems.result().has_value());

  for (const char* problem : {"a", "b", "a", "a; b", "b"}) {
    problems.add(problem);
  }
  problems.add_if_failed(Result<int>(1));
  problems.add_if_failed(Result<int>(fail(ErrorKind::Denied, "c")));

  EXPECT_EQ(problems.result().error().kind, ErrorKind::Malformed);
  EXPECT_EQ(problems.result().error().message, "a\nb\na; b\nc");
}

TEST(Problems, OfAPartStandBesideTheOthers) {
  Problems part;
  part.add("$.a is missing");
  part.add("$.b is missing");
  Problems whole;
  whole.add("$.a is missing");
  whole.add_if_failed(part.result());

  EXPECT_EQ(whole.result().error().message, "$.a is missing\n$.b is missing");
}

TEST(Problems, BeyondAScreenAreCounted) {
  Problems problems;
  for (int i = 0; i < 1000; ++i) {
    problems.add("problem " + std::to_string(i));
  }

  EXPECT_TRUE(problems.full());
  const std::string message = problems.result().error().message;
  EXPECT_LT(message.size(), 2100U);
  EXPECT_TRUE(message.ends_with(" more")) << message;
}

TEST(Shortened, CutsNoCharacterApart) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc...");
  EXPECT_EQ(shortened("ab\u00fcc", 3), "ab...");
}

TEST(Problems, QuoteControlCharactersSoThatTheyAreSeen) {
  EXPECT_EQ(shortened("jobs\n"), "jobs\\n");
  EXPECT_EQ(shortened("a\r\tb"), "a\\r\\tb");
  EXPECT_EQ(shortened("\x1b[31mred\x7f"), "\\x1b[31mred\\x7f");
  EXPECT_EQ(shortened("\u00fc\nab", 3), "\u00fc\\n...");
  EXPECT_EQ(shortened("\u009b31m \u00a0 \u00c2\x80"), "\\x9b31m \u00a0 \u00c2\x80");
}

}  // namespace
}  // namespace scaler
