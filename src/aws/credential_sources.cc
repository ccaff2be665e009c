#include "aws/credential_sources.h"

#include <array>
#include <utility>

#include "aws/profile_file.h"

namespace scaler::aws {
namespace {

class EnvironmentSource final : public CredentialSource {
 public:
  explicit EnvironmentSource(const CredentialSurroundings& surroundings)
      : environment_(surroundings.environment) {}

  std::string_view name() const override { return "environment"; }
  bool renewable() const override { return false; }

  Result<std::optional<Credentials>> fetch(Deadline) override {
    const auto id = variable(environment_, "AWS_ACCESS_KEY_ID");
    const auto secret = variable(environment_, "AWS_SECRET_ACCESS_KEY");
    if (!id && !secret) {
      return std::nullopt;
    }
    if (!id || !secret) {
      return fail(ErrorKind::Malformed,
                  id ? "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"
                     : "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID is not");
    }
    auto token = variable(environment_, "AWS_SESSION_TOKEN");
    if (!token) {
      token = variable(environment_, "AWS_SECURITY_TOKEN");
    }
    Credentials credentials{.access_key_id = *id,
                            .secret_access_key = Secret(*secret),
                            .session_token = Secret(token.value_or(""))};
    if (const auto expiration = variable(environment_, "AWS_CREDENTIAL_EXPIRATION")) {
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

class ProfileSource final : public CredentialSource {
 public:
  explicit ProfileSource(const CredentialSurroundings& surroundings)
      : environment_(surroundings.environment) {}

  std::string_view name() const override { return "profile"; }

  Result<std::optional<Credentials>> fetch(Deadline) override {
    if (variable(environment_, "AWS_WEB_IDENTITY_TOKEN_FILE")) {
      // Falling through would act as the machine's role in place of the one that was meant.
      return fail(ErrorKind::Unauthorized,
                  "AWS_WEB_IDENTITY_TOKEN_FILE is set, but web identities are not supported");
    }
    const Profile profile = TRY(read_profile(environment_));
    if (!profile.exists) {
      if (profile.named_explicitly) {
        return fail(ErrorKind::Malformed,
                    "AWS_PROFILE: there is no profile '" + profile.name + "'");
      }
      return std::nullopt;
    }
    return keys_of(profile);
  }

 private:
  static Result<std::optional<Credentials>> keys_of(const Profile& profile) {
    const auto value = [&profile](std::string_view key) {
      const auto found = profile.settings.find(key);
      return found == profile.settings.end() ? "" : found->second;
    };
    const std::string who = "profile '" + profile.name + "'";
    static constexpr std::array<std::string_view, 5> kOtherWays{
        "role_arn", "web_identity_token_file", "sso_session", "sso_start_url",
        "credential_process"};
    for (const std::string_view way : kOtherWays) {
      if (!value(way).empty()) {
        return fail(ErrorKind::Unauthorized, who + ": " + std::string(way) + " is not supported");
      }
    }
    const std::string id = value("aws_access_key_id");
    const std::string secret = value("aws_secret_access_key");
    if (id.empty() && secret.empty()) {
      return std::nullopt;
    }
    if (id.empty() || secret.empty()) {
      return fail(ErrorKind::Malformed,
                  who + ": aws_access_key_id and aws_secret_access_key are needed, both");
    }
    return Credentials{.access_key_id = id,
                       .secret_access_key = Secret(secret),
                       .session_token = Secret(value("aws_session_token"))};
  }

  Environment environment_;
};

}  // namespace

std::unique_ptr<CredentialSource> environment_source(const CredentialSurroundings& surroundings) {
  return std::make_unique<EnvironmentSource>(surroundings);
}

std::unique_ptr<CredentialSource> profile_source(const CredentialSurroundings& surroundings) {
  return std::make_unique<ProfileSource>(surroundings);
}

}  // namespace scaler::aws
