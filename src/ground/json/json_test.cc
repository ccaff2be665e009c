#include <cstdlib>

#include <gtest/gtest.h>

#include "ground/json/members.h"
#include "ground/json/reader.h"
#include "ground/json/value.h"
#include "ground/json/writer.h"

namespace scaler::json {
namespace {

TEST(Parse, KeepsOrderAndKinds) {
  const std::string text =
      R"({"b":1,"a":[true,null,-2.5,"x\u00e4\n"],"c":{"d":9223372036854775807}})";
  const Result<Value> value = parse(text);
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(Writer().value(*value).text(),
            "{\"b\":1,\"a\":[true,null,-2.5,\"x\xc3\xa4\\n\"],\"c\":{\"d\":9223372036854775807}}");
}

TEST(Parse, RefusesWhatIsNotOneDocument) {
  for (const char* text : {"", "{", "{}}", "{} {}", "[1,]", "nul", "{\"a\":1,\"a\":2}", "'a'", "01",
                           "{\"a\":}", "\"\xff\"", "[1] x"}) {
    const Result<Value> value = parse(text);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_EQ(value.error().kind, ErrorKind::Malformed);
    EXPECT_TRUE(value.error().message.starts_with("not JSON: ")) << value.error().message;
  }
}

TEST(Parse, FindsARepeatedNameAmongFewAndMany) {
  for (const int count : {1, 47, 48, 49, 1000, 60'000}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i) {
      text += "\"m" + std::to_string(i) + "\":1,";
    }
    EXPECT_TRUE(parse(text + "\"\":2}").has_value()) << count;
    EXPECT_EQ(parse(text + "\"m0\":2}").error().message, "not JSON: the member 'm0' stands twice");
    EXPECT_EQ(parse(text + "\"\":2,\"\":2}").error().message,
              "not JSON: the member '' stands twice");
  }
}

TEST(Parse, EchoesOnlyTheBeginningOfALongName) {
  const std::string name = "\"" + std::string(100'000, 'n') + "\":1";
  EXPECT_LT(parse("{" + name + "," + name + "}").error().message.size(), 300U);
}

TEST(Parse, TakesWhatWindowsWritesOrSaysSo) {
  EXPECT_TRUE(parse("\xEF\xBB\xBF{}").has_value());
  EXPECT_FALSE(parse("{}\xEF\xBB\xBF").has_value());
  for (const std::string_view text :
       {std::string_view("\xFF\xFE{\0}\0", 6), std::string_view("\xFE\xFF\0{\0}", 6)}) {
    EXPECT_EQ(parse(text).error().message, "not JSON: it is UTF-16: save it as UTF-8");
  }
}

TEST(Parse, AllowsBlanksAroundTheDocument) {
  EXPECT_TRUE(parse(" \n{}\r\n ").has_value());
}

// Boost.JSON 1.81 reads some of these as a neighbour of the nearest number.
TEST(Parse, RoundsToTheNearestNumber) {
  for (const char* text : {"922332233720368547758009.0", "1234567890123456789012345.7890123456789",
                           "0.1234567890123456789", "1.7976931348623157e308", "5e-324",
                           "123456789.123456789e-200", "-3.0000000000000000000001e-7"}) {
    const Value value = *parse(text);
    EXPECT_EQ(std::get<double>(value.data()), std::strtod(text, nullptr)) << text;
    EXPECT_EQ(Writer().value(*parse(Writer().value(value).text())).text(),
              Writer().value(value).text());
  }
}

TEST(Parse, LimitsTheDepth) {
  EXPECT_TRUE(parse(std::string(60, '[') + std::string(60, ']')).has_value());
  EXPECT_FALSE(parse(std::string(100'000, '[')).has_value());
}

TEST(Parse, ChecksButDoesNotKeepWhatIsUnread) {
  const auto written = [](std::string_view text) {
    const Result<Value> value = parse(text, "x");
    return value ? Writer().value(*value).text() : value.error().message;
  };
  EXPECT_EQ(written(R"({"a":1,"x":[{"b":"c"},[2]],"d":{"x":{"x":{}},"e":3}})"),
            R"({"a":1,"x":null,"d":{"x":null,"e":3}})");
  EXPECT_EQ(written(R"([{"x":[]},{"x":{"a":[]}}])"), R"([{"x":null},{"x":null}])");
  EXPECT_EQ(written(R"({"x":"text","y":[1]})"), R"({"x":"text","y":[1]})");
  EXPECT_EQ(written(R"(["x",["x",[1]]])"), R"(["x",["x",[1]]])");
  EXPECT_TRUE(written(R"({"x":[1,}]})").starts_with("not JSON: "));
  EXPECT_EQ(written(R"({"x":[],"x":[]})"), "not JSON: the member 'x' stands twice");
}

TEST(Reader, ErrorsNamePathValueAndWhatWouldBeRight) {
  const Value value = *parse(R"({"queues":[{"visible":-1}],"at":"noon","n":1.5,"s":5})");
  const Reader root(value);
  const Reader queue = (*root.field("queues")->items())[0];
  EXPECT_EQ(queue.field("visible")->integer({.min = 0}).error().message,
            "$.queues[0].visible: -1 is not a whole number of at least 0");
  EXPECT_EQ(queue.field("in_flight").error().message, "$.queues[0].in_flight is missing");
  EXPECT_EQ(root.field("at")->instant().error().message,
            "$.at: 'noon' is not an RFC 3339 time such as 2026-11-23T12:00:00Z");
  EXPECT_EQ(root.field("n")->integer({.min = 1, .max = 9}).error().message,
            "$.n: 1.5 is not a whole number from 1 to 9");
  EXPECT_EQ(root.field("s")->string().error().message, "$.s: 5 is not a string");
  EXPECT_EQ(root.field("queues")->boolean().error().message,
            "$.queues: an array is not true or false");
  EXPECT_EQ(root.items().error().message, "$: an object is not an array");
  EXPECT_EQ(root.field("s")->field("x").error().message, "$.s: 5 is not an object");
}

TEST(Reader, RefusesUnknownFieldsWithTheNearestKnownName) {
  const Value value = *parse(R"({"tasks_maxx":1})");
  EXPECT_EQ(Reader(value).only_fields({"tasks_min", "tasks_max"}).error().message,
            "$.tasks_maxx is not a known field; did you mean 'tasks_max'?");
  const Value other = *parse(R"({"colour":1})");
  EXPECT_EQ(Reader(other).only_fields({"tasks_min"}).error().message,
            "$.colour is not a known field");
}

TEST(Reader, KeepsMessagesShortWhateverTheDocument) {
  std::string text = "{\"" + std::string(100'000, 'n') + "\":1";
  for (int i = 0; i < 20'000; ++i) {
    text += ",\"unknown" + std::to_string(i) + "\":1";
  }
  const Value value = *parse(text + "}");
  const std::string message = Reader(value).only_fields({"tasks_min"}).error().message;
  EXPECT_LT(message.size(), 2500U);
  EXPECT_TRUE(message.ends_with(" more")) << message;
  EXPECT_LT(Reader(value).field(std::string(100'000, 'f')).error().message.size(), 300U);
  const Value umlauts = *parse("\"" + std::string(59, 'a') + "\u00e4\u00e4\"");
  EXPECT_EQ(Reader(umlauts).boolean().error().message,
            "$: '" + std::string(59, 'a') + "...' is not true or false");
}

TEST(Reader, TakesNullForAbsent) {
  const Value value = *parse(R"({"a":null})");
  EXPECT_FALSE(Reader(value).optional_field("a").has_value());
  EXPECT_FALSE(Reader(value).field("a").has_value());
}

TEST(Reader, ReadsSecondsToTheMillisecond) {
  const Value value = *parse(R"([1.5, 120, -1, 1e300, "2"])");
  const auto items = *Reader(value).items();
  EXPECT_EQ(*items[0].seconds(), Duration(1500));
  EXPECT_EQ(*items[1].seconds(), Duration(120'000));
  EXPECT_FALSE(items[2].seconds().has_value());
  EXPECT_FALSE(items[3].seconds().has_value());
  EXPECT_FALSE(items[4].seconds().has_value());
}

TEST(Reader, TakesWholeDoublesForIntegersButNothingBeyond64Bits) {
  const Value value = *parse("[5.0, 9223372036854775808, 1e30]");
  const auto items = *Reader(value).items();
  EXPECT_EQ(*items[0].integer(), 5);
  EXPECT_FALSE(items[1].integer().has_value());
  EXPECT_FALSE(items[2].integer().has_value());
}

TEST(Writer, WritesNumbersThatReadBackTheSame) {
  EXPECT_EQ(Writer().begin_array().value(0.1).value(1e300 * 1e300).value(7).end_array().text(),
            "[0.1,null,7]");
  EXPECT_EQ(Writer().value(-0.0).text(), "0");
}

TEST(JsonMembers, TakeWhatIsMissingOrOfAnotherTypeAsNotThere) {
  const Result<Value> object = parse(
      R"({"text":"a","empty":"","whole":7,"written":"-8","part":1.5,"list":[1,2],"none":null})");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(*text_member(*object, "text"), "a");
  EXPECT_EQ(*text_member(*object, "empty"), "");
  EXPECT_EQ(text_in(*object, "text"), "a");
  EXPECT_EQ(whole_in(*object, "whole"), 7);
  EXPECT_EQ(whole_in(*object, "written"), -8);
  EXPECT_EQ(elements_in(*object, "list").size(), 2U);
  for (const char* name : {"whole", "list", "none", "absent"}) {
    EXPECT_EQ(text_member(*object, name), nullptr) << name;
    EXPECT_EQ(text_in(*object, name), "") << name;
  }
  for (const char* name : {"text", "empty", "part", "list", "none", "absent"}) {
    EXPECT_EQ(whole_in(*object, name), std::nullopt) << name;
  }
  EXPECT_TRUE(elements_in(*object, "text").empty());
  EXPECT_EQ(text_member(Value(), "text"), nullptr);
}

}  // namespace
}  // namespace scaler::json
