#pragma once
// Policies from JSON: one object whose members are the fields of scaler/core/policy_fields.h.

#include "ground/json/reader.h"
#include "scaler/core/policy.h"
#include "scaler/core/policy_fields.h"

namespace scaler {

/// Puts one value into the options. Errors: Malformed with path, value and what would be right.
Result<void> read_field(const PolicyField& field, const json::Reader& value,
                        PolicyOptions& options);

/// All members into the options. Errors: Malformed, all of them together; unknown members are
/// refused with the nearest known name.
Result<void> read_fields(const json::Reader& object, PolicyOptions& options);

/// A whole policy. Errors: Malformed; unknown members are refused with the nearest known name.
Result<Policy> read_policy(const json::Reader& object);

}  // namespace scaler
