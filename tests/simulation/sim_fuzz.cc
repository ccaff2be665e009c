// Random simulations with faults, each under the invariants: `./dev sim --seeds 1000`. A failure
// prints its seed and the command that replays it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include <fmt/core.h>

#include "lab/sim/trial.h"

namespace scaler::sim {
namespace {

struct Options {
  std::uint64_t seeds = 100;
  std::uint64_t first = 1;
  std::uint64_t step = 1;
  std::uint64_t seed = 0;
  double busy_window = -1;  ///< seconds, for every policy; negative: each scenario's own
  double count_lag = -1;    ///< seconds, for every queue; likewise
  bool instances = false;   ///< every service runs on a group that this program drives
};

Scenario scenario_of(std::uint64_t seed, const Options& options) {
  const auto milliseconds = [](double seconds) {
    return std::chrono::round<Duration>(std::chrono::duration<double>(seconds));
  };
  Scenario scenario = options.instances ? random_group_scenario(seed) : random_scenario(seed);
  if (options.busy_window >= 0) {
    scenario.policy.busy_window = milliseconds(options.busy_window);
  }
  if (options.count_lag >= 0) {
    scenario.queue.count_lag = milliseconds(options.count_lag);
  }
  return scenario;
}

struct Totals {
  std::int64_t scenarios = 0;
  std::int64_t failed = 0;
  Score score = {};
};

void report(std::uint64_t seed, const Trial& trial, const Options& options) {
  constexpr std::size_t kShown = 3;
  for (std::size_t i = 0; i < std::min(trial.violations.size(), kShown); ++i) {
    const Violation& violation = trial.violations[i];
    fmt::print("seed {}: {}: {}\n", seed, to_string(violation.invariant), violation.what);
  }
  if (!trial.violations.empty()) {
    fmt::print("  replay: ./dev sim {}--seed {}\n", options.instances ? "--instances " : "", seed);
  }
}

void add(Totals& totals, const Trial& trial) {
  const Score& score = trial.run.score;
  ++totals.scenarios;
  totals.failed += trial.violations.empty() ? 0 : 1;
  totals.score.faults += score.faults;
  totals.score.messages.sent += score.messages.sent;
  totals.score.messages.lost += score.messages.lost;
  totals.score.actions.passes += score.actions.passes;
  totals.score.killed.by_scaler += score.killed.by_scaler;
  totals.score.killed.in_race += score.killed.in_race;
  totals.score.killed.misled += score.killed.misled;
  totals.score.simulated += score.simulated;
  totals.score.task_time += score.task_time;
  totals.score.instance_time += score.instance_time;
  totals.score.instances.launched += score.instances.launched;
  totals.score.instances.failed_launches += score.instances.failed_launches;
  totals.score.instances.idle += score.instances.idle;
}

void print(const Totals& totals) {
  const Score& score = totals.score;
  fmt::print("{} scenarios, {} failed: {} of virtual time, {} messages, {} lost, {} passes\n",
             totals.scenarios, totals.failed, format_duration(score.simulated), score.messages.sent,
             score.messages.lost, score.actions.passes);
  fmt::print("busy tasks stopped: {} under `any`, {} in a race, {} by SQS's errors; {} of tasks\n",
             score.killed.by_scaler, score.killed.in_race, score.killed.misled,
             format_duration(score.task_time));
  fmt::print("instances: {} launched, {} launches failed, {} of instances, idle p95 {}\n",
             score.instances.launched, score.instances.failed_launches,
             format_duration(score.instance_time),
             format_duration(score.instances.idle.quantile(0.95)));
  fmt::print("faults:");
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    fmt::print(" {} {}", to_string(fault), score.faults[fault]);
  }
  fmt::print("\n");
}

/// Every fault must have struck; a few scenarios need not contain all of them.
bool all_struck(const Totals& totals) {
  constexpr std::int64_t kEnough = 50;
  bool all = true;
  for (std::size_t i = 0; i < kFaults && totals.scenarios >= kEnough; ++i) {
    const auto fault = static_cast<Fault>(i);
    if (totals.score.faults[fault] == 0) {
      fmt::print("the fault {} never struck\n", to_string(fault));
      all = false;
    }
  }
  return all;
}

int run_many(const Options& options) {
  Totals totals;
  for (std::uint64_t i = 0; i < options.seeds; ++i) {
    const std::uint64_t seed = options.first + (i * options.step);
    const Trial trial = try_passes(scenario_of(seed, options), seed);
    report(seed, trial, options);
    add(totals, trial);
  }
  print(totals);
  return totals.failed == 0 && all_struck(totals) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// One seed, with its journal.
int replay(std::uint64_t seed, const Options& options) {
  const Scenario scenario = scenario_of(seed, options);
  const Hooks hooks{
      .on_pass = [](const PassRecord& record,
                    Trigger trigger) { fmt::print("{}\n", journal_line(record, trigger)); },
      .on_change =
          [](const Change& change) {
            fmt::print("{} {} -> {}\n", format_instant(change.at), change.before, change.after);
          },
      .on_instance_change =
          [](const InstanceChange& change) {
            fmt::print("{} {}: {} -> {} instances, {} tasks\n", format_instant(change.at),
                       to_string(change.kind), change.before, change.after, change.tasks);
          }};
  const Result<Run> run = simulate(scenario, seed, hooks);
  if (!run) {
    fmt::print("{}\n", run.error().message);
    return EXIT_FAILURE;
  }
  Totals totals;
  const Trial trial = try_passes(scenario, seed);
  add(totals, trial);
  print(totals);
  report(seed, trial, options);
  return trial.violations.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace scaler::sim

int main(int argc, char** argv) try {
  scaler::sim::Options options;
  CLI::App app("Random simulations with faults under the invariants.", "sim");
  app.add_option("--seeds", options.seeds, "how many scenarios")->capture_default_str();
  app.add_option("--first", options.first, "the first seed")->capture_default_str();
  app.add_option("--step", options.step, "from one seed to the next")->capture_default_str();
  app.add_option("--seed", options.seed, "replay this one and print its journal");
  app.add_option("--busy-window", options.busy_window, "seconds, for every policy");
  app.add_flag("--instances", options.instances, "every service on instances of its own");
  app.add_option("--count-lag", options.count_lag, "how late SQS's counts are, in seconds");
  CLI11_PARSE(app, argc, argv);
  return options.seed != 0 ? scaler::sim::replay(options.seed, options)
                           : scaler::sim::run_many(options);
} catch (const std::exception& error) {
  std::fprintf(stderr, "sim: %s\n", error.what());
  return EXIT_FAILURE;
}
