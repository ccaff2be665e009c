#include "programs/ecs_scaler/commands/command.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/duration.h"
#include "ground/base/problems.h"

namespace scaler::cli {
namespace {

/// What may follow a flag's "=".
constexpr std::array<Choice<bool>, 8> kYesAndNo{{{"true", true},
                                                 {"false", false},
                                                 {"yes", true},
                                                 {"no", false},
                                                 {"on", true},
                                                 {"off", false},
                                                 {"1", true},
                                                 {"0", false}}};

/// Nothing unless all of the text is a number.
template <typename Number>
bool parse_whole(const std::string& text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && rest == end;
}

/// What is said of the file of the same folder that is most likely meant; empty without one.
std::string file_meant(const std::filesystem::path& path) {
  constexpr std::size_t kFilesMax = 1000;
  std::vector<std::string> names;
  std::error_code error;
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator() && names.size() < kFilesMax;
       entry.increment(error)) {
    if (entry->exists(error)) {  // A link to nothing is no help, least of all itself.
      names.push_back(entry->path().filename().string());
    }
    error.clear();
  }
  std::ranges::sort(names);  // Whatever order the file system has.
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = nearest_word(path.filename().string(), known);
  return near ? fmt::format("; did you mean '{}'?", (path.parent_path() / *near).string()) : "";
}

/// What is empty mostly comes from a variable of a script that is not set. It must not count as a
/// flag that was left out: whoever asks for a token or names a file gets that, or is told.
Result<void> refuse_empty(const std::string& word) {
  return word.empty() ? fail(ErrorKind::Malformed, "its value is empty") : Result<void>();
}

}  // namespace

Take flag(bool& value) {
  return [&value](const std::string& word) -> Result<void> {
    value = TRY(find_choice(word, kYesAndNo));
    return {};
  };
}

Take flag(std::function<void()> given) {
  return [given = std::move(given)](const std::string& word) -> Result<void> {
    bool value = false;
    TRY(flag(value)(word));
    if (value) {
      given();
    }
    return {};
  };
}

Take text(std::string& value) {
  return [&value](const std::string& word) -> Result<void> {
    TRY(refuse_empty(word));
    value = word;
    return {};
  };
}

Take texts(std::vector<std::string>& values) {
  return [&values](const std::string& word) -> Result<void> {
    TRY(refuse_empty(word));
    values.push_back(word);
    return {};
  };
}

Result<void> check_file(const std::string& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    const auto target = std::filesystem::read_symlink(path, error);
    if (!error) {
      return fail(ErrorKind::Malformed, fmt::format("'{}' is a link to '{}', which is not there",
                                                    shortened(path), shortened(target.string())));
    }
    return fail(ErrorKind::Malformed,
                fmt::format("there is no file '{}'{}", shortened(path), file_meant(path)));
  }
  if (std::filesystem::is_directory(status)) {
    return fail(ErrorKind::Malformed, fmt::format("'{}' is a folder", shortened(path)));
  }
  return {};
}

Take existing_file(std::string& path) {
  return [&path](const std::string& word) -> Result<void> {
    TRY(check_file(word));
    path = word;
    return {};
  };
}

Take written_file(std::string& path) {
  return [&path](const std::string& word) -> Result<void> {
    TRY(refuse_empty(word));
    if (word == "-") {
      return fail(ErrorKind::Malformed, "'-' is no file: what is written needs a name");
    }
    const std::filesystem::path file = word;
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) {
      return fail(ErrorKind::Malformed, fmt::format("'{}' is a folder", shortened(word)));
    }
    if (!std::filesystem::is_directory(folder, error)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("there is no folder '{}'", shortened(folder.string())));
    }
    const bool stands = std::filesystem::exists(file, error);
    if (access(stands ? word.c_str() : folder.c_str(), W_OK) != 0) {
      return fail(ErrorKind::Malformed, fmt::format("'{}' cannot be written: {}", shortened(word),
                                                    std::generic_category().message(errno)));
    }
    path = word;
    return {};
  };
}

Take duration(Duration& value, Duration min, Duration max) {
  return [&value, min, max](const std::string& word) -> Result<void> {
    const Duration duration = TRY(parse_duration(word));
    if (duration < min || duration > max) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is not between {} and {}", shortened(word),
                              format_duration(min), format_duration(max)));
    }
    value = duration;
    return {};
  };
}

Take real_number(double& value, double min, double max) {
  return [&value, min, max](const std::string& word) -> Result<void> {
    double number = 0;
    if (const bool good = parse_whole(word, number) && number >= min && number <= max; !good) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is not a number from {:g} to {:g}", shortened(word), min, max));
    }
    value = number;
    return {};
  };
}

Result<std::int64_t> parse_integer(const std::string& text, std::int64_t min, std::int64_t max) {
  std::int64_t number = 0;
  if (!parse_whole(text, number) || number < min || number > max) {
    const std::string upper = max == std::numeric_limits<std::int64_t>::max()
                                  ? fmt::format("of at least {}", min)
                                  : fmt::format("from {} to {}", min, max);
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not a whole number {}", shortened(text), upper));
  }
  return number;
}

Result<std::size_t> find_word(std::string_view word, const std::vector<std::string_view>& known) {
  const auto found = std::ranges::find(known, word);
  if (found == known.end()) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is none of {}{}", shortened(word), fmt::join(known, ", "),
                            did_you_mean(word, known)));
  }
  return static_cast<std::size_t>(found - known.begin());
}

}  // namespace scaler::cli
