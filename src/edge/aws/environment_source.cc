#include "edge/aws/environment_source.h"

#include <utility>

namespace scaler::aws {
namespace {

/// Without blanks around it; nothing when nothing is left.
std::optional<std::string> filled(const Environment& environment, std::string_view name) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::optional<std::string> value = variable(environment, name);
  if (!value || value->find_first_not_of(kBlanks) == std::string::npos) {
    return std::nullopt;
  }
  value->erase(value->find_last_not_of(kBlanks) + 1);
  value->erase(0, value->find_first_not_of(kBlanks));
  return value;
}

class EnvironmentSource final : public CredentialSource {
 public:
  explicit EnvironmentSource(const CredentialSurroundings& surroundings)
      : environment_(surroundings.environment) {}

  std::string_view name() const override { return "environment"; }
  bool renewable() const override { return false; }

  Result<std::optional<Credentials>> fetch(Deadline) override {
    const auto id = filled(environment_, "AWS_ACCESS_KEY_ID");
    const auto secret = filled(environment_, "AWS_SECRET_ACCESS_KEY");
    if (!id && !secret) {
      return std::nullopt;
    }
    if (!id || !secret) {
      return fail(ErrorKind::Malformed,
                  id ? "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"
                     : "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    }
    auto token = filled(environment_, "AWS_SESSION_TOKEN");
    if (!token) {
      token = filled(environment_, "AWS_SECURITY_TOKEN");
    }
    Credentials credentials{.access_key_id = *id,
                            .secret_access_key = Secret(*secret),
                            .session_token = Secret(token.value_or(""))};
    if (const auto expiration = filled(environment_, "AWS_CREDENTIAL_EXPIRATION")) {
      Result<Instant> expires = parse_instant(*expiration);
      if (!expires.has_value()) {
        return fail(std::move(expires).error(), "AWS_CREDENTIAL_EXPIRATION");
      }
      credentials.expires = *expires;
    }
    return credentials;
  }

 private:
  Environment environment_;
};

}  // namespace

std::unique_ptr<CredentialSource> environment_source(const CredentialSurroundings& surroundings) {
  return std::make_unique<EnvironmentSource>(surroundings);
}

}  // namespace scaler::aws
