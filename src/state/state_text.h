#pragma once
// ServiceState as the compact, versioned text that an ECS service tag can hold: at most 256
// characters of letters, digits, space and _ . : / = + - @, with a checksum so that a damaged text
// is noticed.

#include <string>
#include <string_view>

#include "base/result.h"
#include "core/state.h"

namespace scaler {

/// AWS's limit for a tag's value.
inline constexpr std::size_t kStateTextLimit = 256;

/// "v2 empty=1764000000.250:2 out=1764000000 in=1764000000 set=3 rec=1764000000:9/60:4
/// chg=1764000000:4/30:-2 man=1764000000:7 short=1764000000 fail=1 crc=0a1b2c3d": fields that are
/// unknown are left out. Instants are seconds since 1970 with up to three decimals; in a history
/// each after the first is told from the one before. A history that does not fit is rounded to
/// later whole seconds, then merged: it never forgets a higher need or a change.
std::string format_state(const ServiceState& state);

/// Also reads v1, which had no histories. Errors: Malformed for a text that is damaged, foreign or
/// of a later version; the caller then goes on as if nothing were known.
Result<ServiceState> parse_state(std::string_view text);

}  // namespace scaler
