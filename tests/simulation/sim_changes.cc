// sim_changes <scenario as JSON>: every change of the desired count that the simulator foresees, as
// {"after": seconds since the beginning, "desired": N}, one a line. test_simulator_foresees.py
// compares them with those that `bootstrap` makes on the emulator.

#include <cstdio>
#include <string>
#include <vector>

#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "lab/sim/simulator.h"
#include "wire/policy.h"

namespace scaler::sim {
namespace {

using json::Reader;

Result<Duration> seconds_of(const Reader& object, std::string_view name) {
  const Reader field = TRY(object.field(name));
  return field.seconds();
}

/// [[seconds since the beginning, messages], ...]
Result<Arrivals> read_messages(const Reader& scenario, Instant begin) {
  const Reader list = TRY(scenario.field("messages"));
  std::vector<TraceInterval> intervals;
  for (const Reader& entry : TRY(list.items())) {
    const std::vector<Reader> pair = TRY(entry.items());
    const Duration after = TRY(pair.at(0).seconds());
    const double messages = TRY(pair.at(1).number());
    intervals.push_back(
        {.begin = begin + after, .length = std::chrono::milliseconds(1), .messages = messages});
  }
  return trace_of(std::move(intervals));
}

/// [[name, from, until], ...] in seconds since the beginning
Result<std::vector<PlannedFault>> read_faults(const Reader& list) {
  std::vector<PlannedFault> planned;
  for (const Reader& entry : TRY(list.items())) {
    const std::vector<Reader> parts = TRY(entry.items());
    const std::string name = TRY(parts.at(0).string());
    std::size_t kind = 0;
    while (kind < kFaults && to_string(static_cast<Fault>(kind)) != name) {
      ++kind;
    }
    if (kind == kFaults) {
      return fail(ErrorKind::Malformed, "no fault is named '" + name + "'");
    }
    const Duration from = TRY(parts.at(1).seconds());
    const Duration until = TRY(parts.at(2).seconds());
    planned.push_back({.fault = static_cast<Fault>(kind), .from = from, .until = until});
  }
  return planned;
}

Result<void> read_triggers(const Reader& object, Triggers& triggers) {
  triggers.schedule = TRY(seconds_of(object, "schedule"));
  triggers.schedule_latency = {};
  triggers.tick_latency = {};
  triggers.message_latency = {};
  triggers.call_latency = {.min = std::chrono::milliseconds(2),
                           .max = std::chrono::milliseconds(2)};
  triggers.cold_share = 0;
  if (object.optional_field("tick")) {
    triggers.tick = TRY(seconds_of(object, "tick"));
    triggers.doorbell = true;
    triggers.wake = true;
    triggers.wake_return = TRY(seconds_of(object, "wake_return"));
    const Duration toggle = TRY(seconds_of(object, "mapping_toggle"));
    triggers.mapping_transition = {.min = toggle, .max = toggle};
  }
  return {};
}

/// Nothing here is left to chance: a pass begins when the schedule says so, and its calls take the
/// time that they take over the loopback interface.
Result<Scenario> read_scenario(const Reader& object) {
  Scenario scenario;
  const Reader policy = TRY(object.field("policy"));
  TRY(read_fields(policy, scenario.policy));
  scenario.length = TRY(seconds_of(object, "length"));
  scenario.drain = Duration(0);
  scenario.arrivals = {TRY(read_messages(object, scenario.begin))};
  world::ServiceBehaviour& behaviour = scenario.service.behaviour;
  for (const auto& [name, range] : {std::pair("task_start", &behaviour.task_start),
                                    std::pair("task_stop", &behaviour.task_stop),
                                    std::pair("work_time", &behaviour.work_time)}) {
    const Duration time = TRY(seconds_of(object, name));
    *range = {.min = time, .max = time};
  }
  TRY(read_triggers(object, scenario.triggers));
  if (const auto faults = object.optional_field("faults")) {
    scenario.faults.planned = TRY(read_faults(*faults));
  }
  return scenario;
}

Result<void> run(const char* text) {
  const json::Value document = TRY(json::parse(text));
  const Scenario scenario = TRY(read_scenario(Reader(document)));
  const Hooks hooks = {.on_change = [begin = scenario.begin](const Change& change) {
    json::Writer out;
    const std::chrono::duration<double> after = change.at - begin;
    out.begin_object().field("after", after.count()).field("desired", change.after).end_object();
    std::puts(out.text().c_str());
  }};
  TRY(simulate(scenario, 1, hooks));
  return {};
}

}  // namespace
}  // namespace scaler::sim

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: sim_changes <scenario as JSON>\n", stderr);
    return 2;
  }
  const scaler::Result<void> result = scaler::sim::run(argv[1]);
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return 1;
  }
  return 0;
}
