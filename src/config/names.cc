#include "config/names.h"

#include <algorithm>
#include <cctype>

namespace scaler {

bool is_queue_url(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme)) {
      continue;
    }
    url.remove_prefix(scheme.size());
    const std::size_t host_end = url.find('/');
    const std::size_t name = url.rfind('/');
    const bool blank =
        std::ranges::any_of(url, [](unsigned char c) { return c <= ' ' || c == 0x7f; });
    return !blank && host_end != 0 && host_end != std::string_view::npos && name > host_end + 1 &&
           name + 1 < url.size();
  }
  return false;
}

bool is_ecs_name(std::string_view text) {
  const auto allowed = [arn = text.starts_with("arn:")](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || (arn && (c == ':' || c == '/'));
  };
  return text.size() <= 255 && std::ranges::all_of(text, allowed);
}

}  // namespace scaler
