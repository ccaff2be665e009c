#pragma once
// What the tests of all folders share.

#include "ground/base/clock.h"

namespace scaler::testing {

/// 2026-11-23T12:00:00Z, the noon of all tests.
inline constexpr Instant kNoon{std::chrono::seconds(1'795'435'200)};

}  // namespace scaler::testing
