#include "lab/sim/rest.h"

#include <tuple>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "lab/sim/trial.h"

namespace scaler::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// All that a run comes to, but for the calls: a cold start that is left out made one more.
struct Outcome {
  std::vector<std::string> changes = {};
  std::vector<std::string> samples = {};
  Run run = {};
};

/// Who sees every pass makes every pass be simulated.
enum class Passes { All, ThoseThatMatter };

Outcome outcome_of(const Scenario& scenario, std::uint64_t seed, Passes passes, bool samples) {
  Outcome outcome;
  Hooks hooks;
  hooks.on_change = [&](const Change& change) {
    outcome.changes.push_back(
        fmt::format("{} {}->{}", format_instant(change.at), change.before, change.after));
  };
  if (samples) {
    hooks.on_sample = [&](const Sample& sample) {
      outcome.samples.push_back(fmt::format("{} {}/{} {} {}", format_instant(sample.at),
                                            sample.running, sample.desired, sample.depth.visible,
                                            sample.processed));
    };
  }
  if (passes == Passes::All) {
    hooks.on_pass = [](const PassRecord&, Trigger) {};
  }
  outcome.run = *simulate(scenario, seed, hooks);
  return outcome;
}

auto figures(const Run& run) {
  const Score& score = run.score;
  return std::tuple(score.messages.sent, score.messages.processed, score.messages.unfinished,
                    score.messages.lost, score.waiting.count(), score.waiting.mean(),
                    score.waiting.variance(), score.waiting.max(), score.task_time,
                    score.instance_time, score.tasks_started, score.tasks_peak,
                    score.killed.in_race, score.killed.misled, score.actions.scale_outs,
                    score.actions.scale_ins, score.actions.direction_changes, score.actions.passes,
                    score.actions.failed_passes, score.backlog_integral, score.time_in_system,
                    score.simulated, run.depth.visible, run.desired, run.running);
}

/// A random scenario without faults, whose arrivals leave hours in which nothing happens.
Scenario thin_scenario(std::uint64_t seed) {
  Scenario scenario = random_scenario(seed);
  Random random(seed);
  scenario.faults = {};
  scenario.length = hours(12);
  scenario.drain = hours(3);
  scenario.arrivals = {Poisson{.per_second = 0.002 * random.uniform()},
                       Bursts{.every = hours(random.between(1, 6)), .size = random.between(1, 60)}};
  scenario.policy.activation_backlog = random.between(1, 3);
  if (random.uniform() < 0.3) {
    scenario.policy.scale_down_threshold = Duration(0);
    scenario.policy.zero_confirmations = 1;
  }
  return scenario;
}

TEST(RestingBeats, ChangesNothingInAnyRandomScenario) {
  std::vector<std::uint64_t> seeds{65, 91};  // A late beat made the next one late, too.
  for (std::uint64_t seed = 1; seed <= 24; ++seed) {
    seeds.push_back(seed);
  }
  for (const std::uint64_t seed : seeds) {
    const Scenario scenario = thin_scenario(seed);
    const Outcome all = outcome_of(scenario, seed, Passes::All, false);
    const Outcome some = outcome_of(scenario, seed, Passes::ThoseThatMatter, false);
    ASSERT_EQ(some.changes, all.changes) << "seed " << seed;
    ASSERT_EQ(figures(some.run), figures(all.run)) << "seed " << seed;
  }
}

TEST(RestingBeats, ChangesNoSample) {
  const Scenario scenario = thin_scenario(7);
  EXPECT_EQ(outcome_of(scenario, 7, Passes::ThoseThatMatter, true).samples,
            outcome_of(scenario, 7, Passes::All, true).samples);
}

TEST(RestingBeats, LeavesMostPassesOfAThinTraceOut) {
  Scenario scenario = thin_scenario(1);
  scenario.policy = {};
  scenario.group.reset();
  scenario.triggers = {.tick = std::chrono::seconds(10), .wake = true};
  scenario.arrivals = {Bursts{.every = hours(3), .size = 3, .random = false}};
  std::int64_t decided = 0;
  const RunPass counted = [&decided](auto&&... arguments) {
    ++decided;
    return run_pass(arguments...);
  };
  const sim::Run result = *simulate(scenario, 1, {}, counted);
  EXPECT_EQ(result.score.actions.scale_outs, 3);
  EXPECT_GT(result.score.actions.passes, 15 * 60 * 5);
  EXPECT_LT(decided, result.score.actions.passes / 10);
}

}  // namespace
}  // namespace scaler::sim
