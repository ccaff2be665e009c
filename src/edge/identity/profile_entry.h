#pragma once
// What a source of credentials that a profile can mean has to say about itself: which settings it
// reads, and how it is made of them. profile_entries.h lists them all.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "edge/aws/credentials.h"
#include "edge/aws/profile_file.h"

namespace scaler::identity {

/// Empty when it is missing.
std::string value_of(const aws::ProfileSettings& settings, std::string_view name);

/// A profile as a source reads it. All of it outlives the view.
struct ProfileView {
  const aws::ProfileFiles& files;
  const std::string& name;
  const aws::ProfileSection& section;
  const Environment& variables;  ///< none when another profile leads here: they speak of the first

  bool has(std::string_view setting) const { return section.settings.contains(setting); }
  /// Empty when it is missing.
  std::string value(std::string_view setting) const { return value_of(section.settings, setting); }
  /// Errors: Malformed when it is empty or missing.
  Result<std::string> needed(std::string_view setting) const;
  /// Malformed, naming the profile.
  std::unexpected<Error> wrong(const std::string& what) const;
};

/// What sources are made with; it outlives them.
struct Workplace {
  const aws::CredentialSurroundings& surroundings;
  const Log& log;
};

struct ProfileEntry {
  using Made = Result<std::unique_ptr<aws::CredentialSource>>;

  /// The settings that `make` reads. A profile that holds one and means no source is refused.
  std::span<const std::string_view> settings;
  /// The source when the profile means it, otherwise null. Touches neither files nor network.
  /// Errors: Malformed for settings that are missing or contradict each other.
  Made (*make)(const ProfileView& profile, const Workplace& place);
};

}  // namespace scaler::identity
