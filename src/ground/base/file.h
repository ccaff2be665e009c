#pragma once
// Reading a whole file without streams: these would drag the standard library's locales into the
// Lambda program.

#include <cstddef>
#include <limits>
#include <string>

#include "ground/base/result.h"

namespace scaler {

/// The file's bytes, and no more than `most` of them.
/// Errors: NotFound when there is no such file; Unavailable when it cannot be read, with the
///         system's reason. The message names the path.
Result<std::string> read_file(const std::string& path,
                              std::size_t most = std::numeric_limits<std::size_t>::max());

}  // namespace scaler
