#pragma once
// EC2 Auto Scaling in the Query protocol.

#include "emulator/front/query_protocol.h"

namespace scaler::emulator {

extern const QueryService kScalingGroupsQuery;

}  // namespace scaler::emulator
