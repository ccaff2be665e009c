#pragma once
// Runs a command and takes what it says, within a time and a size.

#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/environment.h"

namespace scaler::identity {

struct CommandOutput {
  int status = 0;  ///< 128 + n when signal n ended it
  std::string out = {};
  std::string err = {};
};

/// Runs the program, without a shell, with our standard input. It is ended, with all that it has
/// begun, at the deadline, when it writes more than 64 KiB, and when this program exits.
/// Errors: Unavailable, naming the program, when it cannot be run or does not end.
Result<CommandOutput> run_command(const std::vector<std::string>& words,
                                  const Environment& environment, Deadline deadline);

}  // namespace scaler::identity
