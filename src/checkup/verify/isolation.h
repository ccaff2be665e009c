#pragma once
// The one check that no service of a fleet can make alone: while a message of one of them is worked
// off, those that rest keep their counts.

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "checkup/verify/verifier.h"

namespace scaler::verify {

struct IsolationOptions {
  VerifyOptions verify = {};  ///< of the service: its times
  std::vector<std::string> neighbours = {};
  /// A look at each neighbour, in order.
  std::function<std::vector<Result<Sight>>()> look = {};
};

/// Follows one message of a service that is at rest; what its neighbours did meanwhile is the check
/// `isolation`. Who is not at rest, or gets a message of his own, is not judged; nor is anybody
/// when the service itself does not work, which then is a check that failed.
VerifyReport verify_isolation(Target& target, const ScalerUnderTest& deployment,
                              const IsolationOptions& wanted, Clock& clock,
                              const std::stop_token& stop);

}  // namespace scaler::verify
