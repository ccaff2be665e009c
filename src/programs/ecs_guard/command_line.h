#pragma once
// What ecs-guard is told to do. Read with getopt_long(3): the whole program is to be small.

#include <string>
#include <variant>
#include <vector>

#include "ground/base/result.h"
#include "guard/front/front.h"

namespace scaler::guard {

/// `ecs-guard [flags] -- COMMAND`, and `ecs-guard serve [flags]` where the command is empty.
struct GuardPlan {
  FrontOptions front = {};
  std::vector<std::string> queues = {};  ///< names or URLs; empty: all are guarded
  std::vector<std::string> command = {};
};

/// `ecs-guard health [--port N]`: asks the guard of this host whether it runs.
struct HealthPlan {
  int port = 0;
};

/// `--help` and `--version`.
struct TextPlan {
  std::string text = {};
};

inline constexpr int kDefaultPort = 9324;

/// Errors: Malformed, naming the word, what is wrong with it and what would be right.
Result<std::variant<GuardPlan, HealthPlan, TextPlan>> read_command_line(
    std::vector<std::string> words, std::string_view version);

}  // namespace scaler::guard
