#pragma once
// STS: who the credentials belong to.

#include <string>

#include "aws/client.h"

namespace scaler::aws {

struct CallerIdentity {
  std::string account = {};
  std::string arn = {};
};

Result<CallerIdentity> caller_identity(Client& client, Deadline deadline);

}  // namespace scaler::aws
