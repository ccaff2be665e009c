#include "edge/aws/profile_file.h"

#include <algorithm>
#include <utility>

#include "edge/aws/user_path.h"
#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::aws {
namespace {

constexpr std::size_t kNamesTold = 20;

// What is wrong with a line; empty for nothing.
constexpr std::string_view kNoLine = "is neither [section] nor name = value";
/// boto3 takes the first of "=" and ":" for the name's end, AWS's other programs "=" alone: a role
/// would be dropped, and the keys beside it would sign.
constexpr std::string_view kColon = "is to be name = value, with no colon in the name";
constexpr std::string_view kOfAll =
    "is a setting of [DEFAULT], which some programs take for a setting of all profiles: write it "
    "into the profile, as into [default]";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::string_view without_comment(std::string_view value) {
  for (const std::string_view mark : {" #", " ;", "\t#", "\t;"}) {
    value = value.substr(0, value.find(mark));
  }
  return trim(value);
}

/// Letters, digits and some signs; what else stands as a setting's name is not read, as in AWS's
/// own SDKs.
bool is_name(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./%@:+").contains(c);
  });
}

/// Nothing, or what is there for people.
bool is_remark(std::string_view text) {
  return text.empty() || text.starts_with('#') || text.starts_with(';');
}

/// The name in a section's header, where it is one word or stands in quotes; else nothing.
std::string_view name_in(std::string_view text) {
  const bool quoted = text.size() > 2 && (text.front() == '"' || text.front() == '\'') &&
                      text.back() == text.front();
  if (quoted) {
    return text.substr(1, text.size() - 2);
  }
  return text.find_first_of(" \t\"'\\") == std::string_view::npos ? text : "";
}

enum class FileKind { Config, Credentials };

/// Reads one file line by line.
class FileParser {
 public:
  explicit FileParser(FileKind kind) : kind_(kind) {}

  /// What is wrong with the line; empty for nothing.
  std::string_view take(std::string_view line) {
    const std::string_view text = trim(line);
    if (is_remark(text)) {
      return "";
    }
    const auto indent = static_cast<std::size_t>(text.data() - line.data());
    if (property_ != nullptr && indent > property_indent_) {
      return take_continuation(text);
    }
    if (text.starts_with('[')) {
      return take_header(text);
    }
    return section_ == nullptr ? kNoLine : take_property(text, indent);
  }

  ProfileFiles finish() && {
    if (has_plain_default_ && !files_.profiles.contains("default")) {
      files_.profiles["default"] = std::move(plain_default_);
    } else if (has_plain_default_) {
      unread("profile", "default", "default", " beside [profile default]");
    }
    return std::move(files_);
  }

