#pragma once
// Credentials in environment variables.

#include <memory>

#include "edge/aws/credentials.h"

namespace scaler::aws {

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION. What is
/// blank counts as not set.
std::unique_ptr<CredentialSource> environment_source(const CredentialSurroundings& surroundings);

}  // namespace scaler::aws
