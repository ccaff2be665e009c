// What must hold for the text of any state: it comes back, and no damage goes unnoticed. Damage
// that is noticed leaves no state at all, and without one nothing scales in early.

#include <algorithm>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "scaler/core/test_support.h"
#include "scaler/state/state_text.h"

namespace scaler {
namespace {

using testing::kNoon;

constexpr std::uint64_t kStates = 2'000;

std::vector<TasksAt> random_history(Random& random, std::int64_t min) {
  std::vector<TasksAt> history;
  Instant at = kNoon - std::chrono::hours(1);
  for (std::int64_t i = random.between(-5, 30); i > 0; --i) {
    at += std::chrono::seconds(random.between(0, 99));
    history.push_back({.at = at, .tasks = random.between(min, 500)});
  }
  return history;
}

ServiceState random_state(Random& random) {
  const auto maybe = [&] { return random.between(0, 1) == 1; };
  const auto instant = [&] {
    return maybe() ? std::optional(kNoon - std::chrono::seconds(random.between(0, 1'000'000)))
                   : std::nullopt;
  };
  ServiceState state{.last_look = kNoon};
  state.empty_since = instant();
  if (state.empty_since) {
    state.empty_observations = random.between(1, 999);
  }
  state.last_scale_out = instant();
  state.last_scale_in = instant();
  state.recommendations = random_history(random, 0);
  state.changes = random_history(random, -500);
  if (maybe()) {
    state.last_set = random.between(0, 5000);
    state.manual = TasksAt{.at = kNoon, .tasks = random.between(0, 5000)};
    state.announced = TasksAt{.at = kNoon - std::chrono::seconds(random.between(0, 100)),
                              .tasks = random.between(0, 5000)};
  }
  state.short_since = instant();
  state.failures = maybe() ? random.between(0, 9) : 0;
  state.deploying_since = instant();
  if (const auto since = instant()) {
    state.gone = QueuesGone{.since = *since, .queues = random.between(1, 20)};
  }
  state.stray_since = instant();
  if (const auto refused = instant()) {
    state.refused = TasksAt{.at = *refused, .tasks = random.between(1, 5000)};
  }
  return state;
}

/// The highest need that a window of `length` sees at `at`.
std::int64_t highest(const ServiceState& state, Instant at, Duration length) {
  std::int64_t found = 0;
  for (const TasksAt& need : state.recommendations) {
    found = at - need.at < length ? std::max(found, need.tasks) : found;
  }
  return found;
}

void check(const ServiceState& state) {
  const std::string text = format_state(state);
  ASSERT_LE(text.size(), kStateTextLimit) << text;
  const Result<ServiceState> read = parse_state(text);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ServiceState whole = *read;
  whole.recommendations = state.recommendations;
  whole.changes = state.changes;
  EXPECT_EQ(whole, state) << text;
  EXPECT_EQ(format_state(*read), text) << "reading and writing changes it";
  // A history that was shortened never forgets a higher need.
  for (int minute = 0; minute < 120; ++minute) {
    const Instant at = kNoon - std::chrono::hours(1) + std::chrono::minutes(minute);
    for (const Duration window : {Duration(60'000), Duration(600'000)}) {
      ASSERT_GE(highest(*read, at, window), highest(state, at, window)) << text;
    }
  }
}

TEST(StateTextProperty, ComesBackAndForgetsNoHigherNeed) {
  for (std::uint64_t seed = 1; seed <= kStates && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    check(random_state(random));
  }
}

TEST(StateTextProperty, NoDamagedByteGoesUnnoticed) {
  constexpr std::string_view kAllowed = "0123456789abcz= :/.+-@_\x00\xff";
  constexpr std::uint64_t kDamaged = 100;
  for (std::uint64_t seed = 1; seed <= kDamaged && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const std::string text = format_state(random_state(random));
    for (std::size_t i = 0; i < text.size(); ++i) {
      std::string damaged = text;
      const auto pick = random.between(0, static_cast<std::int64_t>(kAllowed.size()) - 1);
      damaged[i] = kAllowed[static_cast<std::size_t>(pick)];
      if (damaged != text) {
        ASSERT_FALSE(parse_state(damaged).has_value()) << damaged;
      }
      ASSERT_FALSE(parse_state(text.substr(0, i)).has_value()) << "cut at " << i;
    }
  }
}

}  // namespace
}  // namespace scaler
