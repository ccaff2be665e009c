#pragma once
// `run --forget`.

#include <string>

#include "ground/base/environment.h"

namespace scaler::cli {

/// Removes the state tags of the services and says what they held. -> exit code
int forget(const Environment& environment, const std::string& config_file);

}  // namespace scaler::cli
