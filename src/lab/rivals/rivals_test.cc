#include "lab/rivals/rivals.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "lab/sim/simulator.h"

namespace scaler::rivals {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

/// Nothing, then `burst` messages at minute 10, jobs of 20 s, tasks that start in 30 s.
sim::Scenario burst_scenario(double burst) {
  sim::Scenario scenario{.length = minutes(60), .drain = minutes(60)};
  scenario.arrivals = {sim::trace_of({{scenario.begin + minutes(10), Duration(1000), burst}})};
  scenario.service =
      sim::service_model(sim::Preset::Fargate, {.min = seconds(20), .max = seconds(20)});
  scenario.service.behaviour.workers_protect = true;
  return scenario;
}

struct Seen {
  sim::Run run = {};
  std::map<std::int64_t, std::int64_t> desired = {};  ///< by minute
};

Seen watch(std::string_view name, const sim::Scenario& scenario, RivalSettings settings = {}) {
  settings.begin = scenario.begin;
  Seen seen;
  const auto scaler = find(name)->make(settings);
  seen.run = sim::simulate(
      scenario, 1, *scaler, {.on_sample = [&](const sim::Sample& sample) {
        seen.desired[std::chrono::floor<minutes>(sample.at - scenario.begin).count()] =
            sample.desired;
      }});
  return seen;
}

TEST(Rivals, AreFoundByName) {
  for (const Rival& rival : all()) {
    EXPECT_EQ(find(rival.name), &rival);
  }
  EXPECT_EQ(find("nobody"), nullptr);
}

TEST(Rivals, TargetTrackingWaitsForThreeLateDatapointsAndNeverLeavesOne) {
  const Seen seen = watch("target-tracking", burst_scenario(200), {.backlog_per_task = 3});
  EXPECT_EQ(seen.desired.at(9), 1);
  EXPECT_EQ(seen.desired.at(13), 1);  // datapoints of minutes 11 to 13, the last seen at 14
  EXPECT_GT(seen.desired.at(15), 10);
  EXPECT_EQ(seen.run.desired, 1);
  EXPECT_EQ(seen.run.score.messages.processed, 200);
}

TEST(Rivals, TargetTrackingScalesOutFurtherWithinItsCooldownWhenMoreIsWanted) {
  sim::Scenario scenario = burst_scenario(200);
  scenario.arrivals = {
      sim::trace_of({{scenario.begin + minutes(10), Duration(1000), 200},
                     {scenario.begin + minutes(13) + seconds(30), Duration(1000), 1000}})};
  const Seen seen = watch("target-tracking", scenario, {.backlog_per_task = 3, .tasks_max = 1000});
  EXPECT_LE(seen.desired.at(15), 67);
  EXPECT_GT(seen.desired.at(15), 60);
  EXPECT_GT(seen.desired.at(16), 350);  // 1 * 1197 / 3, a minute after the first
  EXPECT_EQ(seen.desired.at(18), seen.desired.at(16));
}

TEST(Rivals, StepScalingStepsAndComesBack) {
  const Seen seen = watch("step-scaling", burst_scenario(200), {.backlog_per_task = 3});
  EXPECT_EQ(seen.desired.at(11), 1);
  EXPECT_EQ(seen.desired.at(13), 4);  // +300 % of one
  EXPECT_EQ(seen.run.desired, 1);
  EXPECT_EQ(seen.run.score.messages.processed, 200);
}

TEST(Rivals, KedaLeavesZeroByOneGrowsByItsPoliciesAndReturns) {
  const Seen seen = watch("keda", burst_scenario(200));
  EXPECT_EQ(seen.desired.at(9), 0);
  EXPECT_GE(seen.desired.at(11), 10);
  EXPECT_LE(seen.desired.at(11), 40);  // 200 / 5
  EXPECT_EQ(seen.run.desired, 0);
  EXPECT_EQ(seen.run.score.messages.processed, 200);
}

TEST(Rivals, TenSecondPollingSetsExactlyWhatIsThere) {
  const Seen seen = watch("ten-second-polling", burst_scenario(40));
  EXPECT_EQ(seen.desired.at(9), 0);
  EXPECT_EQ(seen.desired.at(11), 40);
  EXPECT_EQ(seen.desired.at(14), 0);
  EXPECT_EQ(seen.run.score.messages.processed, 40);
  EXPECT_LE(seen.run.score.waiting.max(), seconds(52));
}

TEST(Rivals, ThePythonOriginalLosesWhatItsTriggerTakes) {
  const Seen deployed = watch("python-original", burst_scenario(200), {.fixed_tasks = 10});
  EXPECT_GT(deployed.run.score.messages.lost, 100);
  const Seen schedule = watch("python-schedule", burst_scenario(200), {.fixed_tasks = 10});
  EXPECT_EQ(schedule.run.score.messages.lost, 0);
  EXPECT_EQ(schedule.run.score.messages.processed, 200);
}

TEST(Rivals, ThePythonOriginalStopsBusyTasks) {
  sim::Scenario scenario = burst_scenario(200);
  scenario.service.behaviour.workers_protect = false;
  const Seen seen = watch("python-schedule", scenario, {.fixed_tasks = 10});
  EXPECT_GT(seen.run.score.killed.by_scaler + seen.run.score.killed.misled, 0);
}

TEST(Rivals, AreDeterministic) {
  sim::Scenario scenario = burst_scenario(50);
  scenario.arrivals = {sim::Poisson{.per_second = 0.3}};
  for (const Rival& rival : all()) {
    const Seen first = watch(rival.name, scenario, {.fixed_tasks = 5});
    const Seen second = watch(rival.name, scenario, {.fixed_tasks = 5});
    EXPECT_EQ(first.desired, second.desired) << rival.name;
    EXPECT_EQ(first.run.score.task_time, second.run.score.task_time) << rival.name;
    EXPECT_GT(first.run.score.messages.sent, 500) << rival.name;
  }
}

}  // namespace
}  // namespace scaler::rivals
