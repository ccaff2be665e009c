#include "programs/ecs_scaler/commands/complain.h"

#include <cstdio>

namespace scaler::cli {

int complain(ExitCode code, std::string_view message) {
  std::fprintf(stderr, "ecs-scaler: %.*s\n", static_cast<int>(message.size()), message.data());
  return code;
}

}  // namespace scaler::cli
