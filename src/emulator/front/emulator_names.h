#pragma once
// The names that an emulator is started with.

#include "emulator/front/emulator.h"
#include "ground/base/result.h"

namespace scaler::emulator {

/// Errors: Malformed for a name that AWS refuses, or that two of the queues have.
Result<void> check_names(const EmulatorOptions& options);

}  // namespace scaler::emulator
