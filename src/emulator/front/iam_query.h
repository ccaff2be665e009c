#pragma once
// IAM's roles and their policies in the Query protocol.

#include "emulator/front/query_protocol.h"

namespace scaler::emulator {

extern const QueryService kIamQuery;

}  // namespace scaler::emulator
