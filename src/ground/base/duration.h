#pragma once
// Durations as people write them; format_duration() of clock.h is the other way round.

#include <string_view>

#include "ground/base/clock.h"
#include "ground/base/result.h"

namespace scaler {

/// "500ms", "8.4s", "2m", "1h", "3d", or plain seconds, blanks before the unit allowed.
/// Errors: Malformed, quoting the text.
Result<Duration> parse_duration(std::string_view text);

}  // namespace scaler
