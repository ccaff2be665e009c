// The rules that set the pace. A rule that limits nothing says nothing.
#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;
using testing::policy;
using testing::quiet;
using testing::rules_of;
using testing::seen;

/// A task for each message.
PolicyOptions one_each() {
  return {.mode = Mode::Backlog, .backlog_per_task = 1};
}

Decision decided(const PolicyOptions& options, const ServiceState& state, std::int64_t messages,
                 std::int64_t desired) {
  return decide(policy(options), state, seen({.visible = messages}, desired));
}

TEST(Tolerance, OfAFixedTargetIsJudgedByTheTarget) {
  const Policy tolerant = policy({.scale_up_target = 10, .tolerance = Millionths{100'000}});
  EXPECT_EQ(decide(tolerant, quiet(), seen({.visible = 1}, 5)).desired, 10);
}

TEST(Tolerance, IsOfNoConcernAtZero) {
  PolicyOptions tolerant = one_each();
  tolerant.tolerance = Millionths{1'000'000};
  EXPECT_EQ(rules_of(decided(tolerant, quiet(), 1, 0)), "backlog activation");
}

TEST(Tolerance, OfNothingHoldsNothingHoweverLargeTheCounts) {
  const std::int64_t desired = 2 * kMessagesLimit;
  EXPECT_EQ(rules_of(decided(one_each(), quiet(), desired + 1, desired)), "backlog bounds");
}

TEST(ScaleOutWindow, HoldsBackWhatWasNotNeededThroughout) {
  PolicyOptions options = one_each();
  options.scale_out_window = 5min;
  ServiceState state = quiet();
  state.recommendations = {{.at = kNoon - 4min, .tasks = 6}};
  EXPECT_EQ(rules_of(decided(options, state, 7, 3)), "backlog stabilization");
  EXPECT_EQ(decided(options, state, 7, 3).desired, 6);
  EXPECT_EQ(rules_of(decided(options, state, 6, 3)), "backlog") << "it was needed";
  EXPECT_EQ(rules_of(decided(options, state, 7, 7)), "backlog") << "nothing is to change";
  state.last_look = kNoon - 4min;
  EXPECT_EQ(decided(options, state, 7, 3).desired, 7) << "old looks are no evidence";
}

TEST(Windows, TellTheLatestOfEqualNeeds) {
  PolicyOptions options = one_each();
  options.scale_in_window = options.scale_out_window = 5min;
  ServiceState state = quiet();
  state.recommendations = {{.at = kNoon - 3min, .tasks = 4}, {.at = kNoon - 2min, .tasks = 4}};
  EXPECT_EQ(explain(decided(options, state, 2, 8).steps.back()),
            "4 tasks needed 2 min ago, within the last 5 min: not below 4");
  EXPECT_EQ(explain(decided(options, state, 8, 2).steps.back()),
            "only 4 tasks needed 2 min ago, within the last 5 min: not above 4");
}

TEST(Budget, SaysWhetherItIsSpentOrLimits) {
  const Budget three_a_minute{.limits = {{.amount = 3}}};
  PolicyOptions options = one_each();
  options.scale_out_budget = options.scale_in_budget = three_a_minute;
  const auto last = [&](std::int64_t changed, std::int64_t messages) {
    ServiceState state = quiet();
    state.changes = {{.at = kNoon - 30s, .tasks = changed}};
    const Decision decision = decided(options, state, messages, 10);
    return explain(decision.steps.back());
  };
  EXPECT_EQ(last(3, 20), "20 wanted, but the budget is spent: hold");
  EXPECT_EQ(last(1, 20), "20 wanted, the budget allows 12");
  EXPECT_EQ(last(-3, 2), "2 wanted, but the budget is spent: hold");
  EXPECT_EQ(last(-1, 2), "2 wanted, the budget allows 8");
}

TEST(Budget, SaysNothingOfWhatItAllows) {
  PolicyOptions options = one_each();
  options.scale_out_budget = options.scale_in_budget = {.limits = {{.amount = 3}}};
  EXPECT_EQ(rules_of(decided(options, quiet(), 7, 10)), "backlog");
  EXPECT_EQ(rules_of(decided(options, quiet(), 6, 10)), "backlog budget");
  EXPECT_EQ(rules_of(decided(options, quiet(), 13, 10)), "backlog");
  EXPECT_EQ(rules_of(decided(options, quiet(), 14, 10)), "backlog budget");
  options.scale_in_budget = {.select = BudgetSelect::Disabled};
  EXPECT_EQ(rules_of(decided(options, quiet(), 10, 10)), "backlog");
  EXPECT_EQ(rules_of(decided(options, quiet(), 9, 10)), "backlog budget");
}

TEST(Cooldown, SaysWhichDirectionItHolds) {
  PolicyOptions options = one_each();
  options.scale_in_cooldown = options.scale_out_cooldown = 1min;
  ServiceState state = quiet();
  state.last_scale_out = kNoon - 10s;
  state.last_scale_in = kNoon - 20s;
  EXPECT_EQ(explain(decided(options, state, 20, 10).steps.back()),
            "scaled out 10 s ago, cooldown 1 min: hold");
  EXPECT_EQ(explain(decided(options, state, 2, 10).steps.back()),
            "scaled in 20 s ago, cooldown 1 min: hold");
  EXPECT_EQ(rules_of(decided(options, state, 10, 10)), "backlog");
}

}  // namespace
}  // namespace scaler
