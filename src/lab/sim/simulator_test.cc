#include "lab/sim/simulator.h"

#include <array>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/sim/test_support.h"
#include "lab/sim/trial.h"

namespace scaler::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Scenario calm() {
  Scenario scenario;
  scenario.length = hours(2);
  scenario.arrivals = {Poisson{.per_second = 0.2}};
  scenario.service = service_model(Preset::Fargate, world::exponential(seconds(20)));
  scenario.policy = {.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_max = 20};
  scenario.triggers = controller(seconds(10));
  return scenario;
}

// --- determinism --------------------------------------------------------------------------------

TEST(Simulator, GivesOneJournalForOneSeedByteForByte) {
  for (const std::uint64_t seed : {3U, 4U}) {
    const Scenario scenario = random_scenario(seed);
    EXPECT_EQ(try_passes(scenario, seed).journal, try_passes(scenario, seed).journal);
  }
  EXPECT_NE(try_passes(calm(), 1).journal, try_passes(calm(), 2).journal);
}

// No logarithm is drawn here, so that this holds whatever the C library: on a change of behaviour
// that is meant, take over the new number.
TEST(Simulator, KeepsItsJournal) {
  Scenario scenario = calm();
  scenario.arrivals = {Constant{.per_second = 0.2},
                       Bursts{.every = minutes(13), .size = 30, .random = false}};
  scenario.service.behaviour.work_time = {.min = seconds(5), .max = seconds(30)};
  scenario.triggers = {.tick = seconds(10), .doorbell = true, .wake = true};
  scenario.faults = {.of_call = 0.02};

  EXPECT_EQ(try_passes(scenario, 1).journal, 9893365814382731463U);
}

TEST(Simulator, GivesEveryScalerTheSameJobs) {
  Scenario scenario = calm();
  scenario.service.desired_at_begin = 200;  // None waits, so that only the jobs' own time counts.
  scenario.service.behaviour.task_start = {};
  Nobody nobody;
  const auto first = simulate(scenario, 9, nobody);
  scenario.service.desired_at_begin = 300;
  Beat looks(scenario.begin, seconds(7), [](Stage& stage) {
    look_at(stage.reader, {.service = stage.service, .queue_urls = {stage.queue_url}}, {});
  });
  const auto second = simulate(scenario, 9, looks);

  EXPECT_GT(first.score.messages.processed, 1000);
  EXPECT_EQ(first.score.messages.sent, second.score.messages.sent);
  EXPECT_EQ(first.score.time_in_system, second.score.time_in_system);
  EXPECT_GT(second.score.actions.calls, 1000);
}

TEST(Simulator, RefusesABadPolicy) {
  Scenario scenario = calm();
  scenario.policy.backlog_per_task = 0;
  const auto run = simulate(scenario, 1);
  ASSERT_FALSE(run.has_value());
  EXPECT_THAT(run.error().message, ::testing::HasSubstr("backlog_per_task"));
}

// --- the model against closed forms
// ----------------------------------------------------------------

// L = lambda W, as sums of integers: the integral of the number of messages over time is the sum of
// the times that each spent in the queue. The two are counted at different places.
TEST(Simulator, FulfilsLittlesLawExactly) {
  Scenario scenario = calm();
  scenario.arrivals = {Bursts{.every = minutes(15), .size = 50}, Poisson{.per_second = 0.1}};
  scenario.triggers = {.tick = seconds(10), .doorbell = true, .wake = true};
  const auto run = *simulate(scenario, 1);

  ASSERT_EQ(run.score.messages.processed, run.score.messages.sent);
  EXPECT_GT(run.score.time_in_system, hours(1));
  EXPECT_EQ(run.score.backlog_integral, run.score.time_in_system);
}

/// The probability that an arrival waits in M/M/c, and the mean wait in units of the mean work.
/// Source: Erlang's C formula, by the recursion of his B formula.
struct ErlangC {
  ErlangC(int servers, double load) {
    double blocked = 1;
    for (int i = 1; i <= servers; ++i) {
      blocked = load * blocked / (i + load * blocked);
    }
    const double utilisation = load / servers;
    waits = blocked / (1 - utilisation * (1 - blocked));
    mean_wait = waits / (servers - load);
  }
  double waits = 0;
  double mean_wait = 0;
};

