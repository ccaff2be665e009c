#pragma once
// The texts of a setting that are made from its row in the table of policy fields.

#include <string>

#include "scaler/core/policy_fields.h"

namespace scaler {

/// Its environment variable: the name in capitals.
std::string variable_name(const PolicyField& field);

/// Its default as one would write it, durations in seconds; empty where there is none.
std::string default_of(const PolicyField& field);

}  // namespace scaler
