#pragma once
// Which credentials a profile means, as a plan: where the first ones come from and which roles they
// assume, one after the other. Nothing but the parsed files is looked at, no file, no network.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/aws/role_source.h"
#include "edge/identity/profile_entry.h"

namespace scaler::identity {

struct Plan {
  std::unique_ptr<aws::CredentialSource> first = nullptr;
  std::vector<aws::Role> roles = {};  ///< in the order in which they are assumed
};

/// The plan of a profile and the variables; nothing when neither speaks of credentials.
/// Errors: Malformed, naming profile and setting, for what is missing, contradicts itself, goes
///         round in a circle, or is not known: the next place would be another identity.
Result<std::optional<Plan>> make_plan(const aws::ProfileFiles& files, const std::string& profile,
                                      const Workplace& place);

}  // namespace scaler::identity
