#pragma once
// What a task needs of an instance.

#include "lab/world/world.h"

namespace scaler::emulator {

/// The task's own size where its definition has one, else what its containers reserve; GPUs are
/// always the containers'.
world::Resources needs_of(const world::TaskDefinition& definition);

}  // namespace scaler::emulator
