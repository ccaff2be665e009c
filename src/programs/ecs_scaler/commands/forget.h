#pragma once
// `run --forget`.

#include "ground/base/environment.h"
#include "programs/ecs_scaler/commands/common_options.h"

namespace scaler::cli {

/// Removes the state tags of the services and says what they held. -> exit code
int forget(const Environment& environment, const FleetChoice& choice);

}  // namespace scaler::cli
