#include "wire/decision.h"

#include "wire/state.h"

namespace scaler {

void write_steps(json::Writer& writer, const Steps& steps) {
  writer.begin_array();
  for (const Step& step : steps) {
    writer.begin_object()
        .field("rule", to_string(rule_of(step.reason)))
        .field("tasks", step.tasks)
        .field("note", explain(step))
        .end_object();
  }
  writer.end_array();
}

void write_decision(json::Writer& writer, const Decision& decision, const ServiceState& state) {
  writer.begin_object()
      .field("action", to_string(decision.action))
      .field("desired", decision.desired)
      .field("demand", decision.demand);
  writer.name("steps");
  write_steps(writer, decision.steps);
  writer.name("state");
  write_state(writer, state);
  writer.end_object();
}

}  // namespace scaler
