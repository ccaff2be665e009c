#pragma once
// The settings that a profile may hold: those that speak of credentials, and those of AWS's tools
// that do not.

#include <string_view>

namespace scaler::identity {

/// "role_arn", "sso_region", ...
bool speaks_of_credentials(std::string_view setting);

/// "region", "output", ...: known, and nothing to do with whose credentials are used.
bool is_no_credential(std::string_view setting);

}  // namespace scaler::identity
