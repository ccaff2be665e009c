#include "edge/config/documents.h"

#include <gtest/gtest.h>

#include "ground/json/value.h"
#include "scaler/core/policy_fields.h"

namespace scaler {
namespace {

const json::Value* at(const json::Value& value, std::initializer_list<std::string_view> path) {
  const json::Value* found = &value;
  for (const std::string_view name : path) {
    found = found == nullptr ? nullptr : found->find(name);
  }
  return found;
}

TEST(Documents, NameEverySetting) {
  const std::string markdown = settings_markdown();
  const json::Value schema = json::parse(fleet_schema()).value();
  for (const PolicyField& field : policy_fields()) {
    EXPECT_NE(markdown.find("| `" + std::string(field.name) + "` |"), std::string::npos);
    EXPECT_NE(at(schema, {"$defs", "policy", "properties", field.name, "description"}), nullptr);
  }
  for (const std::string_view variable : {"SQS_QUEUE_URL", "WAKE", "LOG_LEVEL"}) {
    EXPECT_NE(markdown.find("| `" + std::string(variable) + "` |"), std::string::npos);
  }
}

TEST(Documents, GiveRangesInTheUnitsOfTheFile) {
  EXPECT_NE(settings_markdown().find("| `tolerance` | `0` | 0 to 1 ratio |"), std::string::npos);
  const json::Value schema = json::parse(fleet_schema()).value();
  const json::Value* threshold =
      at(schema, {"$defs", "policy", "properties", "scale_down_threshold"});
  ASSERT_NE(threshold, nullptr);
  EXPECT_EQ(std::get<std::int64_t>(threshold->find("maximum")->data()), 1'209'600);
  EXPECT_EQ(std::get<std::int64_t>(threshold->find("default")->data()), 120);
}

}  // namespace
}  // namespace scaler
