#include "ground/base/text.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(LowerCase, ChangesTheLettersOfAsciiAlone) {
  EXPECT_EQ(lower_case("AZaz09[@`{-_ "), "azaz09[@`{-_ ");
  EXPECT_EQ(lower_case("\xc3\x84"), "\xc3\x84");  // "A" with two dots is no letter A to Z.
  EXPECT_EQ(lower_case(""), "");
}

TEST(Split, KeepsEmptyPartsAndHasAtLeastOne) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(split("", ":"), Parts{""});
  EXPECT_EQ(split("a", ":"), Parts{"a"});
  EXPECT_EQ(split(":a::b:", ":"), (Parts{"", "a", "", "b", ""}));
  EXPECT_EQ(split("1 2\t3", " \t"), (Parts{"1", "2", "3"}));
}

}  // namespace
}  // namespace scaler
