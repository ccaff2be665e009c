#include "edge/identity/profile_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "edge/identity/profile_settings_table.h"

namespace scaler::identity {
namespace {

using aws::ProfileSection;
using aws::ProfileSettings;

constexpr int kDurationMin = 900;
constexpr int kDurationMax = 43200;

bool has(const ProfileSettings& settings, std::string_view name) {
  return settings.contains(name);
}

/// Empty when it is missing.
std::string value_of(const ProfileSettings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

bool has_keys(const ProfileSettings& settings) {
  return has(settings, "aws_access_key_id") || has(settings, "aws_secret_access_key");
}

/// Whether the profile assumes a role with credentials of another place.
bool assumes_role(const ProfileSettings& settings) {
  return has(settings, "role_arn") && !has(settings, "web_identity_token_file");
}

std::unexpected<Error> wrong(const std::string& profile, const std::string& what) {
  return fail(ErrorKind::Malformed, "profile '" + profile + "': " + what);
}

Result<FirstCredentials> keys_of(const std::string& profile, const ProfileSettings& settings) {
  const std::string id = value_of(settings, "aws_access_key_id");
  const std::string secret = value_of(settings, "aws_secret_access_key");
  if (id.empty() || secret.empty()) {
    return wrong(profile, "aws_access_key_id and aws_secret_access_key are needed, both");
  }
  std::string token = value_of(settings, "aws_session_token");
  if (token.empty()) {
    token = value_of(settings, "aws_security_token");
  }
  return StaticKeys{.profile = profile,
                    .credentials = {.access_key_id = id,
                                    .secret_access_key = Secret(secret),
                                    .session_token = Secret(std::move(token))}};
}

Result<FirstCredentials> web_identity_of(const std::string& profile,
                                         const ProfileSettings& settings,
                                         const WebIdentity& variables) {
  const auto first = [](const std::string& variable, const std::string& setting) {
    return variable.empty() ? setting : variable;
  };
  WebIdentity identity{
      .role_arn = first(variables.role_arn, value_of(settings, "role_arn")),
      .token_file = first(variables.token_file, value_of(settings, "web_identity_token_file")),
      .session_name = first(variables.session_name, value_of(settings, "role_session_name"))};
  if (identity.role_arn.empty()) {
    return variables.token_file.empty()
               ? wrong(profile, "web_identity_token_file needs a role_arn")
               : fail(ErrorKind::Malformed,
                      "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not");
  }
  if (identity.token_file.empty()) {
    return wrong(profile, "web_identity_token_file is empty");
  }
  return identity;
}

Result<aws::Role> role_of(const std::string& profile, const ProfileSettings& settings) {
  aws::Role role{.arn = value_of(settings, "role_arn"),
                 .session_name = value_of(settings, "role_session_name"),
                 .external_id = value_of(settings, "external_id"),
                 .mfa_serial = value_of(settings, "mfa_serial")};
  if (role.arn.empty()) {
    return wrong(profile, "role_arn is empty");
  }
  if (has(settings, "duration_seconds")) {
    const std::string text = value_of(settings, "duration_seconds");
    int seconds = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() ||
        seconds < kDurationMin || seconds > kDurationMax) {
      return wrong(profile,
                   "duration_seconds '" + text + "' is not a whole number from 900 to 43200");
    }
    role.duration_seconds = seconds;
  }
  return role;
}

class Planner {
 public:
  explicit Planner(const aws::ProfileFiles& files) : files_(&files) {}

  /// The roles from the last to the first, and what the first one stands on.
  Result<Plan> assume(const std::string& selected) const {
    Plan plan;
    std::vector<std::string> visited{selected};
    for (std::string profile = selected;;) {
      const ProfileSettings& settings = files_->profiles.at(profile).settings;
      plan.roles.insert(plan.roles.begin(), TRY(role_of(profile, settings)));
      const std::string source = value_of(settings, "source_profile");
      const std::string named = value_of(settings, "credential_source");
      if (source.empty() == named.empty()) {
        return wrong(profile, source.empty()
                                  ? "role_arn needs a source_profile or a credential_source"
                                  : "it has both source_profile and credential_source");
      }
      if (!named.empty()) {
        plan.first = TRY(named_source(profile, named));
        return plan;
      }
      TRY(check_source(profile, source, visited));
      visited.push_back(source);
      const ProfileSettings& next = files_->profiles.at(source).settings;
      if (has_keys(next) || !assumes_role(next)) {
        plan.first = TRY(required(source));
        return plan;
      }
      profile = source;
    }
  }

  /// What the profile has of its own, in botocore's order.
  Result<std::optional<FirstCredentials>> own(const std::string& profile,
                                              const WebIdentity& variables) const {
    const auto found = files_->profiles.find(profile);
    static const ProfileSection none;
    const ProfileSection& section = found == files_->profiles.end() ? none : found->second;
    const ProfileSettings& settings = section.settings;
    if (!variables.token_file.empty() || has(settings, "web_identity_token_file")) {
      return TRY(web_identity_of(profile, settings, variables));
    }
    if (has(settings, "sso_account_id") || has(settings, "sso_role_name")) {
      return TRY(sso_role(profile, settings));
    }
    if (has_keys(section.secrets)) {
      return TRY(keys_of(profile, section.secrets));
    }
    if (has(settings, "login_session")) {
      return named_value(profile, settings, "login_session", [&](std::string text) {
        return LoginSession{.profile = profile, .session = std::move(text)};
      });
    }
    if (has(settings, "credential_process")) {
      return named_value(profile, settings, "credential_process", [&](std::string text) {
        return CredentialProcess{.profile = profile, .command = std::move(text)};
      });
    }
    if (has_keys(settings)) {
      return TRY(keys_of(profile, settings));
    }
    TRY(check_nothing_meant(profile, section));
    return std::nullopt;
  }

