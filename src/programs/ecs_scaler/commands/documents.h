#pragma once
// Commands that print what is made of the table of all commands: completions and the manual page.

#include <functional>
#include <string>
#include <vector>

#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

/// Asked when the command runs, so that the table may hold the command itself.
using AllCommands = std::function<std::vector<Command>()>;

Command completions_command(AllCommands all);
Command man_command(AllCommands all, std::string version);

}  // namespace scaler::cli
