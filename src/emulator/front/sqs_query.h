#pragma once
// SQS in the Query protocol, for the SDKs of before November 2023 and what was built on them.

#include "emulator/front/query_protocol.h"

namespace scaler::emulator {

extern const QueryService kSqsQuery;

}  // namespace scaler::emulator
