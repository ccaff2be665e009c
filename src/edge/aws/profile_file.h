#pragma once
// The AWS profile files: ~/.aws/config and ~/.aws/credentials, or those that AWS_CONFIG_FILE and
// AWS_SHARED_CREDENTIALS_FILE name. Names of settings are read in any case and kept in lower case.
// https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/environment.h"
#include "ground/base/result.h"

namespace scaler::aws {

/// Name -> value. Lines below "group =" are the group's value, one after the other, each after a
/// line end.
using ProfileSettings = std::map<std::string, std::string, std::less<>>;

struct ProfileSection {
  ProfileSettings settings = {};         ///< of both files; those of the credentials file win
  ProfileSettings secrets = {};          ///< those of the credentials file alone
  std::vector<std::string> unread = {};  ///< names that no setting can have, such as "a b"
};

using ProfileSections = std::map<std::string, ProfileSection, std::less<>>;

/// A section that is not read, as its header is none of its file's.
struct UnreadSection {
  std::string meant = {};  ///< the header that it could have had: "profile p"
  std::string told = {};   ///< "[p] is not read: ...", with what to write
};

struct ProfileFiles {
  ProfileSections profiles = {};
  ProfileSections sso_sessions = {};
  ProfileSections services = {};
  std::vector<UnreadSection> unread = {};
};

/// What is told of a section that could have been the one with this header, as "profile p"; empty
/// when there is none.
std::string unread_section(const ProfileFiles& files, std::string_view header);
/// As above, as the end of a message that a section is missing: "; [p] is not read: ..."
std::string or_unread(const ProfileFiles& files, std::string_view header);

struct ProfilePaths {
  std::string config = {};  ///< empty: there is none
  std::string credentials = {};
};

/// Errors: as path_in().
Result<ProfilePaths> profile_paths(const Environment& environment);

/// Which profile is meant, and which variable says so: empty for "default", which nothing names.
struct ProfileChoice {
  std::string name = "default";
  std::string variable = {};
};

/// AWS_PROFILE or AWS_DEFAULT_PROFILE. Errors: Malformed when they differ.
Result<ProfileChoice> chosen_profile(const Environment& environment);

/// Both files' texts as one.
/// Errors: Malformed with the file's name and the line's number, for a line that is none of such a
///         file and for one that other programs read otherwise; never with its text, which may hold
///         a secret.
Result<ProfileFiles> parse_profile_files(std::string_view config, std::string_view credentials,
                                         const ProfilePaths& names = {
                                             .config = "config", .credentials = "credentials"});

/// Reads both files. Files that do not exist count as empty.
/// Errors: Malformed for a file that cannot be read or parsed, naming it.
Result<ProfileFiles> read_profile_files(const Environment& environment);

struct Profile {
  std::string name = {};
  bool exists = false;
  ProfileSettings settings = {};
  /// Of the [services ...] section that the profile names: "sqs.endpoint_url" -> value.
  ProfileSettings service_settings = {};
};

/// The chosen profile. Errors: as above; Malformed for a profile that a variable names and that
/// does not exist, with those that do.
Result<Profile> read_profile(const Environment& environment);

/// As read_profile(), of files that have been read.
Result<Profile> find_profile(const ProfileFiles& files, const Environment& environment);

}  // namespace scaler::aws
