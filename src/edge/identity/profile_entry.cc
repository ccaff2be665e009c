#include "edge/identity/profile_entry.h"

namespace scaler::identity {

std::string value_of(const aws::ProfileSettings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

Result<std::string> ProfileView::needed(std::string_view setting) const {
  std::string text = value(setting);
  if (text.empty()) {
    return wrong(std::string(setting) + " is empty");
  }
  return text;
}

std::unexpected<Error> ProfileView::wrong(const std::string& what) const {
  return fail(ErrorKind::Malformed, "profile '" + name + "': " + what);
}

}  // namespace scaler::identity
