#include "ground/base/text.h"

#include <array>

#include <gtest/gtest.h>

namespace scaler {
namespace {

TEST(LowerCase, ChangesTheLettersOfAsciiAlone) {
  EXPECT_EQ(lower_case("AZaz09[@`{-_ "), "azaz09[@`{-_ ");
  EXPECT_EQ(lower_case("\xc3\x84"), "\xc3\x84");  // "A" with two dots is no letter A to Z.
  EXPECT_EQ(lower_case(""), "");
  EXPECT_EQ(upper_case("AZaz09[@`{-_ \xc3\xa4"), "AZAZ09[@`{-_ \xc3\xa4");
  EXPECT_TRUE(equal_in_any_case("TrUe", "true"));
  EXPECT_FALSE(equal_in_any_case("true ", "true"));
  EXPECT_FALSE(equal_in_any_case("@", "`"));
}

TEST(Split, KeepsEmptyPartsAndHasAtLeastOne) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(split("", ":"), Parts{""});
  EXPECT_EQ(split("a", ":"), Parts{"a"});
  EXPECT_EQ(split(":a::b:", ":"), (Parts{"", "a", "", "b", ""}));
  EXPECT_EQ(split("1 2\t3", " \t"), (Parts{"1", "2", "3"}));
}

constexpr std::array<std::string_view, 4> kKnown{"once", "run", "config", "--dry-run"};

TEST(NearestWord, IsTheOneWithTheFewestEdits) {
  EXPECT_EQ(nearest_word("onec", kKnown), "once");
  EXPECT_EQ(nearest_word("cofnig", kKnown), "config");
  EXPECT_EQ(nearest_word("--dry-rnu", kKnown), "--dry-run");
  EXPECT_EQ(nearest_word("run", kKnown), "run");
  EXPECT_EQ(nearest_word("CONFIG", kKnown), "config");
  EXPECT_EQ(nearest_word("urn", kKnown), "run");  // Neighbours that changed places are one edit.
}

TEST(NearestWord, IsNoneWhenNoneIsNear) {
  EXPECT_EQ(nearest_word("terminate", kKnown), std::nullopt);
  EXPECT_EQ(nearest_word(std::string(1000, 'o'), kKnown), std::nullopt);
  EXPECT_EQ(nearest_word("once", {}), std::nullopt);
}

TEST(NearestWord, OfThreeLettersNoTwoAreWrong) {
  EXPECT_EQ(nearest_word("man", kKnown), std::nullopt);
  EXPECT_EQ(nearest_word("rum", kKnown), "run");
  constexpr std::array<std::string_view, 2> kShort{"-h", "--all"};
  EXPECT_EQ(nearest_word("-v", kShort), std::nullopt);
  EXPECT_EQ(nearest_word("--al", kShort), "--all");
}

TEST(NearestWord, MayBeTheOnlyOneThatBeginsSo) {
  constexpr std::array<std::string_view, 3> kFlags{"--queue-url", "--total-limit", "--total-time"};
  EXPECT_EQ(nearest_word("--queue", kFlags), "--queue-url");
  EXPECT_EQ(nearest_word("--tot", kFlags), std::nullopt);
  EXPECT_EQ(nearest_word("--q", kFlags), std::nullopt);
}

TEST(NearestWord, OfTwoThatAreAsNearIsTheFirst) {
  constexpr std::array<std::string_view, 2> kTwins{"text", "test"};
  EXPECT_EQ(nearest_word("tet", kTwins), "text");
}

TEST(DidYouMean, IsTheEndOfASentence) {
  EXPECT_EQ(did_you_mean("onec", kKnown), "; did you mean 'once'?");
  EXPECT_EQ(did_you_mean("terminate", kKnown), "");
}

TEST(Wrapped, BreaksAtBlanks) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrapped("one two three", 6), "one\ntwo\nthree");
  EXPECT_EQ(wrapped("one two three", 13), "one two three");
  EXPECT_EQ(wrapped("", 5), "");
}

TEST(Wrapped, KeepsLinesWhereTheyBeginAndColumnsThatFit) {
  EXPECT_EQ(wrapped("a   b\n\n  c d e", 5), "a   b\n\n  c d\n  e");
  EXPECT_EQ(wrapped("  one two", 7, 2), "  one\n    two");
}

TEST(Wrapped, LeavesAWordThatIsWiderThanTheLine) {
  EXPECT_EQ(wrapped("a extraordinary b", 5), "a\nextraordinary\nb");
  EXPECT_EQ(wrapped("extraordinary", 5), "extraordinary");
  EXPECT_EQ(wrapped("    a b", 3), "    a\n    b");
}

TEST(NumberOf, TakesAllOfTheTextOrNothing) {
  EXPECT_EQ(number_of<int>("-12"), -12);
  EXPECT_EQ(number_of<double>("1.5e3"), 1500);
  EXPECT_EQ(number_of<int>("7f", 16), 127);
  EXPECT_EQ(number_of<std::int64_t>("9223372036854775807"), 9223372036854775807);
  for (const char* text : {"", " 1", "1 ", "+1", "1.5", "x", "2147483648", "0x10"}) {
    EXPECT_EQ(number_of<int>(text), std::nullopt) << text;
  }
  EXPECT_EQ(number_of<unsigned>("-1"), std::nullopt);
  EXPECT_EQ(number_of<int>("7g", 16), std::nullopt);
}

TEST(Hex, HasTwoSmallDigitsForEachByte) {
  constexpr std::array<unsigned char, 3> kBytes{0x00, 0x0f, 0xa9};
  EXPECT_EQ(hex(kBytes), "000fa9");
  EXPECT_EQ(hex({}), "");
}

TEST(MarkupText, HoldsNothingThatMarkupWouldRead) {
  EXPECT_EQ(markup_text("5 < 6 & \"why\"\n> \x01é"), "5 &lt; 6 &amp; &quot;why&quot;&#10;&gt; ?é");
}

TEST(Plural, IsForAllButOne) {
  EXPECT_EQ(plural(0, "task"), "0 tasks");
  EXPECT_EQ(plural(1, "task"), "1 task");
  EXPECT_EQ(plural(2, "task"), "2 tasks");
}

}  // namespace
}  // namespace scaler
