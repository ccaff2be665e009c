#pragma once
// The places that may hold credentials, each as one CredentialSource.

#include <memory>

#include "aws/credentials.h"

namespace scaler::aws {

/// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION.
std::unique_ptr<CredentialSource> environment_source(const CredentialSurroundings& surroundings);

/// Static keys in the profile files. Profiles that name a role, a process or SSO are refused by
/// name.
std::unique_ptr<CredentialSource> profile_source(const CredentialSurroundings& surroundings);

/// The endpoint that ECS, EKS and others put into AWS_CONTAINER_CREDENTIALS_*_URI.
std::unique_ptr<CredentialSource> container_source(const CredentialSurroundings& surroundings);

/// The role of the EC2 instance, through IMDSv2; v1 only where v2 does not exist.
std::unique_ptr<CredentialSource> instance_source(const CredentialSurroundings& surroundings);

}  // namespace scaler::aws
