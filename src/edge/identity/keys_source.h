#pragma once
// Keys that stand in a profile itself.

#include "edge/aws/profile_file.h"

namespace scaler::identity {

/// Whether there is a key, or half of one.
bool has_keys(const aws::ProfileSettings& settings);

}  // namespace scaler::identity
