#pragma once
// Whatever the chosen profile means, and the variables of a web identity, which stand beside it.

#include <memory>

#include "edge/aws/credentials.h"
#include "edge/aws/role_source.h"

namespace scaler::identity {

/// The files are read at the first fetch that finds something in them; what a plan says is kept,
/// what it needs is fetched anew each time.
/// Errors: Malformed for a profile that cannot be understood, Unauthorized for one whose place has
///         no credentials. It never leaves the choice to the next place then.
std::unique_ptr<aws::CredentialSource> profile_source(
    const aws::CredentialSurroundings& surroundings, const Log& log, aws::AskCode ask_code);

}  // namespace scaler::identity
