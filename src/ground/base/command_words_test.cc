#include "ground/base/command_words.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

using Words = std::vector<std::string>;

TEST(SplitCommand, FollowsAShellsQuotes) {
  EXPECT_EQ(*split_command(" a  b\tc "), (Words{"a", "b", "c"}));
  EXPECT_EQ(*split_command(R"(a 'b "c' "d 'e" f\ g)"), (Words{"a", "b \"c", "d 'e", "f g"}));
  EXPECT_EQ(*split_command(R"(a"b"'c' "x\"y\\z\n" '\')"), (Words{"abc", "x\"y\\z\\n", "\\"}));
  EXPECT_EQ(*split_command("a '' \"\" $X | b"), (Words{"a", "", "", "$X", "|", "b"}));
}

TEST(SplitCommand, RefusesAnOpenQuoteAndNoWord) {
  for (const char* text : {"a 'b", "a \"b", "a \\", "", "  "}) {
    EXPECT_EQ(split_command(text).error().kind, ErrorKind::Malformed) << text;
  }
}

}  // namespace
}  // namespace scaler
