#include "wire/state.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "wire/test_support.h"

namespace scaler {
namespace {

using testing::kNoon;
using testing::RandomParts;

std::string text_of(const ServiceState& state) {
  json::Writer writer;
  write_state(writer, state);
  return std::move(writer).text();
}

Result<ServiceState> state_of(const std::string& text) {
  return testing::read_text(text, read_state);
}

std::vector<TasksAt> random_history(RandomParts& random, std::int64_t min) {
  std::vector<TasksAt> history;
  for (std::int64_t i = random.between(-2, 5); i > 0; --i) {
    history.push_back({.at = random.instant(), .tasks = random.between(min, 5000)});
  }
  std::ranges::stable_sort(history, {}, &TasksAt::at);
  return history;
}

ServiceState random_state(RandomParts& random) {
  ServiceState state;
  // Names every member: one that is new does not compile here, and does not come back until the
  // table knows it.
  auto& [last_look, empty_since, empty_observations, last_scale_out, last_scale_in, recommendations,
         changes, last_set, announced, manual, short_since, failures, deploying_since, gone,
         stray_since, refused, kept_since, full, late_looks] = state;
  for (auto* instant : {&last_look, &empty_since, &last_scale_out, &last_scale_in, &short_since,
                        &deploying_since, &stray_since, &kept_since}) {
    *instant = random.perhaps_instant();
  }
  const auto count = [&] { return random.between(0, 5000); };
  empty_observations = empty_since ? count() : 0;
  recommendations = random_history(random, 0);
  changes = random_history(random, -5000);
  last_set = random.perhaps(count);
  failures = count();
  late_looks = random.between(0, 3);
  for (auto* tasks : {&manual, &announced, &refused}) {
    *tasks = random.perhaps([&] { return TasksAt{.at = random.instant(), .tasks = count()}; });
  }
  gone = random.perhaps(
      [&] { return QueuesGone{.since = random.instant(), .queues = random.between(1, 9)}; });
  full = random.perhaps([&] { return MessagesAt{.at = random.instant(), .messages = count()}; });
  return state;
}

TEST(StateJson, RoundTrips) {
  RandomParts random(1);
  for (int i = 0; i < testing::kValues; ++i) {
    const ServiceState state = random_state(random);
    const std::string text = text_of(state);
    const Result<ServiceState> again = state_of(text);
    ASSERT_TRUE(again.has_value()) << again.error().message << " in " << text;
    EXPECT_EQ(*again, state) << text;
  }
}

TEST(StateJson, OfNothingIsEmpty) {
  EXPECT_EQ(text_of({}), "{}");
  EXPECT_EQ(state_of("{}").value(), ServiceState{});
}

TEST(StateJson, TellsOfAnEmptyQueueSinceWhenAndHowOften) {
  EXPECT_EQ(text_of({.empty_since = kNoon}),
            R"({"empty_since":"2026-11-23T12:00:00Z","empty_observations":0})");
}

TEST(StateJson, HasHistoriesOldestFirst) {
  const auto state = state_of(R"({"changes":[{"at":"2026-11-23T12:00:01Z","tasks":2},)"
                              R"({"at":"2026-11-23T12:00:00Z","tasks":-1}]})");
  EXPECT_EQ(state->changes,
            (std::vector<TasksAt>{{.at = kNoon, .tasks = -1},
                                  {.at = kNoon + std::chrono::seconds(1), .tasks = 2}}));
}

TEST(StateJson, RefusesWhatIsMissingWrongOrUnknown) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"last_looks":1})", "$.last_looks is not a known field; did you mean 'last_look'?"},
           {R"({"failures":-1})", "$.failures: -1 is not a whole number of at least 0"},
           {R"({"manual":{"at":"2026-11-23T12:00:00Z"}})", "$.manual.tasks is missing"},
           {R"({"manual":{"at":"2026-11-23T12:00:00Z","tasks":-1}})",
            "$.manual.tasks: -1 is not a whole number from 0 to 2147483647"},
           {R"({"recommendations":[{"at":"2026-11-23T12:00:00Z","tasks":-1}]})",
            "$.recommendations[0].tasks: -1 is not a whole number from 0 to 2147483647"},
           {R"({"changes":[{"at":"2026-11-23T12:00:00Z","tasks":-2147483648}]})",
            "$.changes[0].tasks: -2147483648 is not a whole number from -2147483647 to 2147483647"},
           {R"({"gone":{"since":"2026-11-23T12:00:00Z","queues":0}})",
            "$.gone.queues: 0 is not a whole number of at least 1"},
           {R"({"full":{"at":"2026-11-23T12:00:00Z","messages":-1}})",
            "$.full.messages: -1 is not a whole number of at least 0"},
           {R"([])", "$: an array is not an object"}}) {
    const Result<ServiceState> state = state_of(text);
    ASSERT_FALSE(state.has_value()) << text;
    EXPECT_EQ(state.error().message, message);
  }
}

}  // namespace
}  // namespace scaler
