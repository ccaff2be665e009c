#pragma once
// All places where a workstation, an instance or a container may have credentials, in botocore's
// order. Only ecs-scaler links them; a Lambda needs a few (edge/aws/credentials.h).

#include "edge/aws/credentials.h"
#include "edge/aws/role_source.h"

namespace scaler::identity {

/// Environment, profile and web identity, container endpoint, instance metadata. A person is asked
/// for a code where a role needs one.
aws::CredentialSources workstation_sources(const aws::CredentialSurroundings& surroundings,
                                           const Log& log);

/// As above, asking otherwise.
aws::CredentialSources workstation_sources(const aws::CredentialSurroundings& surroundings,
                                           const Log& log, aws::AskCode ask_code);

}  // namespace scaler::identity