 private:
  std::string_view take_header(std::string_view text) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_remark(trim(text.substr(end + 1)))) {
      return kNoLine;  // Settings there, as in a file without line feeds, would be lost.
    }
    const std::string_view header = trim(text.substr(1, end - 1));
    of_all_ = header == "DEFAULT";
    section_ = of_all_                          ? &nowhere_
               : kind_ == FileKind::Credentials ? &section_of_credentials(header)
                                                : &section_of_config(header);
    property_ = nullptr;
    return "";
  }

  /// Those of the kind that the word names, null for another word.
  ProfileSections* sections_of(std::string_view word) {
    return word == "profile"       ? &files_.profiles
           : word == "sso-session" ? &files_.sso_sessions
           : word == "services"    ? &files_.services
                                   : nullptr;
  }

  /// Any name, without quotes: so the AWS CLI writes that of a [profile "two words"].
  ProfileSection& section_of_credentials(std::string_view header) {
    const auto [word, name] = parted(header);
    if (sections_of(word) == nullptr || name.empty()) {
      return files_.profiles[std::string(header)];
    }
    const std::string_view bare = name_in(name).empty() ? name : name_in(name);
    return unread(word, bare, header,
                  word == "profile"
                      ? ": in the credentials file it is to be [" + shortened(bare) + "]"
                      : ": it is to stand in the config file");
  }

  ProfileSection& section_of_config(std::string_view header) {
    if (header == "default") {
      // [profile default] wins over [default], wherever it stands.
      has_plain_default_ = true;
      return plain_default_;
    }
    const auto [word, name] = parted(header);
    ProfileSections* const sections = sections_of(word);
    if (sections == nullptr) {
      return unread("profile", header, header,
                    ": in the config file it is to be [profile " + in_quotes(header) + "]");
    }
    const std::string_view bare = name_in(name);
    return bare.empty() ? unread(word, name, header,
                                 ": write [" + std::string(word) + " " + in_quotes(name) + "]")
                        : (*sections)[std::string(bare)];
  }

  /// The first word of a header and what follows it.
  static std::pair<std::string_view, std::string_view> parted(std::string_view header) {
    const std::size_t blank = std::min(header.find_first_of(" \t"), header.size());
    return {header.substr(0, blank), trim(header.substr(blank))};
  }

  /// As a header of the config file has the name.
  static std::string in_quotes(std::string_view name) {
    const std::string quote = name_in(name).empty() ? "\"" : "";
    return quote + shortened(name) + quote;
  }

  /// The section goes nowhere; `what` follows "[header] is not read".
  ProfileSection& unread(std::string_view word, std::string_view name, std::string_view header,
                         const std::string& what) {
    files_.unread.push_back({.meant = std::string(word) + " " + std::string(name),
                             .told = "[" + shortened(header) + "] is not read" + what});
    return nowhere_;
  }

  std::string_view take_property(std::string_view text, std::size_t indent) {
    const std::size_t end = text.find_first_of("=:");
    if (end == std::string_view::npos || (end == 0 && text[0] == '=')) {
      return kNoLine;
    }
    if (text[end] == ':') {
      return kColon;
    }
    if (of_all_) {
      return kOfAll;
    }
    const std::string_view name = trim(text.substr(0, end));
    if (is_name(name)) {
      property_ = &section_->settings[lower_case(name)];
    } else {
      section_->unread.emplace_back(name);
      property_ = &unread_value_;
    }
    *property_ = without_comment(text.substr(end + 1));
    property_indent_ = indent;
    is_group_ = property_->empty();
    return "";
  }

  std::string_view take_continuation(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (is_group_ && (equals == std::string_view::npos || equals == 0)) {
      return kNoLine;
    }
    property_->append("\n").append(text);
    return "";
  }

  FileKind kind_;
  ProfileFiles files_ = {};
  ProfileSection plain_default_ = {};
  bool has_plain_default_ = false;
  ProfileSection nowhere_ = {};
  bool of_all_ = false;  ///< in [DEFAULT]
  ProfileSection* section_ = nullptr;
  std::string unread_value_ = {};
  std::string* property_ = nullptr;
  std::size_t property_indent_ = 0;
  bool is_group_ = false;
};

Result<ProfileFiles> parse_file(std::string_view text, FileKind kind, const std::string& name) {
  FileParser parser(kind);
  text = without_byte_order_mark(text);
  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    if (const std::string_view problem = parser.take(text.substr(0, end)); !problem.empty()) {
      return fail(ErrorKind::Malformed,
                  "read " + name + ": line " + std::to_string(number) + " " + std::string(problem));
    }
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return std::move(parser).finish();
}

Result<std::string> text_of(const std::string& path) {
  if (path.empty()) {
    return "";
  }
  Result<std::string> text = read_kept_file(path);
  if (!text.has_value()) {
    const bool missing = text.error().kind == ErrorKind::NotFound;
    return missing ? Result<std::string>("")
                   : fail(ErrorKind::Malformed, "read " + text.error().message);
  }
  return text;
}

Result<std::string> path_of(const Environment& environment, std::string_view name,
                            std::string_view usual) {
  std::optional<std::string> path = TRY(path_in(environment, name));
  if (path) {
    return *std::move(path);
  }
  const auto home = variable(environment, "HOME");
  return home ? *home + std::string(usual) : "";
}

