#pragma once
// IAM Identity Center (SSO): the token that `aws sso login` left becomes the keys of a role. A
// token of an [sso-session] is refreshed and written back.
// https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html

#include <memory>

#include "edge/aws/credentials.h"
#include "edge/identity/profile_plan.h"

namespace scaler::identity {

std::unique_ptr<aws::CredentialSource> sso_source(const aws::CredentialSurroundings& surroundings,
                                                  const Log& log, SsoRole role);

}  // namespace scaler::identity
