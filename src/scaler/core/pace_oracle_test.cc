// Windows and budgets against a naive oracle, which keeps everything that ever happened and looks
// it up anew each time: every need, and the count as it stood at every moment.

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using testing::kNoon;

constexpr std::uint64_t kHistories = 3'000;
constexpr int kPasses = 40;

struct Oracle {
  PolicyOptions policy;
  std::vector<TasksAt> needs = {};   ///< all of them
  std::vector<TasksAt> counts = {};  ///< the count from each instant on

  std::int64_t count_at(Instant at) const {
    std::int64_t count = counts.front().tasks;
    for (const TasksAt& entry : counts) {
      count = entry.at <= at ? entry.tasks : count;
    }
    return count;
  }

  std::int64_t window(std::int64_t need, std::int64_t desired, Instant at) const {
    std::int64_t highest = need;
    std::int64_t lowest = need;
    for (const TasksAt& entry : needs) {
      highest = at - entry.at < policy.scale_in_window ? std::max(highest, entry.tasks) : highest;
      lowest = at - entry.at < policy.scale_out_window ? std::min(lowest, entry.tasks) : lowest;
    }
    if (need < desired) {
      return needs.empty() ? desired : std::min(highest, desired);
    }
    return need > desired ? std::max(lowest, desired) : need;
  }

  std::int64_t budget(std::int64_t wanted, std::int64_t desired, Instant at) const {
    const bool out = wanted > desired;
    const Budget& budget = out ? policy.scale_out_budget : policy.scale_in_budget;
    if (wanted == desired || budget.limits.empty()) {
      return wanted;
    }
    std::vector<std::int64_t> changes;  // How far each limit lets the count go from here.
    for (const BudgetLimit& limit : budget.limits) {
      const auto start = static_cast<double>(count_at(at - limit.period));
      const auto amount = static_cast<double>(limit.amount);
      const double share = limit.unit == BudgetLimit::Unit::Percent ? start * amount / 100 : amount;
      const double end =
          out ? std::ceil(start + share - 1e-9) : std::floor(std::max(start - share, 0.0) + 1e-9);
      const std::int64_t change = static_cast<std::int64_t>(end) - desired;
      changes.push_back(std::max<std::int64_t>(out ? change : -change, 0));
    }
    const std::int64_t allowed =
        budget.select == BudgetSelect::Max ? std::ranges::max(changes) : std::ranges::min(changes);
    return out ? std::min(wanted, desired + allowed) : std::max(wanted, desired - allowed);
  }
};

std::vector<BudgetLimit> random_limits(Random& random) {
  std::vector<BudgetLimit> limits;
  for (std::int64_t i = random.between(0, 3); i > 0; --i) {
    const bool tasks = random.between(0, 1) == 0;
    limits.push_back({.unit = tasks ? BudgetLimit::Unit::Tasks : BudgetLimit::Unit::Percent,
                      .amount = random.between(1, tasks ? 9 : 150),
                      .period = std::chrono::seconds(random.between(1, 200))});
  }
  return limits;
}

PolicyOptions random_options(Random& random) {
  const auto select = [&] { return static_cast<BudgetSelect>(random.between(0, 1)); };
  return {.mode = Mode::Backlog,
          .backlog_per_task = 1,
          .tasks_min = 1,
          .scale_in_window = std::chrono::seconds(random.between(0, 1) * random.between(0, 300)),
          .scale_out_window = std::chrono::seconds(random.between(0, 1) * random.between(0, 300)),
          .busy_window = Duration::zero(),
          .scale_out_budget = {.select = select(), .limits = random_limits(random)},
          .scale_in_budget = {.select = select(), .limits = random_limits(random)}};
}

void run_history(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const Policy policy = testing::policy(random_options(random));
  std::int64_t desired = random.between(1, 30);
  Instant at = kNoon;
  Oracle oracle{.policy = *policy.operator->(), .counts = {{.at = Instant{}, .tasks = desired}}};
  ServiceState state;
  for (int i = 0; i < kPasses; ++i) {
    at += std::chrono::seconds(random.between(1, 60));
    const std::int64_t need = random.between(1, 60);
    const Decision decision = decide(policy, state, testing::seen({.visible = need}, desired, at));
    const std::int64_t wanted = oracle.window(need, desired, at);
    ASSERT_EQ(decision.desired, oracle.budget(wanted, desired, at)) << "pass " << i;
    oracle.needs.push_back({.at = at, .tasks = i == 0 ? std::max(need, desired) : need});
    const Outcome outcome = decision.action == Action::Hold ? Outcome::Held
                            : random.between(0, 4) > 0      ? Outcome::Applied
                                                            : Outcome::Failed;
    state = advance(state, policy, decision, outcome);
    desired = outcome == Outcome::Applied ? decision.desired : desired;
    oracle.counts.push_back({.at = at, .tasks = desired});
  }
}

TEST(PaceOracle, AgreesOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= kHistories && !HasFatalFailure(); ++seed) {
    run_history(seed);
  }
}

}  // namespace
}  // namespace scaler
