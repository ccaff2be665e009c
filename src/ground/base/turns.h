#pragma once
// Turns: what has to be done for each of many now and then, spread evenly over time instead of for
// all of them at once.

#include <string_view>

#include "ground/base/clock.h"

namespace scaler {

/// Whether the turn of this one has come since `last`. Each has one every `every`, at a moment that
/// follows from its name alone; a clock that was set back makes it come, too.
bool turn_came(std::string_view name, Instant last, Instant now, Duration every);

}  // namespace scaler
