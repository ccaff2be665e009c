#pragma once
// The JSON of an observation, the names being those of docs/decision.md:
// {"at":..,"queues":[{"visible":..,"in_flight":..,"delayed":..} | {"error":".."}],"service":{..}}

#include <vector>

#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/observation.h"

namespace scaler {

/// Errors: Malformed; unknown members are refused with the nearest known name.
Result<Observation> read_observation(const json::Reader& object);

/// [{"visible":..,..},{"error":"Throttled"},..]; weights are the policy's and not told.
void write_queues(json::Writer& writer, const std::vector<Result<QueueDepth>>& queues);

/// {"desired":..,"running":..,..}
void write_service(json::Writer& writer, const ServiceObservation& service);

}  // namespace scaler
