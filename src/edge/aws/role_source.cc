#include "edge/aws/role_source.h"

#include <algorithm>
#include <utility>

#include "edge/aws/sts_credentials.h"

namespace scaler::aws {
namespace {

/// What is left for the call after a person has typed a code.
constexpr Duration kAfterCode = std::chrono::seconds(10);

class RoleSource final : public CredentialSource {
 public:
  RoleSource(CredentialSurroundings surroundings, std::shared_ptr<CredentialProvider> base,
             Role role, AskCode ask_code)
      : surroundings_(std::move(surroundings)),
        base_(std::move(base)),
        role_(std::move(role)),
        ask_code_(std::move(ask_code)) {}

  std::string_view name() const override { return "assumed role"; }
  std::string description() const override {
    return "role " + role_.arn + ", assumed by " + base_->source();
  }
  bool renewable() const override { return role_.mfa_serial.empty(); }

  Result<std::optional<Credentials>> fetch(Deadline deadline) override {
    Result<Credentials> base = base_->current(deadline);
    if (!base.has_value()) {
      return fail(std::move(base).error(), "role " + role_.arn);
    }
    StsCall call{.action = "AssumeRole", .subject = role_.arn};
    add_role(
        call.parameters, role_.arn,
        role_.session_name.empty() ? usual_session_name(surroundings_.clock) : role_.session_name,
        role_.external_id);
    if (role_.duration_seconds) {
      call.parameters.emplace_back("DurationSeconds", std::to_string(*role_.duration_seconds));
    }
    if (!role_.mfa_serial.empty()) {
      call.secret = TRY(code());
      call.parameters.emplace_back("SerialNumber", role_.mfa_serial);
      call.parameters.emplace_back("TokenCode", call.secret.reveal());
      deadline = std::max(deadline, after(kAfterCode));
    }
    Result<Credentials> assumed = sts_credentials(surroundings_, call, &*base, deadline);
    if (!assumed.has_value() && assumed.error().kind == ErrorKind::Unauthorized && renewable()) {
      // The base may have been revoked; where it has others, they are tried once.
      if (const Result<Credentials> renewed = base_->renew(deadline); renewed.has_value()) {
        assumed = sts_credentials(surroundings_, call, &*renewed, deadline);
      }
    }
    return TRY(std::move(assumed));
  }

 private:
  Result<Secret> code() {
    if (asked_) {
      return fail(ErrorKind::Unauthorized, "role " + role_.arn + " needs a new code of " +
                                               role_.mfa_serial + "; start again to be asked");
    }
    if (!ask_code_) {
      return fail(ErrorKind::Unauthorized,
                  "role " + role_.arn + " needs a code of " + role_.mfa_serial);
    }
    asked_ = true;
    return Secret(TRY(ask_code_(role_.mfa_serial)));
  }

  CredentialSurroundings surroundings_;
  std::shared_ptr<CredentialProvider> base_;
  Role role_;
  AskCode ask_code_;
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<CredentialSource> role_source(const CredentialSurroundings& surroundings,
                                              std::shared_ptr<CredentialProvider> base, Role role,
                                              AskCode ask_code) {
  return std::make_unique<RoleSource>(surroundings, std::move(base), std::move(role),
                                      std::move(ask_code));
}

}  // namespace scaler::aws
