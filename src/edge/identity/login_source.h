#pragma once
// `aws login`: short-lived keys that a refresh token and a key of the machine's renew, written back
// to where the AWS CLI keeps them.

#include <memory>

#include "edge/aws/credentials.h"
#include "edge/identity/profile_plan.h"

namespace scaler::identity {

/// Such keys live for 15 minutes at most; they are renewed from 5 minutes before they expire.
std::unique_ptr<aws::CredentialSource> login_source(const aws::CredentialSurroundings& surroundings,
                                                    const Log& log, LoginSession session);

}  // namespace scaler::identity
