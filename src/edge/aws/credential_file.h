#pragma once
// A file that says who somebody is: profiles, tokens. It is read again and again, on the one thread
// of the program.

#include <string>

#include "ground/base/result.h"

namespace scaler::aws {

/// The whole text.
/// Errors: NotFound when there is no such file; Unavailable when it cannot be read, is larger than
///         any such file, or a pipe: the second reader finds it empty, which would be another
///         identity, or waits for ever. The message names the path.
Result<std::string> read_credential_file(const std::string& path);

}  // namespace scaler::aws
