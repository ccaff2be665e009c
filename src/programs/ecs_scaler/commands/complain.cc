#include "programs/ecs_scaler/commands/complain.h"

#include <cstdio>
#include <set>
#include <string>
#include <unistd.h>

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

void warn_once(const std::string& message) {
  static std::set<std::string> told;
  if (told.insert(message).second) {
    complain(kDone, "warning: " + message);
  }
}

void tell_what_is_waited_for(std::string_view what) {
  if (isatty(STDIN_FILENO) == 1) {
    std::fprintf(stderr, "ecs-scaler: reads %s from this terminal; Ctrl-D ends it\n",
                 std::string(what).c_str());
  }
}

}  // namespace scaler::cli
