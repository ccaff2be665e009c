#pragma once
// How a URL is told to people.

#include <string>
#include <string_view>

namespace scaler {

/// Whatever may be a user's name and password is not told.
inline std::string without_user(std::string_view text) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos) {
    return std::string(text);
  }
  const std::size_t scheme_end = text.find("://");
  const std::string_view scheme = text.substr(0, scheme_end < at ? scheme_end + 3 : 0);
  return std::string(scheme) + "[hidden]" + std::string(text.substr(at));
}

}  // namespace scaler
