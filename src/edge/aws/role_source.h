#pragma once
// A role that other credentials assume. Several roles may stand on the same credentials, which are
// then fetched once.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "edge/aws/credentials.h"

namespace scaler::aws {

struct Role {
  std::string arn = {};
  std::string session_name = {};  ///< empty: usual_session_name()
  std::string external_id = {};
  std::optional<int> duration_seconds = {};
  std::string mfa_serial = {};  ///< of the device whose code is asked for; empty: none
  bool operator==(const Role&) const = default;
};

/// Asks a person for the code of the device. Errors: Unauthorized when nobody can be asked.
using AskCode = std::function<Result<std::string>(const std::string& mfa_serial)>;

/// Without `ask_code`, a role that wants a code is refused. It is asked for once: credentials that
/// need one are used until they expire and then are an error.
std::unique_ptr<CredentialSource> role_source(const CredentialSurroundings& surroundings,
                                              std::shared_ptr<CredentialProvider> base, Role role,
                                              AskCode ask_code = {});

}  // namespace scaler::aws
