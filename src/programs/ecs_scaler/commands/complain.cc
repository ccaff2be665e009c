#include "programs/ecs_scaler/commands/complain.h"

#include <cstdio>

#include "ground/base/text.h"

namespace scaler::cli {

int complain(ExitCode code, std::string_view message) {
  std::string text(message);
  if (message.contains('\n')) {
    text = "several things are wrong:";
    for (const std::string_view line : split(message, "\n")) {
      text.append("\n  ").append(line);
    }
  }
  std::fprintf(stderr, "ecs-scaler: %s\n", text.c_str());
  return code;
}

}  // namespace scaler::cli
