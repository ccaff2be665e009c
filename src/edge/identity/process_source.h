#pragma once
// credential_process: a program of the user's that prints keys.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html

#include <memory>

#include "edge/aws/credentials.h"
#include "edge/identity/profile_plan.h"

namespace scaler::identity {

/// The program is run without a shell at each fetch, for a minute at most. What it prints is never
/// quoted; what it says on standard error is its message when it fails.
std::unique_ptr<aws::CredentialSource> process_source(
    const aws::CredentialSurroundings& surroundings, CredentialProcess process);

}  // namespace scaler::identity
