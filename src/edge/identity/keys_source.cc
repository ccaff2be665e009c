#include "edge/identity/keys_source.h"

#include <array>
#include <utility>

#include "edge/identity/profile_entries.h"

namespace scaler::identity {
namespace {

constexpr auto kKeysSettings = std::to_array<std::string_view>({
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_security_token",
    "aws_session_token",
});

class KeysSource final : public aws::CredentialSource {
 public:
  KeysSource(std::string profile, aws::Credentials keys)
      : profile_(std::move(profile)), keys_(std::move(keys)) {}

  std::string_view name() const override { return "profile"; }
  std::string description() const override { return "keys of profile '" + profile_ + "'"; }
  bool renewable() const override { return false; }
  Result<std::optional<aws::Credentials>> fetch(Deadline) override { return keys_; }

 private:
  std::string profile_;
  aws::Credentials keys_;
};

ProfileEntry::Made make_keys(const ProfileView& profile, const aws::ProfileSettings& settings) {
  if (!has_keys(settings)) {
    return nullptr;
  }
  const std::string id = value_of(settings, "aws_access_key_id");
  const std::string secret = value_of(settings, "aws_secret_access_key");
  if (id.empty() || secret.empty()) {
    return profile.wrong("aws_access_key_id and aws_secret_access_key are needed, both");
  }
  std::string token = value_of(settings, "aws_session_token");
  if (token.empty()) {
    token = value_of(settings, "aws_security_token");
  }
  return std::make_unique<KeysSource>(profile.name,
                                      aws::Credentials{.access_key_id = id,
                                                       .secret_access_key = Secret(secret),
                                                       .session_token = Secret(std::move(token))});
}

}  // namespace

bool has_keys(const aws::ProfileSettings& settings) {
  return settings.contains("aws_access_key_id") || settings.contains("aws_secret_access_key");
}

constexpr ProfileEntry kKeysOfCredentialsFile{
    .settings = kKeysSettings, .make = [](const ProfileView& profile, const Workplace& /*place*/) {
      return make_keys(profile, profile.section.secrets);
    }};

constexpr ProfileEntry kKeysOfConfigFile{
    .settings = kKeysSettings, .make = [](const ProfileView& profile, const Workplace& /*place*/) {
      return make_keys(profile, profile.section.settings);
    }};

}  // namespace scaler::identity
