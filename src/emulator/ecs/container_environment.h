#pragma once
// The variables of the first container of a task definition.

#include "ground/base/environment.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// Empty when there are none. Of two with one name the first counts.
Environment container_environment(const world::TaskDefinition& definition);

}  // namespace scaler::emulator