/// "\nendpoint_url = x" below "sqs" -> "sqs.endpoint_url" = "x".
void add_group(ProfileSettings& flat, const std::string& group, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos) {
      flat[group + "." + lower_case(trim(line.substr(0, equals)))] =
          without_comment(line.substr(equals + 1));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

std::string no_such_profile(const ProfileFiles& files, const ProfileChoice& choice,
                            const ProfilePaths& paths) {
  std::string text = choice.variable + ": there is no profile '" + shortened(choice.name) +
                     "' in " + paths.config + " and " + paths.credentials;
  if (const std::string unread = or_unread(files, "profile " + choice.name); !unread.empty()) {
    return text + unread;
  }
  if (files.profiles.empty()) {
    return text + ", which name none";
  }
  text += "; there are: ";
  std::size_t told = 0;
  for (const auto& [name, section] : files.profiles) {
    if (told == kNamesTold) {
      return text + ", ...";
    }
    text += (told++ == 0 ? "" : ", ") + shortened(name);
  }
  return text;
}

}  // namespace

std::string unread_section(const ProfileFiles& files, std::string_view header) {
  const auto found = std::ranges::find(files.unread, header, &UnreadSection::meant);
  return found == files.unread.end() ? "" : found->told;
}

std::string or_unread(const ProfileFiles& files, std::string_view header) {
  const std::string told = unread_section(files, header);
  return told.empty() ? "" : "; " + told;
}

Result<ProfilePaths> profile_paths(const Environment& environment) {
  ProfilePaths paths;
  paths.config = TRY(path_of(environment, "AWS_CONFIG_FILE", "/.aws/config"));
  paths.credentials = TRY(path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"));
  return paths;
}

Result<ProfileChoice> chosen_profile(const Environment& environment) {
  const auto name = variable(environment, "AWS_PROFILE");
  const auto other = variable(environment, "AWS_DEFAULT_PROFILE");
  if (name && other && *name != *other) {
    return fail(ErrorKind::Malformed, "AWS_PROFILE is '" + shortened(*name) +
                                          "', but AWS_DEFAULT_PROFILE is '" + shortened(*other) +
                                          "'; set one of them");
  }
  if (name) {
    return ProfileChoice{.name = *name, .variable = "AWS_PROFILE"};
  }
  return other ? ProfileChoice{.name = *other, .variable = "AWS_DEFAULT_PROFILE"} : ProfileChoice{};
}

Result<ProfileFiles> parse_profile_files(std::string_view config, std::string_view credentials,
                                         const ProfilePaths& names) {
  ProfileFiles files = TRY(parse_file(config, FileKind::Config, names.config));
  ProfileFiles secrets = TRY(parse_file(credentials, FileKind::Credentials, names.credentials));
  for (auto& [name, section] : secrets.profiles) {
    ProfileSection& merged = files.profiles[name];
    for (const auto& [key, value] : section.settings) {
      merged.settings[key] = value;
    }
    merged.secrets = std::move(section.settings);
    std::ranges::move(section.unread, std::back_inserter(merged.unread));
  }
  std::ranges::move(secrets.unread, std::back_inserter(files.unread));
  return files;
}

Result<ProfileFiles> read_profile_files(const Environment& environment) {
  const ProfilePaths paths = TRY(profile_paths(environment));
  const std::string config = TRY(text_of(paths.config));
  const std::string credentials = TRY(text_of(paths.credentials));
  return parse_profile_files(config, credentials, paths);
}

Result<Profile> read_profile(const Environment& environment) {
  const ProfileFiles files = TRY(read_profile_files(environment));
  return find_profile(files, environment);
}

Result<Profile> find_profile(const ProfileFiles& files, const Environment& environment) {
  const ProfileChoice choice = TRY(chosen_profile(environment));
  const auto found = files.profiles.find(choice.name);
  if (found == files.profiles.end()) {
    if (choice.variable.empty()) {
      return Profile{.name = choice.name};
    }
    const ProfilePaths paths = TRY(profile_paths(environment));
    return fail(ErrorKind::Malformed, no_such_profile(files, choice, paths));
  }
  Profile profile{.name = choice.name, .exists = true, .settings = found->second.settings};
  const auto named = profile.settings.find("services");
  if (named == profile.settings.end() || named->second.empty()) {
    return profile;
  }
  const auto services = files.services.find(named->second);
  if (services == files.services.end()) {
    return fail(ErrorKind::Malformed, "profile '" + profile.name + "': services is '" +
                                          named->second + "', but there is no [services " +
                                          named->second + "]" +
                                          or_unread(files, "services " + named->second));
  }
  for (const auto& [group, text] : services->second.settings) {
    add_group(profile.service_settings, group, text);
  }
  return profile;
}

}  // namespace scaler::aws
