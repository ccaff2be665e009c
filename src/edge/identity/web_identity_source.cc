#include "edge/identity/web_identity_source.h"

#include <utility>

#include "edge/aws/sts_credentials.h"
#include "ground/base/file.h"

namespace scaler::identity {
namespace {

class WebIdentitySource final : public aws::CredentialSource {
 public:
  WebIdentitySource(aws::CredentialSurroundings surroundings, WebIdentity identity)
      : surroundings_(std::move(surroundings)), identity_(std::move(identity)) {}

  std::string_view name() const override { return "web identity"; }
  std::string description() const override {
    return "role " + identity_.role_arn + " of the web identity in " + identity_.token_file;
  }

  Result<std::optional<aws::Credentials>> fetch(Deadline deadline) override {
    Result<std::string> token = read_file(identity_.token_file);
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

}  // namespace

std::unique_ptr<aws::CredentialSource> web_identity_source(
    const aws::CredentialSurroundings& surroundings, WebIdentity identity) {
  return std::make_unique<WebIdentitySource>(surroundings, std::move(identity));
}

}  // namespace scaler::identity
