#pragma once
// Environment: the process's environment variables as a plain map, so that only main reads the real
// ones.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace scaler {

using Environment = std::map<std::string, std::string, std::less<>>;

/// The variable's value; nothing when it is unset or empty (an empty setting is an absent one).
inline std::optional<std::string> variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end() || found->second.empty()) {
    return std::nullopt;
  }
  return found->second;
}

}  // namespace scaler
