#include "wire/policy.h"

#include <gtest/gtest.h>

namespace scaler {
namespace {

using namespace std::chrono_literals;

Result<Policy> read(std::string_view text) {
  const json::Value value = json::parse(text).value();
  return read_policy(json::Reader(value, "$.policy"));
}

TEST(PolicyReader, ReadsEveryKindOfField) {
  const Result<Policy> policy = read(
      R"({"mode":"backlog","backlog_per_task":10,"tasks_max":20,"scale_in_cooldown":1.5,
          "count_delayed":true,"scale_in_when":"any","fallback_tasks":null})");
  ASSERT_TRUE(policy.has_value()) << policy.error().message;
  EXPECT_EQ((*policy)->mode, Mode::Backlog);
  EXPECT_EQ((*policy)->backlog_per_task, 10);
  EXPECT_EQ(policy->tasks_max(), 20);
  EXPECT_EQ((*policy)->scale_in_cooldown, 1500ms);
  EXPECT_TRUE((*policy)->count_delayed);
  EXPECT_EQ((*policy)->scale_in_when, ScaleInWhen::Any);
  EXPECT_EQ((*policy)->fallback_tasks, std::nullopt);
  EXPECT_EQ((*policy)->scale_down_threshold, 2min);
}

TEST(PolicyReader, NamesPathValueAndWhatWouldBeRight) {
  EXPECT_EQ(read(R"({"mode":"magic"})").error().message,
            "$.policy.mode: 'magic' is not one of fixed|backlog|latency");
  EXPECT_EQ(read(R"({"scale_in_when":"never"})").error().message,
            "$.policy.scale_in_when: 'never' is not one of idle|protected|any");
  EXPECT_EQ(read(R"({"scale_up_target":0})").error().message,
            "$.policy.scale_up_target: 0 is not a whole number from 1 to 5000");
  EXPECT_EQ(read(R"({"scale_up_targets":1})").error().message,
            "$.policy.scale_up_targets is not a known field; did you mean 'scale_up_target'?");
  EXPECT_EQ(read(R"({"mode":"backlog"})").error().message,
            "$.policy: backlog_per_task is not set, but mode backlog needs it (how many messages "
            "one task is "
            "to work off, such as 10)");
  EXPECT_EQ(read(R"({"paused":"yes"})").error().message,
            "$.policy.paused: 'yes' is not true or false");
  EXPECT_EQ(read(R"({"scale_in_cooldown":99999999})").error().message,
            "$.policy: scale_in_cooldown is 27777 h 46 min, but must be from 0 s to 336 h");
}

}  // namespace
}  // namespace scaler
