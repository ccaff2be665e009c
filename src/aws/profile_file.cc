#include "aws/profile_file.h"

#include <utility>

#include "base/file.h"

namespace scaler::aws {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    return "";
  }
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool is_comment(std::string_view text) {
  return text.starts_with('#') || text.starts_with(';');
}

std::string_view without_comment(std::string_view value) {
  for (const std::string_view mark : {" #", " ;", "\t#", "\t;"}) {
    value = value.substr(0, value.find(mark));
  }
  return trim(value);
}

/// Reads one file line by line.
class LineReader {
 public:
  explicit LineReader(ProfileFile& file) : file_(file) {}

  /// False when the line is none that such a file can have.
  bool take(std::string_view line) {
    const bool indented = line.starts_with(' ') || line.starts_with('\t');
    const std::string_view text = trim(line);
    if (text.empty() || is_comment(text)) {
      return true;
    }
    if (text.starts_with('[')) {
      const std::size_t end = text.find(']');
      section_ =
          end == std::string_view::npos ? nullptr : &file_[section_name(text.substr(1, end - 1))];
      group_.clear();
      return section_ != nullptr;
    }
    const std::size_t equals = text.find('=');
    if (section_ == nullptr || equals == std::string_view::npos || equals == 0) {
      return false;
    }
    const std::string key(trim(text.substr(0, equals)));
    const std::string_view value = without_comment(text.substr(equals + 1));
    if (indented && !group_.empty()) {
      (*section_)[group_ + "." + key] = value;
      return true;
    }
    group_ = value.empty() ? key : "";
    (*section_)[key] = value;
    return true;
  }

 private:
  static std::string section_name(std::string_view text) {
    std::string name;
    for (text = trim(text); !text.empty();) {
      const std::string_view word = text.substr(0, text.find_first_of(" \t\r"));
      name += name.empty() ? "" : " ";
      name += word;
      text = trim(text.substr(word.size()));
    }
    return name;
  }

  ProfileFile& file_;
  ProfileSettings* section_ = nullptr;
  std::string group_;
};

/// The file's path and text; an empty text when there is no such file.
Result<ProfileFile> read_file(const std::string& path) {
  if (path.empty()) {
    return ProfileFile{};
  }
  const Result<std::string> text = scaler::read_file(path);
  if (!text.has_value()) {
    const bool missing = text.error().kind == ErrorKind::NotFound;
    return missing ? Result<ProfileFile>(ProfileFile{})
                   : fail(ErrorKind::Malformed, "read " + text.error().message);
  }
  Result<ProfileFile> parsed = parse_profile_file(*text);
  if (!parsed.has_value()) {
    return fail(std::move(parsed).error(), "read " + path);
  }
  return parsed;
}

std::string path_of(const Environment& environment, std::string_view name, std::string_view usual) {
  if (const auto path = variable(environment, name)) {
    return *path;
  }
  const auto home = variable(environment, "HOME");
  return home ? *home + std::string(usual) : "";
}

}  // namespace

Result<ProfileFile> parse_profile_file(std::string_view text) {
  ProfileFile file;
  LineReader reader(file);
  int number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = text.find('\n');
    if (!reader.take(text.substr(0, end))) {
      return fail(ErrorKind::Malformed,
                  "line " + std::to_string(number) + " is neither [section] nor name = value");
    }
    text = end == std::string_view::npos ? "" : text.substr(end + 1);
  }
  return file;
}

Result<Profile> read_profile(const Environment& environment) {
  ProfileFile config = TRY(read_file(path_of(environment, "AWS_CONFIG_FILE", "/.aws/config")));
  ProfileFile secrets =
      TRY(read_file(path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")));
  const auto wanted = variable(environment, "AWS_PROFILE");
  Profile profile{.name = wanted.value_or("default"), .named_explicitly = wanted.has_value()};
  const auto merge = [&profile](ProfileFile& file, const std::string& section) {
    const auto found = file.find(section);
    if (found == file.end()) {
      return;
    }
    profile.exists = true;
    for (const auto& [key, value] : found->second) {
      profile.settings[key] = value;
    }
  };
  merge(config, "profile " + profile.name);
  if (profile.name == "default") {
    merge(config, "default");
  }
  merge(secrets, profile.name);
  const auto services = profile.settings.find("services");
  if (services != profile.settings.end()) {
    profile.service_settings = config["services " + services->second];
  }
  return profile;
}

}  // namespace scaler::aws
