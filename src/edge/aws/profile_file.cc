#include "edge/aws/profile_file.h"

#include <algorithm>
#include <utility>

#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::aws {
namespace {

constexpr std::size_t kNamesTold = 20;

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

/// Letters, digits and some signs; what else stands as a name is not read, as in AWS's own SDKs.
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

bool is_quoted(std::string_view text) {
  return text.size() > 2 && (text.front() == '"' || text.front() == '\'') &&
         text.back() == text.front();
}

enum class FileKind { Config, Credentials };

/// Reads one file line by line.
class FileParser {
 public:
  explicit FileParser(FileKind kind) : kind_(kind) {}

  /// False when the line is none that such a file can have.
  bool take(std::string_view line) {
    const std::string_view text = trim(line);
    if (text.empty() || text.starts_with('#') || text.starts_with(';')) {
      return true;
    }
    const auto indent = static_cast<std::size_t>(text.data() - line.data());
    if (property_ != nullptr && indent > property_indent_) {
      return take_continuation(text);
    }
    if (text.starts_with('[')) {
      return take_header(text);
    }
    return section_ != nullptr && take_property(text, indent);
  }

  ProfileFiles finish() && {
    if (has_plain_default_ && !files_.profiles.contains("default")) {
      files_.profiles["default"] = std::move(plain_default_);
    } else if (has_plain_default_) {
      files_.ignored.emplace_back("default");
    }
    return std::move(files_);
  }

 private:
  bool take_header(std::string_view text) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_remark(trim(text.substr(end + 1)))) {
      return false;  // Settings there, as in a file without line feeds, would be lost.
    }
    section_ = &section_of(trim(text.substr(1, end - 1)));
    property_ = nullptr;
    return true;
  }

  ProfileSection& section_of(std::string_view header) {
    const std::size_t blank = std::min(header.find_first_of(" \t"), header.size());
    const std::string_view word = header.substr(0, blank);
    std::string_view name = trim(header.substr(blank));
    ProfileSections* sections = word == "profile"       ? &files_.profiles
                                : word == "sso-session" ? &files_.sso_sessions
                                : word == "services"    ? &files_.services
                                                        : nullptr;
    if (kind_ == FileKind::Credentials) {
      // Any name, without quotes: so the AWS CLI writes that of a [profile "two words"].
      const bool of_the_other_file = sections != nullptr && !name.empty();
      return of_the_other_file ? ignored(header) : files_.profiles[std::string(header)];
    }
    if (header == "default") {
      // [profile default] wins over [default], wherever it stands.
      has_plain_default_ = true;
      return plain_default_;
    }
    if (is_quoted(name)) {
      name = name.substr(1, name.size() - 2);
    } else if (!is_name(name)) {
      sections = nullptr;
    }
    return sections == nullptr ? ignored(header) : (*sections)[std::string(name)];
  }

  ProfileSection& ignored(std::string_view header) {
    files_.ignored.emplace_back(header);
    return nowhere_;
  }

  bool take_property(std::string_view text, std::size_t indent) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
      return false;
    }
    const std::string_view name = trim(text.substr(0, equals));
    if (is_name(name)) {
      property_ = &section_->settings[lower_case(name)];
    } else {
      section_->unread.emplace_back(name);
      property_ = &unread_value_;
    }
    *property_ = without_comment(text.substr(equals + 1));
    property_indent_ = indent;
    is_group_ = property_->empty();
    return true;
  }

  bool take_continuation(std::string_view text) {
    const std::size_t equals = text.find('=');
    if (is_group_ && (equals == std::string_view::npos || equals == 0)) {
      return false;
    }
    property_->append("\n").append(text);
    return true;
  }

  FileKind kind_;
  ProfileFiles files_ = {};
  ProfileSection plain_default_ = {};
  bool has_plain_default_ = false;
  ProfileSection nowhere_ = {};
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
    if (!parser.take(text.substr(0, end))) {
      return fail(ErrorKind::Malformed, "read " + name + ": line " + std::to_string(number) +
                                            " is neither [section] nor name = value");
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

std::string path_of(const Environment& environment, std::string_view name, std::string_view usual) {
  const auto home = variable(environment, "HOME");
  if (auto path = variable(environment, name)) {
    return home && path->starts_with("~/") ? *home + path->substr(1) : *path;
  }
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
  if (std::ranges::find(files.ignored, choice.name) != files.ignored.end()) {
    return text + "; [" + choice.name + "] is to be [profile " + choice.name + "] in the former";
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
    text += (told++ == 0 ? "" : ", ") + name;
  }
  return text;
}

}  // namespace

ProfilePaths profile_paths(const Environment& environment) {
  return {.config = path_of(environment, "AWS_CONFIG_FILE", "/.aws/config"),
          .credentials = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")};
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
  std::ranges::move(secrets.ignored, std::back_inserter(files.ignored));
  return files;
}

Result<ProfileFiles> read_profile_files(const Environment& environment) {
  const ProfilePaths paths = profile_paths(environment);
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
    if (!choice.variable.empty()) {
      return fail(ErrorKind::Malformed, no_such_profile(files, choice, profile_paths(environment)));
    }
    return Profile{.name = choice.name};
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
                                          named->second + "]");
  }
  for (const auto& [group, text] : services->second.settings) {
    add_group(profile.service_settings, group, text);
  }
  return profile;
}

}  // namespace scaler::aws
