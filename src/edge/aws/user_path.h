#pragma once
// Paths in variables that name a file of the user's.

#include <optional>
#include <string>
#include <string_view>

#include "ground/base/environment.h"
#include "ground/base/result.h"

namespace scaler::aws {

/// The path that the variable holds, as the AWS CLI reads it: with $NAME and ${NAME}, then with
/// "~", for no shell has seen what systemd or a container sets. Nothing when it is not set. Errors:
/// Malformed, naming the variable, for a name that is not set and for another user's home:
///         taken as it stands the path would name no file, and somebody else's keys would be used.
Result<std::optional<std::string>> path_in(const Environment& environment, std::string_view name);

}  // namespace scaler::aws
