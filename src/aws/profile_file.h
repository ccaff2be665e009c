#pragma once
// The AWS profile files: ~/.aws/config and ~/.aws/credentials, or those that AWS_CONFIG_FILE and
// AWS_SHARED_CREDENTIALS_FILE name.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/result.h"

namespace scaler::aws {

/// The settings of one section; an indented line "key = value" below "group =" is "group.key".
using ProfileSettings = std::map<std::string, std::string, std::less<>>;

/// Section name as it stands in brackets -> settings.
using ProfileFile = std::map<std::string, ProfileSettings, std::less<>>;

/// Errors: Malformed with the line's number; never with its text, which may hold a secret.
Result<ProfileFile> parse_profile_file(std::string_view text);

struct Profile {
  std::string name = {};
  bool named_explicitly = false;  ///< by AWS_PROFILE
  bool exists = false;
  ProfileSettings settings = {};          ///< of both files; those of the credentials file win
  ProfileSettings service_settings = {};  ///< the [services ...] section that the profile names
};

/// The profile that AWS_PROFILE names, else "default". Files that do not exist count as empty.
/// Errors: Malformed for a file that cannot be read or parsed, naming it.
Result<Profile> read_profile(const Environment& environment);

}  // namespace scaler::aws
