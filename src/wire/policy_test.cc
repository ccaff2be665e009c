#include "wire/policy.h"

#include <algorithm>
#include <map>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "wire/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::RandomParts;

Result<Policy> policy_of(std::string_view text) {
  const json::Value value = json::parse(text).value();
  return read_policy(json::Reader(value, "$.policy"));
}

TEST(PolicyReader, ReadsEveryKindOfField) {
  const Result<Policy> policy = policy_of(
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
  EXPECT_EQ(policy_of(R"({"mode":"magic"})").error().message,
            "$.policy.mode: 'magic' is not one of fixed|backlog|latency");
  EXPECT_EQ(policy_of(R"({"scale_in_when":"never"})").error().message,
            "$.policy.scale_in_when: 'never' is not one of idle|protected|any");
  EXPECT_EQ(policy_of(R"({"scale_up_target":0})").error().message,
            "$.policy.scale_up_target: 0 is not a whole number from 1 to 5000");
  EXPECT_EQ(policy_of(R"({"scale_up_targets":1})").error().message,
            "$.policy.scale_up_targets is not a known field; did you mean 'scale_up_target'?");
  EXPECT_EQ(policy_of(R"({"mode":"backlog"})").error().message,
            "$.policy: backlog_per_task is not set, but mode backlog needs it (how many messages "
            "one task is "
            "to work off, such as 10)");
  EXPECT_EQ(policy_of(R"({"paused":"yes"})").error().message,
            "$.policy.paused: 'yes' is not true or false");
  EXPECT_EQ(policy_of(R"({"scale_in_cooldown":99999999})").error().message,
            "$.policy: scale_in_cooldown is 27777 h 46 min, but must be from 0 s to 336 h");
}

PolicyOptions random_options(RandomParts& random) {
  PolicyOptions options;
  const auto set = [&](const PolicyField& field, auto& value) {
    using Value = std::remove_cvref_t<decltype(value)>;
    const auto number = [&] { return random.between(field.min, field.max); };
    if constexpr (std::is_same_v<Value, bool>) {
      value = random.maybe();
    } else if constexpr (std::is_same_v<Value, std::int64_t>) {
      value = number();
    } else if constexpr (std::is_same_v<Value, std::optional<std::int64_t>>) {
      value = random.perhaps(number);
    } else if constexpr (std::is_same_v<Value, Duration>) {
      value = Duration(number());
    } else if constexpr (std::is_same_v<Value, std::optional<Duration>>) {
      value = random.perhaps([&] { return Duration(number()); });
    } else if constexpr (std::is_same_v<Value, Millionths>) {
      value = {number()};
    } else if constexpr (std::is_same_v<Value, std::optional<Millionths>>) {
      value = random.perhaps([&] { return Millionths{number()}; });
    } else if constexpr (std::is_enum_v<Value>) {
      value = static_cast<Value>(random.between(0, std::ranges::count(field.unit, '|')));
    } else if constexpr (std::is_same_v<Value, Budget>) {
      value.select = static_cast<BudgetSelect>(random.between(0, 2));
      value.limits = {
          {.unit = random.maybe() ? BudgetLimit::Unit::Tasks : BudgetLimit::Unit::Percent,
           .amount = random.between(1, kTasksLimit),
           .period = Duration(random.between(1, 86'400'000))}};
    } else {
      value = {{.cron = "0 8 * * *",
                .duration = Duration(random.between(1, 86'400'000)),
                .time_zone = random.maybe() ? "UTC" : "Europe/Berlin",
                .tasks_min = random.perhaps([&] { return random.between(0, kTasksLimit); }),
                .tasks_max = random.perhaps([&] { return random.between(1, kTasksLimit); })}};
    }
  };
  for (const PolicyField& field : policy_fields()) {
    std::visit([&](auto member) { set(field, options.*member); }, field.member);
  }
  return options;
}

TEST(PolicyJson, RoundTrips) {
  RandomParts random(4);
  for (int i = 0; i < 500; ++i) {
    const PolicyOptions options = random_options(random);
    std::string text;
    for (const PolicyField& field : policy_fields()) {
      text += fmt::format("{}\"{}\":{}", text.empty() ? "{" : ",", field.name,
                          field_json(field, options));
    }
    PolicyOptions again;
    const auto result = testing::read_text(
        text + "}", [&](const json::Reader& object) { return read_fields(object, again); });
    ASSERT_TRUE(result.has_value()) << result.error().message << " in " << text;
    for (const PolicyField& field : policy_fields()) {
      std::visit([&](auto member) { EXPECT_TRUE(again.*member == options.*member) << field.name; },
                 field.member);
    }
  }
}

TEST(PolicyJson, HasDefaultsAsPeopleWriteThem) {
  std::map<std::string_view, std::string> defaults;
  for (const PolicyField& field : policy_fields()) {
    defaults[field.name] = default_of(field);
  }
  EXPECT_EQ(defaults["mode"], "fixed");
  EXPECT_EQ(defaults["scale_down_threshold"], "120");
  EXPECT_EQ(defaults["count_in_flight"], "true");
  EXPECT_EQ(defaults["tolerance"], "0");
  EXPECT_EQ(defaults["fallback_tasks"], "");
  EXPECT_EQ(defaults["schedules"], "");
  EXPECT_EQ(defaults["scale_in_budget"], "");
}

TEST(ReadSetting, TakesAValueAsAPersonWritesIt) {
  PolicyOptions options;
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"mode", "latency"},
           {"target_latency", "90"},
           {"seconds_per_message", "0.25"},
           {"count_delayed", "true"},
           {"scale_out_budget", R"({"select":"max","policies":[{"tasks":4,"period":60}]})"}}) {
    const Result<void> read = read_setting(name, value, options);
    EXPECT_TRUE(read.has_value()) << read.error().message;
  }
  EXPECT_EQ(options.mode, Mode::Latency);
  EXPECT_EQ(options.target_latency, std::chrono::seconds(90));
  EXPECT_EQ(options.seconds_per_message, Millionths{Millionths::kOne / 4});
  EXPECT_TRUE(options.count_delayed);
  EXPECT_EQ(options.scale_out_budget.limits.size(), 1U);
}

TEST(ReadSetting, NamesWhatIsWrong) {
  PolicyOptions options;
  EXPECT_EQ(read_setting("task_max", "3", options).error().message,
            "task_max is no setting of a policy; did you mean 'tasks_max'?");
  EXPECT_EQ(read_setting("mode", "nonsense", options).error().message.substr(0, 16),
            "mode: 'nonsense'");
}

}  // namespace
}  // namespace scaler
