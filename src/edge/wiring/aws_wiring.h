#pragma once
// The Wiring on AWS, for whichever credentials: wiring.cc and workstation.cc make theirs of it.

#include "edge/aws/session.h"
#include "edge/wiring/wiring.h"

namespace scaler {

/// Errors: as Wiring::create().
Result<std::unique_ptr<Wiring>> make_aws_wiring(const Environment& environment, Clock& clock,
                                                const Log& log, const aws::SessionOptions& options);

}  // namespace scaler
