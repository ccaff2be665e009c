#include "edge/identity/profile_plan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "edge/aws/container_source.h"
#include "edge/aws/environment_source.h"
#include "edge/identity/instance_source.h"
#include "edge/identity/keys_source.h"
#include "edge/identity/profile_entries.h"
#include "edge/identity/profile_settings_table.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::identity {
namespace {

using aws::ProfileSection;
using aws::ProfileSettings;
using Source = std::unique_ptr<aws::CredentialSource>;

constexpr int kDurationMin = 900;
constexpr int kDurationMax = 43200;

constexpr auto kRoleSettings = std::to_array<std::string_view>({
    "credential_source",
    "duration_seconds",
    "external_id",
    "mfa_serial",
    "role_arn",
    "role_session_name",
    "source_profile",
});

/// What credential_source names.
struct NamedSource {
  std::string_view name;
  Source (*make)(const aws::CredentialSurroundings& surroundings);
};

constexpr auto kNamedSources = std::to_array<NamedSource>({
    {"Environment", aws::environment_source},
    {"Ec2InstanceMetadata", instance_source},
    {"EcsContainer", aws::container_source},
});

const Environment& no_variables() {
  static const Environment none;
  return none;
}

/// Whether the profile assumes a role with credentials of another place.
bool assumes_role(const ProfileSettings& settings) {
  return settings.contains("role_arn") && !settings.contains("web_identity_token_file");
}

bool speaks_of_credentials(std::string_view setting) {
  const auto holds = [&](std::span<const std::string_view> settings) {
    return std::ranges::find(settings, setting) != settings.end();
  };
  return holds(kRoleSettings) ||
         std::ranges::any_of(kProfileEntries,
                             [&](const ProfileEntry* entry) { return holds(entry->settings); });
}

Result<aws::Role> role_of(const ProfileView& profile) {
  aws::Role role{.arn = TRY(profile.needed("role_arn")),
                 .session_name = profile.value("role_session_name"),
                 .external_id = profile.value("external_id"),
                 .mfa_serial = profile.value("mfa_serial")};
  if (profile.has("duration_seconds")) {
    const std::string text = profile.value("duration_seconds");
    const auto seconds = number_of<int>(text);
    if (!seconds || *seconds < kDurationMin || *seconds > kDurationMax) {
      return profile.wrong("duration_seconds '" + shortened(text) +
                           "' is not a whole number from 900 to 43200");
    }
    role.duration_seconds = *seconds;
  }
  return role;
}

/// A profile without credentials leaves the choice to the machine, but only when it says nothing
/// that could mean somebody: what is misspelt or newer than this program would else be answered
/// with the machine's identity.
Result<void> check_nothing_meant(const ProfileView& profile) {
  for (const auto& [name, value] : profile.section.settings) {
    if (speaks_of_credentials(name)) {
      return profile.wrong(name + " alone gives no credentials");
    }
    if (!is_no_credential(name)) {
      return profile.wrong("it has no credentials, and '" + shortened(name) +
                           "' is not known: it may mean some");
    }
  }
  const std::string unread = aws::unread_section(profile.files, "profile " + profile.name);
  if (!unread.empty()) {
    return profile.wrong("it has no credentials, and its section " + unread);
  }
  if (!profile.section.unread.empty()) {
    return profile.wrong("it has no credentials, and '" +
                         shortened(profile.section.unread.front()) +
                         "' is no setting's name: it may mean some");
  }
  return {};
}

class Planner {
 public:
  Planner(const aws::ProfileFiles& files, const Workplace& place)
      : files_(&files), place_(&place) {}

  /// The roles from the last to the first, and what the first one stands on.
  Result<Plan> assume(const std::string& selected) const {
    Plan plan;
    std::vector<std::string> visited{selected};
    for (;;) {
      const ProfileView profile = view(visited.back());
      plan.roles.insert(plan.roles.begin(), TRY(role_of(profile)));
      const std::string source = profile.value("source_profile");
      const std::string named = profile.value("credential_source");
      if (source.empty() == named.empty()) {
        return profile.wrong(source.empty()
                                 ? "role_arn needs a source_profile or a credential_source"
                                 : "it has both source_profile and credential_source");
      }
      if (!named.empty()) {
        plan.first = TRY(named_source(profile, named));
        return plan;
      }
      TRY(check_source(profile, source, visited));
      const ProfileSettings& next = files_->profiles.at(source).settings;
      if (has_keys(next) || !assumes_role(next)) {
        plan.first = TRY(required(source));
        return plan;
      }
      visited.push_back(source);
    }
  }

  /// What the profile has of its own; null when it leaves the choice to the machine.
  Result<Source> own(const std::string& name, const Environment& variables) const {
    const ProfileView profile = view(name, variables);
    for (const ProfileEntry* entry : kProfileEntries) {
      Source source = TRY(entry->make(profile, *place_));
      if (source != nullptr) {
        return source;
      }
    }
    TRY(check_nothing_meant(profile));
    return nullptr;
  }

 private:
  /// Of an empty profile when there is none of this name.
  ProfileView view(const std::string& name, const Environment& variables = no_variables()) const {
    static const ProfileSection none;
    const auto found = files_->profiles.find(name);
    return {.files = *files_,
            .name = name,
            .section = found == files_->profiles.end() ? none : found->second,
            .variables = variables};
  }

  Result<Source> required(const std::string& name) const {
    Source found = TRY(own(name, no_variables()));
    if (found == nullptr) {
      return view(name).wrong("it is a source_profile, but has no credentials");
    }
    return found;
  }

  Result<Source> named_source(const ProfileView& profile, const std::string& name) const {
    const auto* const found = std::ranges::find(kNamedSources, name, &NamedSource::name);
    if (found == kNamedSources.end()) {
      return profile.wrong("credential_source '" + shortened(name) +
                           "' is none of Environment, Ec2InstanceMetadata, EcsContainer");
    }
    return found->make(place_->surroundings);
  }

  Result<void> check_source(const ProfileView& profile, const std::string& source,
                            const std::vector<std::string>& visited) const {
    const auto found = files_->profiles.find(source);
    if (found == files_->profiles.end()) {
      return profile.wrong("its source_profile '" + source + "' does not exist" +
                           aws::or_unread(*files_, "profile " + source));
    }
    const bool seen = std::ranges::find(visited, source) != visited.end();
    if (seen && (source != profile.name || !has_keys(found->second.settings))) {
      std::string circle;
      for (const std::string& name : visited) {
        circle += name;
        circle += " -> ";
      }
      return profile.wrong("source_profile goes round in a circle: " + circle + source);
    }
    return {};
  }

  const aws::ProfileFiles* files_;
  const Workplace* place_;
};

}  // namespace

Result<std::optional<Plan>> make_plan(const aws::ProfileFiles& files, const std::string& profile,
                                      const Workplace& place) {
  const Planner planner(files, place);
  const auto found = files.profiles.find(profile);
  if (found != files.profiles.end() && assumes_role(found->second.settings)) {
    return TRY(planner.assume(profile));
  }
  Source own = TRY(planner.own(profile, place.surroundings.environment));
  if (own == nullptr) {
    return std::nullopt;
  }
  return Plan{.first = std::move(own)};
}

}  // namespace scaler::identity