struct Queueing {
  int servers;
  double utilisation;
};

class MMc : public ::testing::TestWithParam<Queueing> {};

// Twenty independent runs give the mean and its standard error; the bounds are four of those wide,
// which a right model leaves once in fifteen thousand, and the seeds are fixed.
TEST_P(MMc, WaitsAsErlangCSays) {
  constexpr int kRuns = 20;
  constexpr double kWork = 20'000;
  const auto [servers, utilisation] = GetParam();
  const double load = utilisation * servers;
  Scenario scenario = calm();
  scenario.arrivals = {Poisson{.per_second = load / (kWork / 1000)}};
  scenario.length =
      std::chrono::round<Duration>(std::chrono::duration<double>(3000 / (load / (kWork / 1000))));
  scenario.drain = hours(10);
  scenario.service = {.behaviour = {.task_start = {}, .task_stop = {}}};
  scenario.service.behaviour.work_time = world::exponential(Duration(20'000));
  scenario.service.desired_at_begin = servers;
  double sum = 0;
  double squares = 0;
  double waiting = 0;
  for (int i = 0; i < kRuns; ++i) {
    Nobody nobody;
    const auto run = simulate(scenario, static_cast<std::uint64_t>(i) + 1, nobody);
    ASSERT_EQ(run.score.messages.processed, run.score.messages.sent);
    const double mean = run.score.waiting.mean() / kWork;
    sum += mean;
    squares += mean * mean;
    waiting += 1 - run.score.waiting.share_within(Duration(0));
  }

  const ErlangC expected(servers, load);
  const double mean = sum / kRuns;
  const double error = std::sqrt((squares / kRuns - mean * mean) / (kRuns - 1));
  EXPECT_NEAR(mean, expected.mean_wait, 4 * error);
  EXPECT_LT(error, 0.1 * expected.mean_wait) << "the bounds are too wide to say anything";
  EXPECT_NEAR(waiting / kRuns, expected.waits, 0.03);
}
INSTANTIATE_TEST_SUITE_P(Servers, MMc,
                         ::testing::Values(Queueing{1, 0.5}, Queueing{1, 0.7}, Queueing{2, 0.7},
                                           Queueing{5, 0.8}, Queueing{20, 0.8}),
                         [](const auto& each) {
                           return "c" + std::to_string(each.param.servers) + "_rho" +
                                  std::to_string(static_cast<int>(100 * each.param.utilisation));
                         });

// --- triggers
// -------------------------------------------------------------------------------------

/// One message after a quiet hour, and when the first scale-out came after it.
Duration reaction(const Triggers& triggers) {
  Scenario scenario = calm();
  const Instant sent = scenario.begin + minutes(61) + seconds(7);
  scenario.arrivals = {trace_of({{.begin = sent, .length = Duration(1), .messages = 1}})};
  scenario.triggers = triggers;
  std::optional<Instant> scaled;
  const Hooks hooks{
      .on_change = [&](const Change& change) { scaled = scaled.value_or(change.at); }};
  const auto run = *simulate(scenario, 1, hooks);
  EXPECT_EQ(run.score.messages.processed, 1);
  EXPECT_EQ(run.score.messages.lost, 0);
  EXPECT_EQ(run.desired, 0);
  return scaled.value_or(run.score.simulated + scenario.begin) - sent;
}

TEST(Triggers, ReactWithinTheirLatencies) {
  EXPECT_GT(reaction({}), seconds(52));
  EXPECT_LT(reaction({}), seconds(55)) << "the next minute of the schedule";
  EXPECT_LT(reaction({.tick = seconds(10)}), seconds(11));
  EXPECT_LT(reaction({.doorbell = true}), Duration(400));
  EXPECT_LT(reaction({.wake = true}), Duration(400));
  EXPECT_LT(reaction(controller(seconds(10))), seconds(11));
}

// One of the schedule and five ticks a minute: those that production sends (src/scaler/invocation).
TEST(Triggers, MakeThePassesThatProductionMakes) {
  Scenario scenario = calm();
  scenario.arrivals = {};
  scenario.drain = {};
  scenario.length = hours(1);
  scenario.triggers = {.tick = seconds(10)};
  std::array<std::int64_t, 5> passes{};
  const Hooks hooks{.on_pass = [&](const PassRecord&, Trigger trigger) {
    ++passes.at(static_cast<std::size_t>(trigger));
  }};
  ASSERT_TRUE(simulate(scenario, 1, hooks).has_value());
  EXPECT_EQ(passes.at(static_cast<std::size_t>(Trigger::Schedule)), 60);
  EXPECT_NEAR(static_cast<double>(passes.at(static_cast<std::size_t>(Trigger::Tick))), 300, 2);
}

TEST(Triggers, OfMessagesNeverScaleIn) {
  Scenario scenario = calm();
  scenario.policy.scale_in_when = ScaleInWhen::Any;
  scenario.triggers.doorbell = true;
  scenario.triggers.wake = true;
  std::int64_t rung = 0;
  const Hooks hooks{.on_pass = [&](const PassRecord& record, Trigger trigger) {
    if (trigger == Trigger::Doorbell || trigger == Trigger::Wake) {
      ++rung;
      EXPECT_NE(record.decision->action, Action::ScaleIn);
    }
  }};
  EXPECT_TRUE(simulate(scenario, 1, hooks).has_value());
  EXPECT_GT(rung, 100);
}

// --- faults in detail
// -----------------------------------------------------------------------------

TEST(Simulator, TellsWhoStoppedABusyTask) {
  Scenario scenario = calm();
  scenario.service.desired_at_begin = 10;
  scenario.service.behaviour.task_start = {};
  Beat blind(scenario.begin + minutes(30), hours(9), [](Stage& stage) {
    const DesiredCount none{.service = stage.service, .desired = 0};
    EXPECT_TRUE(stage.scaler.set_desired({&none, 1}, {}).front().has_value());
  });
  const KilledScore killed = simulate(scenario, 1, blind).score.killed;
  EXPECT_GT(killed.by_scaler, 0);
  EXPECT_EQ(killed.in_race + killed.misled + killed.by_person + killed.by_deployment, 0);
}

TEST(Simulator, CountsWhatIsNotDoneInTheWaitingTimes) {
  Scenario scenario = calm();
  scenario.drain = hours(1);
  Nobody nobody;
  const auto run = simulate(scenario, 1, nobody);
  EXPECT_EQ(run.score.messages.processed, 0);
  EXPECT_EQ(run.score.messages.unfinished, run.score.messages.sent);
  EXPECT_EQ(run.score.waiting.count(), run.score.messages.sent);
  EXPECT_GT(run.score.waiting.quantile(0), hours(1));
  EXPECT_EQ(run.score.share_within_objective, 0);
}

TEST(Simulator, CountsExpiredMessagesAsLost) {
  Scenario scenario = calm();
  scenario.queue.retention = minutes(30);
  scenario.drain = hours(1);
  Nobody nobody;
  const MessageScore messages = simulate(scenario, 1, nobody).score.messages;
  EXPECT_EQ(messages.lost, messages.sent);
}

TEST(Simulator, SamplesAtItsBeat) {
  const Scenario scenario = calm();
  std::int64_t samples = 0;
  std::int64_t sent = 0;
  std::int64_t processed = 0;
  const Hooks hooks{.on_sample =
                        [&](const Sample& sample) {
                          ++samples;
                          sent += sample.sent;
                          processed += sample.processed;
                          EXPECT_GE(sample.running, sample.working);
                        },
                    .sample_every = minutes(5)};
  const auto run = *simulate(scenario, 1, hooks);
  EXPECT_EQ(samples, 24 + 6 + 1);
  EXPECT_EQ(sent, run.score.messages.sent);
  EXPECT_EQ(processed, run.score.messages.processed);
}

}  // namespace
}  // namespace scaler::sim
