#pragma once
// Where once, run and explain take their services from: a fleet file, or the environment variables
// of a single service.

#include <string>
#include <vector>

#include "base/environment.h"
#include "pass/pass.h"

namespace scaler::cli {

/// The services of the file, or that of the environment when `config_file` is empty.
/// Errors: Malformed, naming file, line or path, or variable; Unavailable for a file that cannot be
///         read.
Result<std::vector<ManagedService>> load_fleet(const Environment& environment,
                                               const std::string& config_file);

}  // namespace scaler::cli
