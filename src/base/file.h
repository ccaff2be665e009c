#pragma once
// Reading a whole file without streams: these would drag the standard library's locales into the
// Lambda program.

#include <string>

#include "base/result.h"

namespace scaler {

/// Errors: NotFound when there is no such file; Unavailable when it cannot be read, with the
/// system's reason. The message names the path.
Result<std::string> read_file(const std::string& path);

}  // namespace scaler
