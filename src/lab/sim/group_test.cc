// The instances under a service: what each way to drive them costs, and who waits for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/sim/test_support.h"

namespace scaler::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Driver = GroupModel::Driver;

/// One job of five minutes every two hours, on instances that take three minutes to come.
Scenario sparse(Driver driver, Capacity capacity) {
  Scenario scenario;
  scenario.length = hours(24);
  scenario.arrivals = {Bursts{.every = hours(2), .size = 1, .random = false}};
  scenario.service = service_model(Preset::Gpu, {.min = minutes(5), .max = minutes(5)});
  scenario.service.behaviour.task_start = {.min = seconds(10), .max = seconds(10)};
  scenario.service.behaviour.task_stop = {.min = seconds(5), .max = seconds(5)};
  scenario.group = GroupModel{.driver = driver, .start = {.min = minutes(3), .max = minutes(3)}};
  scenario.policy = {.mode = Mode::Backlog,
                     .backlog_per_task = 1,
                     .tasks_max = 10,
                     .scale_down_threshold = seconds(0),
                     .zero_confirmations = 1,
                     .capacity = capacity};
  scenario.triggers = {.tick = seconds(10), .wake = true, .cold_share = 0};
  return scenario;
}

Run run_of(const Scenario& scenario) {
  return simulate(scenario, 1).value();
}

double instance_hours(const Run& run) {
  return static_cast<double>(run.score.instance_time.count()) / 3'600'000;
}

TEST(Group, ManagedScalingKeepsTwoForAQuarterOfAnHour) {
  const auto run = run_of(sparse(Driver::ManagedScaling, Capacity::Off));
  const std::int64_t jobs = run.score.messages.processed;
  EXPECT_GE(jobs, 11);
  EXPECT_EQ(run.score.instances.launched, 2 * jobs);
  EXPECT_NEAR(instance_hours(run) / static_cast<double>(jobs), 2 * 18 / 60.0, 0.05);
  EXPECT_GT(run.score.waiting.quantile(0.5), minutes(4)) << "the alarm comes a minute later";
  EXPECT_LT(run.score.waiting.max(), minutes(6));
}

TEST(Group, AKickFromNoneSavesTheAlarm) {
  const auto alone = run_of(sparse(Driver::ManagedScaling, Capacity::Off));
  const auto kicked = run_of(sparse(Driver::ManagedScaling, Capacity::Follow));
  EXPECT_LT(kicked.score.waiting.max() + minutes(1) - seconds(1), alone.score.waiting.max());
  EXPECT_EQ(kicked.score.instances.launched, kicked.score.messages.processed)
      << "ECS sees one that warms up, and adds none";
}

TEST(Group, ManagedInstancesGoSoonAfterTheirLastTask) {
  Scenario scenario = sparse(Driver::ManagedInstances, Capacity::Follow);
  const auto five = run_of(scenario);
  scenario.group->scale_in_after = seconds(60);
  const auto one = run_of(scenario);
  EXPECT_EQ(five.score.instances.launched, five.score.messages.processed);
  EXPECT_NEAR(instance_hours(five) - instance_hours(one),
              4.0 / 60 * static_cast<double>(one.score.messages.processed), 0.01);
}

TEST(Group, AWarmPoolIsQuickerAndIsMadeReadyAnew) {
  Scenario scenario = sparse(Driver::ManagedScaling, Capacity::Off);
  const auto cold = run_of(scenario);
  scenario.group->warm_pool = world::WarmPool{.prepared_max = 2};
  const auto warm = run_of(scenario);
  EXPECT_LT(warm.score.waiting.quantile(0.5), cold.score.waiting.quantile(0.5) - minutes(1));
  EXPECT_GT(warm.score.instance_time, cold.score.instance_time);
  EXPECT_GT(warm.score.instances.stopped_time, hours(24));
}

TEST(Group, TheProgramItselfNeedsOneAndKeepsItForAMinute) {
  const auto managed = run_of(sparse(Driver::ManagedScaling, Capacity::Off));
  const auto own = run_of(sparse(Driver::Scaler, Capacity::Own));
  EXPECT_EQ(own.score.messages.processed, managed.score.messages.processed);
  EXPECT_EQ(own.score.instances.launched, own.score.messages.processed);
  EXPECT_LE(instance_hours(own), 0.45 * instance_hours(managed));
  EXPECT_LT(own.score.instances.idle.quantile(0.95), minutes(2) + seconds(30));
  EXPECT_LT(own.score.waiting.max(), minutes(3) + seconds(25));
  EXPECT_EQ(own.score.instances.tasks_lost, 0);
  EXPECT_EQ(own.instances, 0);
}

TEST(Group, AWakeAsksForTheInstanceWithinASecond) {
  const Scenario scenario = sparse(Driver::Scaler, Capacity::Own);
  std::vector<Duration> after;
  const Hooks hooks{.on_instance_change = [&](const InstanceChange& change) {
    if (change.after > change.before) {
      after.push_back((change.at - scenario.begin) % hours(2));
    }
  }};
  ASSERT_TRUE(simulate(scenario, 1, hooks));
  EXPECT_GE(after.size(), 11);
  EXPECT_THAT(after, ::testing::Each(::testing::Lt(seconds(1)))) << "bursts come every two hours";
}

TEST(Group, ATaskThatWasPlacedSinceItsServiceWasReadAsksForNoOtherInstance) {
  Scenario scenario = sparse(Driver::Scaler, Capacity::Own);
  scenario.policy.instance_min = 1;
  const auto run = run_of(scenario);
  EXPECT_GE(run.score.messages.processed, 11);
  EXPECT_EQ(run.score.instances.launched, 1);
}

TEST(Group, BeatsOfANightWithoutInstancesAreLeftOut) {
  const auto own = run_of(sparse(Driver::Scaler, Capacity::Own));
  EXPECT_GT(own.passes_left_out, own.score.actions.passes / 2);

  Scenario watched = sparse(Driver::Scaler, Capacity::Own);
  const auto all = simulate(watched, 1, {.on_pass = [](const PassRecord&, Trigger) {}}).value();
  EXPECT_EQ(all.passes_left_out, 0);
  EXPECT_EQ(all.score.instance_time, own.score.instance_time);
  EXPECT_EQ(all.score.waiting.max(), own.score.waiting.max());
}

TEST(Group, SeveralTasksShareAnInstance) {
  Scenario scenario = sparse(Driver::Scaler, Capacity::Own);
  scenario.arrivals = {Bursts{.every = hours(2), .size = 8, .random = false}};
  scenario.group->tasks_per_instance = 4;
  scenario.policy.instance_tasks = 4;
  const auto run = run_of(scenario);
  EXPECT_EQ(run.score.instances.launched, run.score.messages.processed / 4);
  EXPECT_EQ(run.score.tasks_peak, 8);
}

}  // namespace
}  // namespace scaler::sim
