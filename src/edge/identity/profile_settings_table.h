#pragma once
// The settings of AWS's tools that a profile may hold and that mean nobody's credentials.

#include <string_view>

namespace scaler::identity {

/// "region", "output", ...: known, and nothing to do with whose credentials are used.
bool is_no_credential(std::string_view setting);

}  // namespace scaler::identity
