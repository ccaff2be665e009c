#pragma once
// The JSON of decisions: observation and state in, decision and record out. The names are those of
// docs/decision.md; durations are seconds, instants RFC 3339. Unknown members are refused.

#include <string>

#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/decide.h"
#include "scaler/pass/pass.h"

namespace scaler {

/// {"at":..,"queues":[{"visible":..,"in_flight":..,"delayed":..} | {"error":".."}],"service":{..}}
Result<Observation> read_observation(const json::Reader& object);

/// {"empty_since":..,"empty_observations":..,"last_scale_out":..,...}; all members optional.
Result<ServiceState> read_state(const json::Reader& object);

void write_state(json::Writer& writer, const ServiceState& state);

/// [{"rule":"backlog","tasks":10,"note":".."},...]
void write_steps(json::Writer& writer, const Steps& steps);

/// {"action":..,"desired":..,"demand":..,"steps":[..],"state":{..}}
void write_decision(json::Writer& writer, const Decision& decision, const ServiceState& state);

/// Everything one pass saw and did for one service, on one line.
std::string record_json(const PassRecord& record);

}  // namespace scaler
