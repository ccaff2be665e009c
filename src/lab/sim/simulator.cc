#include "lab/sim/simulator.h"

#include <algorithm>
#include <iterator>

#include <fmt/core.h>

#include "ground/base/check.h"
#include "lab/sim/cloud.h"
#include "lab/sim/engine.h"
#include "lab/sim/passes.h"

namespace scaler::sim {
namespace {

/// A scaler that wants to act again and again at one instant would never end.
constexpr int kActsAtOneInstant = 10'000;

Run run(Engine& engine, SimulatedCloud& cloud, Scaler& scaler) {
  Stage stage{.world = engine.world(),
              .reader = cloud,
              .scaler = cloud,
              .states = cloud,
              .clock = cloud,
              .queue_url = Engine::kQueue,
              .service = {.cluster = Engine::kCluster, .service = Engine::kService}};
  engine.set_on_arrival([&scaler](Instant at) { scaler.arrived(at); });
  int acts = 0;
  while (engine.now() < engine.end()) {
    const Instant before = engine.now();
    const Instant next = std::min(engine.next_event(), engine.end());
    const auto wake = scaler.next_wake();
    if (wake && std::max(*wake, before) <= next) {
      engine.advance(*wake);
      scaler.act(stage);
    } else {
      engine.advance(next);
    }
    acts = engine.now() > before ? 0 : acts + 1;
    CHECK(acts < kActsAtOneInstant);
  }
  return engine.finish();
}

}  // namespace

Result<Run> simulate(const Scenario& scenario, std::uint64_t seed, const Hooks& hooks,
                     const RunPass& pass) {
  Policy policy = TRY(Policy::create(scenario.policy));
  Engine engine(scenario, seed, hooks);
  SimulatedCloud cloud(engine);
  Passes passes(engine, cloud, std::move(policy), hooks, pass);
  return run(engine, cloud, passes);
}

Run simulate(const Scenario& scenario, std::uint64_t seed, Scaler& scaler, const Hooks& hooks) {
  Engine engine(scenario, seed, hooks);
  SimulatedCloud cloud(engine);
  return run(engine, cloud, scaler);
}

std::string journal_line(const PassRecord& record, Trigger trigger) {
  std::string line = fmt::format("{} {}", format_instant(record.at), to_string(trigger));
  for (const Result<QueueDepth>& queue : record.queues) {
    line += queue ? fmt::format(" {}+{}+{}", queue->visible, queue->in_flight, queue->delayed)
                  : fmt::format(" {}", to_string(queue.error().kind));
  }
  if (record.decision) {
    const ServiceObservation& service = record.reading->service;
    line += fmt::format(" {}/{} {} {}->{} {}", service.running, service.desired,
                        to_string(record.decision->action), record.decision->before,
                        record.decision->desired, static_cast<int>(record.outcome));
    for (const Step& step : record.decision->steps) {
      line += fmt::format(" {}:{}", to_string(rule_of(step.reason)), step.tasks);
    }
  }
  if (record.group) {
    for (const InstanceStep& step : record.group->steps) {
      line += fmt::format(" {}:{}", to_string(step.reason), step.instances);
    }
  }
  for (const std::string& error : record.errors) {
    line += " !" + error;
  }
  return line;
}

}  // namespace scaler::sim
