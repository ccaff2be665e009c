#pragma once
// From the words of a command line to a command that ran. The one file that knows the library which
// takes them apart; what is wrong is told in words of this program.

#include <span>
#include <string>
#include <vector>

#include "ground/base/environment.h"
#include "ground/base/result.h"
#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

enum class Wanted { Run, Help };

/// Gives the words after a command's name to its options, and says what is wanted.
/// Errors: Malformed, naming the word, and what would be right.
Result<Wanted> parse(const Command& command, const std::vector<std::string>& words);

/// Runs the command that the first word names, or prints help or version. -> exit code
int run_command_line(std::span<const Command> commands, std::vector<std::string> words,
                     const std::string& version, const Environment& environment);

}  // namespace scaler::cli
