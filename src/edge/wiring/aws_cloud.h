#pragma once
// The Cloud on AWS, for whichever credentials: cloud.cc and workstation.cc make theirs of it.

#include "edge/aws/session.h"
#include "edge/wiring/cloud.h"

namespace scaler {

/// Errors: as Cloud::create().
Result<std::unique_ptr<Cloud>> make_aws_cloud(const Environment& environment, Clock& clock,
                                              const Log& log, const aws::SessionOptions& options);

}  // namespace scaler
