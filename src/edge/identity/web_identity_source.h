#pragma once
// The role of a web identity: what EKS (IRSA), GitHub and other OIDC providers put into a file.

#include <memory>

#include "edge/aws/credentials.h"
#include "edge/identity/profile_plan.h"

namespace scaler::identity {

/// The token's file is read at each fetch: it is replaced before the token expires.
std::unique_ptr<aws::CredentialSource> web_identity_source(
    const aws::CredentialSurroundings& surroundings, WebIdentity identity);

}  // namespace scaler::identity
