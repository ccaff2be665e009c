#pragma once
// CloudWatch's operations in the Query protocol, as SDKs of before 2025 speak it.

#include "emulator/front/query_protocol.h"

namespace scaler::emulator {

extern const QueryService kCloudWatchQuery;

}  // namespace scaler::emulator