 private:
  template <typename Make>
  static Result<std::optional<FirstCredentials>> named_value(const std::string& profile,
                                                             const ProfileSettings& settings,
                                                             std::string_view name, Make make) {
    std::string text = value_of(settings, name);
    if (text.empty()) {
      return wrong(profile, std::string(name) + " is empty");
    }
    return std::optional<FirstCredentials>(make(std::move(text)));
  }

  Result<FirstCredentials> required(const std::string& profile) const {
    auto found = TRY(own(profile, {}));
    if (!found) {
      return wrong(profile, "it is a source_profile, but has no credentials");
    }
    return *std::move(found);
  }

  static Result<FirstCredentials> named_source(const std::string& profile,
                                               const std::string& name) {
    constexpr std::array<std::pair<std::string_view, NamedSource>, 3> kNames{
        {{"Environment", NamedSource::Environment},
         {"Ec2InstanceMetadata", NamedSource::Ec2InstanceMetadata},
         {"EcsContainer", NamedSource::EcsContainer}}};
    const auto* const found =
        std::ranges::find(kNames, name, &std::pair<std::string_view, NamedSource>::first);
    if (found == kNames.end()) {
      return wrong(profile, "credential_source '" + name +
                                "' is none of Environment, Ec2InstanceMetadata, EcsContainer");
    }
    return found->second;
  }

  Result<void> check_source(const std::string& profile, const std::string& source,
                            const std::vector<std::string>& visited) const {
    const auto found = files_->profiles.find(source);
    if (found == files_->profiles.end()) {
      return wrong(profile, "its source_profile '" + source + "' does not exist");
    }
    const bool seen = std::ranges::find(visited, source) != visited.end();
    if (seen && (source != profile || !has_keys(found->second.settings))) {
      std::string circle;
      for (const std::string& name : visited) {
        circle += name;
        circle += " -> ";
      }
      return wrong(profile, "source_profile goes round in a circle: " + circle + source);
    }
    return {};
  }

  Result<FirstCredentials> sso_role(const std::string& profile,
                                    const ProfileSettings& settings) const {
    ProfileSettings merged = settings;
    const std::string session = value_of(settings, "sso_session");
    if (!session.empty()) {
      const auto found = files_->sso_sessions.find(session);
      if (found == files_->sso_sessions.end()) {
        return wrong(profile, "there is no [sso-session " + session + "]");
      }
      for (const auto& [name, value] : found->second.settings) {
        const auto [kept, added] = merged.emplace(name, value);
        if (!added && kept->second != value) {
          return wrong(profile, name + " differs from that of [sso-session " + session + "]");
        }
      }
    }
    for (const std::string_view name :
         {"sso_start_url", "sso_region", "sso_account_id", "sso_role_name"}) {
      if (value_of(merged, name).empty()) {
        return wrong(profile, "SSO needs " + std::string(name));
      }
    }
    return SsoRole{.profile = profile,
                   .session = session,
                   .start_url = value_of(merged, "sso_start_url"),
                   .region = value_of(merged, "sso_region"),
                   .account_id = value_of(merged, "sso_account_id"),
                   .role_name = value_of(merged, "sso_role_name")};
  }

  /// A profile without credentials leaves the choice to the machine, but only when it says nothing
  /// that could mean somebody: what is misspelt or newer than this program would else be answered
  /// with the machine's identity.
  static Result<void> check_nothing_meant(const std::string& profile,
                                          const ProfileSection& section) {
    for (const auto& [name, value] : section.settings) {
      if (speaks_of_credentials(name)) {
        return wrong(profile, name + " alone gives no credentials");
      }
      if (!is_no_credential(name)) {
        return wrong(profile,
                     "it has no credentials, and '" + name + "' is not known: it may mean some");
      }
    }
    if (!section.unread.empty()) {
      return wrong(profile, "it has no credentials, and '" + section.unread.front() +
                                "' is no setting's name: it may mean some");
    }
    return {};
  }

  const aws::ProfileFiles* files_;
};

}  // namespace

WebIdentity web_identity_variables(const Environment& environment) {
  return {.role_arn = variable(environment, "AWS_ROLE_ARN").value_or(""),
          .token_file = variable(environment, "AWS_WEB_IDENTITY_TOKEN_FILE").value_or(""),
          .session_name = variable(environment, "AWS_ROLE_SESSION_NAME").value_or("")};
}

Result<std::optional<Plan>> make_plan(const aws::ProfileFiles& files, const std::string& profile,
                                      const WebIdentity& variables) {
  const Planner planner(files);
  const auto found = files.profiles.find(profile);
  if (found != files.profiles.end() && assumes_role(found->second.settings)) {
    return TRY(planner.assume(profile));
  }
  std::optional<FirstCredentials> own = TRY(planner.own(profile, variables));
  return own ? std::optional(Plan{.first = *std::move(own)}) : std::nullopt;
}

}  // namespace scaler::identity
