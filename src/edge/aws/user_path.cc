#include "edge/aws/user_path.h"

#include <algorithm>

#include "ground/base/problems.h"
#include "ground/base/text.h"

namespace scaler::aws {
namespace {

bool is_name_character(char c) {
  return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '_';
}

/// What stands after a "$": "NAME", "{NAME}", or nothing where the "$" is one like any other.
std::string_view name_at(std::string_view text) {
  if (text.starts_with('{')) {
    const std::size_t end = text.find('}');
    return end == std::string_view::npos ? "" : text.substr(0, end + 1);
  }
  const auto* const end = std::ranges::find_if_not(text, is_name_character);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

/// With the variables' values, whose own "$" are none. Errors: NotFound with the name that is not
/// set.
Result<std::string> with_variables(std::string_view text, const Environment& environment) {
  std::string path;
  for (;;) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    path += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) {
      return path;
    }
    std::string_view name = name_at(text.substr(1));
    text.remove_prefix(1 + name.size());
    if (name.empty()) {
      path += '$';
      continue;
    }
    if (name.starts_with('{')) {
      name = name.substr(1, name.size() - 2);
    }
    const auto found = environment.find(name);
    if (found == environment.end()) {
      return fail(ErrorKind::NotFound, std::string(name));
    }
    path += found->second;
  }
}

}  // namespace

Result<std::optional<std::string>> path_in(const Environment& environment, std::string_view name) {
  const auto text = variable(environment, name);
  if (!text) {
    return std::nullopt;
  }
  const std::string given = std::string(name) + ": '" + shortened(*text) + "'";
  const Result<std::string> path = with_variables(*text, environment);
  if (!path) {
    return fail(ErrorKind::Malformed,
                given + " names " + shortened(path.error().message) + ", which is not set");
  }
  if (!path->starts_with('~')) {
    return *path;
  }
  if (path->size() > 1 && !path->starts_with("~/")) {
    return fail(ErrorKind::Malformed, given + ": no other user's home is looked up: write it out");
  }
  const auto home = variable(environment, "HOME");
  if (!home) {
    return fail(ErrorKind::Malformed, given + " needs HOME, which is not set");
  }
  return *home + path->substr(1);
}

}  // namespace scaler::aws
