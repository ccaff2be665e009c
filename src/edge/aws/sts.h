#pragma once
// STS: who the credentials belong to.

#include <string>
#include <string_view>

#include "edge/aws/client.h"

namespace scaler::aws {

struct CallerIdentity {
  std::string account = {};
  std::string arn = {};
};

/// `region`: where it is asked; empty for the default one.
Result<CallerIdentity> caller_identity(Client& client, Deadline deadline,
                                       std::string_view region = {});

}  // namespace scaler::aws
