#pragma once
// The JSON of a decision, the names being those of docs/decision.md.

#include "ground/json/writer.h"
#include "scaler/core/decision.h"
#include "scaler/core/state.h"

namespace scaler {

/// [{"rule":"backlog","tasks":10,"note":".."},...]
void write_steps(json::Writer& writer, const Steps& steps);

/// {"action":..,"desired":..,"demand":..,"steps":[..],"state":{..}}; the state is the one after it.
void write_decision(json::Writer& writer, const Decision& decision, const ServiceState& state);

}  // namespace scaler
