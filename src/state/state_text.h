#pragma once
// ServiceState as the compact, versioned text that an ECS service tag can hold: at most 256
// characters of letters, digits, space and _ . : / = + - @, with a checksum so that a damaged text
// is noticed.

#include <string>
#include <string_view>

#include "base/result.h"
#include "core/state.h"

namespace scaler {

/// "v1 empty=1764000000.250:2 out=1764000000 in=1764000000 set=3 fail=1 crc=0a1b2c3d"; fields that
/// are unknown are left out. Instants are seconds since 1970 with up to three decimals.
std::string format_state(const ServiceState& state);

/// Errors: Malformed for a text that is damaged, foreign or of another version. The caller then
/// goes on as
///         if nothing were known.
Result<ServiceState> parse_state(std::string_view text);

}  // namespace scaler
