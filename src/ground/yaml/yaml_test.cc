#include "ground/yaml/yaml.h"

#include <gtest/gtest.h>

#include "ground/json/writer.h"

namespace scaler::yaml {
namespace {

/// The document as JSON text, or the error.
std::string read(std::string_view text) {
  const Result<json::Value> value = parse(text);
  return value ? json::Writer().value(*value).text() : "error: " + value.error().message;
}

TEST(Yaml, ReadsWhatJsonReads) {
  const std::string text = R"({"a":[1,-2.5,"x",true,null],"b":{"c":"\u00e9\n"}})";
  EXPECT_EQ(read(text), json::Writer().value(*json::parse(text)).text());
}

TEST(Yaml, ReadsBlocksAndComments) {
  EXPECT_EQ(read("a:\n  - b: 1  # one\n    c: two words\n  - [x, 'y']\n"),
            R"({"a":[{"b":1,"c":"two words"},["x","y"]]})");
}

TEST(Yaml, GivesPlainScalarsTheTypesOfTheCoreSchema) {
  EXPECT_EQ(read("[true, False, null, ~, 12, -3, +4, 0x1F, 0o17, 1.5, 1e3, .5]"),
            "[true,false,null,null,12,-3,4,31,15,1.5,1000,0.5]");
}

TEST(Yaml, LeavesWordsThatOnlyLookLikeValuesStrings) {
  EXPECT_EQ(read("[no, on, yes, 1.2.3, 12s, 0x, '7', \"true\", 2026-11-23, !!str 5, -, e5]"),
            R"(["no","on","yes","1.2.3","12s","0x","7","true","2026-11-23","5","-","e5"])");
}

TEST(Yaml, FollowsAliases) {
  EXPECT_EQ(read("a: &x {b: 1}\nc: *x\n"), R"({"a":{"b":1},"c":{"b":1}})");
}

TEST(Yaml, SaysWhereItStops) {
  EXPECT_TRUE(read("a: [1,\nb: 2").starts_with("error: line 2, column"));
  EXPECT_EQ(read("a: 1\nb: 2\na: 3\n"), "error: line 3, column 1: the key 'a' stands twice");
  EXPECT_EQ(read("? [a]\n: 1\n"), "error: line 1, column 3: a key must be a scalar");
  EXPECT_EQ(read("a: !date x\n"), "error: line 1, column 4: the tag !date is not known");
  EXPECT_EQ(read("a: 1\n--- \nb: 1\n"), "error: line 2, column 1: a second document begins");
}

TEST(Yaml, RefusesWhatIsNoDocument) {
  EXPECT_EQ(read(""), "error: there is nothing in it");
  EXPECT_EQ(read("# only a comment\n"), "error: there is nothing in it");
  EXPECT_EQ(read("a: 1\nb: \xff\n"), "error: line 2: not UTF-8");
  EXPECT_EQ(read("a: \xc3"), "error: line 1: not UTF-8");
  EXPECT_EQ(read(std::string("a: x\0y", 6)), "error: line 1: a control character");
}

TEST(Yaml, EndsWhereNoDocumentCanBegin) {
  EXPECT_EQ(read(",\n"), "error: line 1, column 1: ',' does not belong here");
  EXPECT_EQ(read("# fleet\n, a: 1\n"), "error: line 2, column 1: ',' does not belong here");
  EXPECT_EQ(read("[1]\n]"), "error: line 2, column 1: illegal flow end");
  EXPECT_EQ(read("{a: 1}}"), "error: line 1, column 7: illegal flow end");
  for (const char* text :
       {"[,", "{,", "- ,", "? ,", ", :", "a: ,", "a: 1\n,", "}", "]", "[,]]", "--- ,", "...\n,",
        "%A\n,", "\t,", "&a ,", "*a ,", "! ,", "'a' ,", "a:\n  ,"}) {
    EXPECT_TRUE(read(text).starts_with("error: line ")) << text << ": " << read(text);
  }
}

TEST(Yaml, CountsBeforeItBuilds) {
  const std::string commas = "[" + std::string(900'000, ',') + "]";
  EXPECT_TRUE(read(commas).starts_with("error: line 1, column "));
  std::string nulls = "[";
  for (int i = 0; i < 510'000; ++i) {
    nulls += "~, ";
  }
  EXPECT_EQ(read(nulls + "]"), "error: line 1, column 1499999: more than 250000 values");
  EXPECT_EQ(read("a: b\n" + std::string(20'000, '[')),
            "error: line 2: more than 10000 brackets are open");
}

TEST(Yaml, ReadsAMapOfManyKeys) {
  std::string text;
  for (int i = 0; i < 15'000; ++i) {
    text += "k" + std::to_string(i) + ": 1\n";
  }
  EXPECT_TRUE(parse(text).has_value());
  EXPECT_EQ(read(text + "k7: 2\n"), "error: line 15001, column 1: the key 'k7' stands twice");
}

TEST(Yaml, HoldsTenThousandServicesInBothForms) {
  std::string yaml = "services:\n";
  std::string json = R"( {"services":[)";
  const std::string url = "https://sqs.eu-west-1.amazonaws.com/123456789012/";
  for (int i = 0; i < 10'000; ++i) {
    const std::string name = "production-order-worker-" + std::to_string(i);
    yaml += "  - cluster: main\n    service: " + name + "\n    queues: [" + url + name + "]\n";
    json += std::string(i == 0 ? "" : ",") + R"({"cluster":"main","service":")" + name +
            R"(","queues":[")" + url + name + R"("]})";
  }
  ASSERT_LT(yaml.size(), kSizeMax);
  for (const std::string& text : {yaml, json + "]}"}) {
    const auto document = parse(text);
    ASSERT_TRUE(document.has_value()) << document.error().message;
    EXPECT_EQ(std::get<json::Array>(document->find("services")->data()).size(), 10'000U);
  }
}

TEST(Yaml, BoundsSizeDepthAndAliases) {
  EXPECT_EQ(read(std::string(kSizeMax + 1, ' ')), "error: larger than 4000000 bytes");
  EXPECT_EQ(read(std::string(kJsonSizeMax + 1, ' ')), "error: larger than 8388608 bytes");
  EXPECT_TRUE(read(std::string(100, '[') + std::string(100, ']')).ends_with("more than 64 deep"));
  EXPECT_TRUE(read(std::string(2'000, '[')).starts_with("error: "));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 0; j < 9; ++j) {
      bomb += ", " + before;
    }
    bomb += "]\n";
  }
  EXPECT_TRUE(read(bomb).ends_with("more than 250000 values"));
}

TEST(Yaml, CountsTheTextOfAliasesAsItStands) {
  const std::string text = "&a " + std::string(100'000, 'x');
  const auto aliases = [](int count, const std::string& alias) {
    std::string all;
    for (int i = 0; i < count; ++i) {
      all += alias;
    }
    return all;
  };
  const std::string why = "more than 8388608 bytes of text, aliases counted as they stand";
  EXPECT_TRUE(parse("a: " + text + "\nb: [" + aliases(80, "*a, ") + "]").has_value());
  EXPECT_EQ(read("a: " + text + "\nb: [" + aliases(90, "*a, ") + "]"),
            "error: line 1, column 4: " + why);
  const std::string keys = "? " + text + "\n: 1\nb:\n" + aliases(90, "  - ? *a\n    : 1\n");
  EXPECT_TRUE(read(keys).ends_with(why)) << read(keys).substr(0, 200);
}

}  // namespace
}  // namespace scaler::yaml
