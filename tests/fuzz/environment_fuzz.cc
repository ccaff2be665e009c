// Lines NAME=VALUE as everybody reads the environment who starts with one service.

#include "edge/aws/settings.h"
#include "edge/config/environment.h"
#include "fuzz.h"

namespace scaler::fuzz {

FUZZ(environment) {
  // No file of this machine may have a say.
  Environment environment;
  while (!bytes.empty()) {
    std::string_view line = take_until(bytes, "\n");
    const std::string name(take_until(line, "="));
    environment[name] = line;
  }
  environment["AWS_CONFIG_FILE"] = "/dev/null";
  environment["AWS_SHARED_CREDENTIALS_FILE"] = "/dev/null";
  check_short(service_from_environment(environment));
  check_short(log_level_from_environment(environment));
  check_short(aws::read_settings(environment));
}

}  // namespace scaler::fuzz
