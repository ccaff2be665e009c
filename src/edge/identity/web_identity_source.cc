// The role of a web identity: what EKS (IRSA), GitHub and other OIDC providers put into a file.

#include <array>
#include <utility>

#include "edge/aws/sts_credentials.h"
#include "edge/identity/profile_entries.h"
#include "ground/base/file.h"

namespace scaler::identity {
namespace {

struct WebIdentity {
  std::string role_arn = {};
  std::string token_file = {};
  std::string session_name = {};  ///< may be empty
};

/// The token's file is read at each fetch: it is replaced before the token expires.
class WebIdentitySource final : public aws::CredentialSource {
 public:
  WebIdentitySource(aws::CredentialSurroundings surroundings, WebIdentity identity)
      : surroundings_(std::move(surroundings)), identity_(std::move(identity)) {}

  std::string_view name() const override { return "web identity"; }
  std::string description() const override {
    return "role " + identity_.role_arn + " of the web identity in " + identity_.token_file;
  }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    Result<std::string> token = read_kept_file(identity_.token_file);
    if (!token.has_value()) {
      return fail(ErrorKind::Unauthorized, "web identity token: " + token.error().message);
    }
    token->erase(token->find_last_not_of(" \t\r\n") + 1);
    const aws::StsCall call{
        .action = "AssumeRoleWithWebIdentity",
        .parameters = {{"RoleArn", identity_.role_arn},
                       {"RoleSessionName", identity_.session_name.empty()
                                               ? aws::usual_session_name(surroundings_.clock)
                                               : identity_.session_name},
                       {"WebIdentityToken", *token}},
        .subject = identity_.role_arn,
        .secret = Secret(*token)};
    return TRY(aws::sts_credentials(surroundings_, call, nullptr, deadline));
  }

 private:
  aws::CredentialSurroundings surroundings_;
  WebIdentity identity_;
};

constexpr auto kWebIdentitySettings = std::to_array<std::string_view>({
    "role_arn",
    "role_session_name",
    "web_identity_token_file",
});
constexpr std::string_view kTokenVariable = "AWS_WEB_IDENTITY_TOKEN_FILE";

/// The variables stand above the profile's own settings, each for itself.
ProfileEntry::Made make_web_identity(const ProfileView& profile, const Workplace& place) {
  const bool by_variable = variable(profile.variables, kTokenVariable).has_value();
  if (!by_variable && !profile.has("web_identity_token_file")) {
    return nullptr;
  }
  const auto first = [&](std::string_view name, std::string_view setting) {
    return variable(profile.variables, name).value_or(profile.value(setting));
  };
  WebIdentity identity{.role_arn = first("AWS_ROLE_ARN", "role_arn"),
                       .token_file = first(kTokenVariable, "web_identity_token_file"),
                       .session_name = first("AWS_ROLE_SESSION_NAME", "role_session_name")};
  if (identity.role_arn.empty()) {
    return by_variable ? fail(ErrorKind::Malformed,
                              "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not")
                       : profile.wrong("web_identity_token_file needs a role_arn");
  }
  if (identity.token_file.empty()) {
    return profile.wrong("web_identity_token_file is empty");
  }
  return std::make_unique<WebIdentitySource>(place.surroundings, std::move(identity));
}

}  // namespace

constexpr ProfileEntry kWebIdentity{.settings = kWebIdentitySettings, .make = make_web_identity};

}  // namespace scaler::identity
