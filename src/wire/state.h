#pragma once
// The JSON of a service's state: {"last_look":..,"empty_since":..,"empty_observations":..,...}, the
// names being those of docs/decision.md. All members may be left out.

#include "ground/json/reader.h"
#include "ground/json/writer.h"
#include "scaler/core/state.h"

namespace scaler {

/// Errors: Malformed; unknown members are refused with the nearest known name.
Result<ServiceState> read_state(const json::Reader& object);

void write_state(json::Writer& writer, const ServiceState& state);

}  // namespace scaler
