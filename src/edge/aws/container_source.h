#pragma once
// Credentials of the endpoint that ECS, EKS Pod Identity and others put into
// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI.

#include <memory>

#include "edge/aws/credentials.h"

namespace scaler::aws {

/// Errors: Malformed for a host that is neither loopback nor that of ECS or EKS, without TLS.
std::unique_ptr<CredentialSource> container_source(const CredentialSurroundings& surroundings);

}  // namespace scaler::aws
