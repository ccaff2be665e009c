#include "edge/identity/home.h"

#include <unistd.h>
#include <vector>

#include "ground/base/file.h"
#include "ground/base/text.h"

namespace scaler::identity {

Environment with_home(Environment environment) {
  if (!variable(environment, "HOME")) {
    const std::string home = home_in(read_kept_file("/etc/passwd").value_or(""), ::getuid());
    if (!home.empty()) {
      environment["HOME"] = home;
    }
  }
  return environment;
}

std::string home_in(std::string_view passwd, unsigned user) {
  constexpr std::size_t kNumber = 2;
  constexpr std::size_t kHome = 5;
  for (const std::string_view line : split(passwd, "\n")) {
    const std::vector<std::string_view> fields = split(line, ":");
    if (fields.size() > kHome && number_of<unsigned>(fields[kNumber]) == user) {
      return std::string(fields[kHome]);
    }
  }
  return "";
}

}  // namespace scaler::identity
