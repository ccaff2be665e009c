#pragma once
// Which credentials a profile means, as a plan: where the first ones come from and which roles they
// assume, one after the other. Pure: no file but those parsed, no network.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "edge/aws/profile_file.h"
#include "edge/aws/role_source.h"

namespace scaler::identity {

struct StaticKeys {
  std::string profile = {};
  aws::Credentials credentials = {};
  bool operator==(const StaticKeys&) const = default;
};

struct WebIdentity {
  std::string role_arn = {};
  std::string token_file = {};
  std::string session_name = {};  ///< may be empty
  bool operator==(const WebIdentity&) const = default;
};

struct SsoRole {
  std::string profile = {};
  std::string session = {};  ///< of the [sso-session]; empty in profiles of the older form
  std::string start_url = {};
  std::string region = {};
  std::string account_id = {};
  std::string role_name = {};
  bool operator==(const SsoRole&) const = default;
};

/// Of `aws login`.
struct LoginSession {
  std::string profile = {};
  std::string session = {};
  bool operator==(const LoginSession&) const = default;
};

struct CredentialProcess {
  std::string profile = {};
  std::string command = {};
  bool operator==(const CredentialProcess&) const = default;
};

/// What credential_source names.
enum class NamedSource { Environment, Ec2InstanceMetadata, EcsContainer };

using FirstCredentials =
    std::variant<StaticKeys, WebIdentity, SsoRole, LoginSession, CredentialProcess, NamedSource>;

struct Plan {
  FirstCredentials first = {};
  std::vector<aws::Role> roles = {};  ///< in the order in which they are assumed
  bool operator==(const Plan&) const = default;
};

/// AWS_WEB_IDENTITY_TOKEN_FILE and the two beside it. They stand above the profile's own.
WebIdentity web_identity_variables(const Environment& environment);

/// The plan of a profile and the variables; nothing when neither speaks of credentials.
/// Errors: Malformed, naming profile and setting, for what is missing, contradicts itself, goes
///         round in a circle, or is not known: the next place would be another identity.
Result<std::optional<Plan>> make_plan(const aws::ProfileFiles& files, const std::string& profile,
                                      const WebIdentity& variables);

}  // namespace scaler::identity
