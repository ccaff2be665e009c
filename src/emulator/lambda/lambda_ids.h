#pragma once
// Identifiers as Lambda and EventBridge give them.

#include <string>

#include "ground/base/random.h"

namespace scaler::emulator {

/// A random UUID, version 4.
std::string make_uuid(Random& random);

}  // namespace scaler::emulator
