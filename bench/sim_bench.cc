// Simulated days per second: one service with a pass every ten seconds, and a million messages in
// thirty days. Memory: the peak must not grow with the length of what comes in.

#include <cmath>
#include <numbers>
#include <sys/resource.h>
#include <utility>

#include <benchmark/benchmark.h>

#include "ground/base/check.h"
#include "lab/sim/simulator.h"

namespace scaler::sim {
namespace {

constexpr double kMessagesPerDay = 1e6 / 30;

/// Intervals of five minutes with the rate of a day's wave, made as they are asked for: a trace of
/// any length without a file.
class WaveTrace final : public TraceSource {
 public:
  WaveTrace(Instant begin, Instant end) : next_(begin), end_(end) {}

  std::optional<TraceInterval> next() override {
    if (next_ >= end_) {
      return std::nullopt;
    }
    constexpr Duration kInterval = std::chrono::minutes(5);
    constexpr double kIntervalsPerDay = 288;
    const double day =
        std::chrono::duration<double, std::chrono::days::period>(next_.time_since_epoch()).count();
    const double swing = 1 - (0.8 * std::cos(2 * std::numbers::pi * day));
    return TraceInterval{.begin = std::exchange(next_, next_ + kInterval),
                         .length = kInterval,
                         .messages = kMessagesPerDay / kIntervalsPerDay * swing};
  }

 private:
  Instant next_;
  Instant end_;
};

void simulate_days(benchmark::State& state) {
  Scenario scenario;
  scenario.length = std::chrono::days(state.range(0));
  const Instant begin = scenario.begin;
  const Instant end = begin + scenario.length;
  scenario.arrivals = {
      ArrivalTrace{.open = [begin, end] { return std::make_unique<WaveTrace>(begin, end); }}};
  scenario.service = service_model(Preset::Fargate, world::exponential(std::chrono::seconds(20)));
  scenario.policy = {.mode = Mode::Backlog, .backlog_per_task = 1, .tasks_max = 50};
  scenario.triggers = controller(std::chrono::seconds(10));
  Score score;
  for (auto _ : state) {
    score = simulate(scenario, 1)->score;
  }
  CHECK(score.messages.lost == 0);
  CHECK(score.messages.unfinished == 0);
  CHECK(std::abs(static_cast<double>(score.messages.sent) /
                     (kMessagesPerDay * static_cast<double>(state.range(0))) -
                 1) < 0.01);
  rusage usage{};
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  state.counters["messages"] = static_cast<double>(score.messages.sent);
  state.counters["passes"] = static_cast<double>(score.actions.passes);
  state.counters["peak_rss_MB"] = static_cast<double>(usage.ru_maxrss) / 1024;
}
BENCHMARK(simulate_days)
    ->Name("BM_Simulate/days")
    ->ArgName("")
    ->Arg(3)
    ->Arg(30)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace scaler::sim
