#pragma once
// The help of ecs-scaler and of its commands: plain text, no line wider than the terminal but where
// one word is, an example at its end.

#include <cstddef>
#include <span>
#include <string>

#include "ground/base/environment.h"
#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

/// Columns of standard output: COLUMNS when it is a number that makes sense, else the terminal's,
/// else 80.
std::size_t help_width(const Environment& environment);

/// What `ecs-scaler --help` prints.
std::string help_of_all(std::span<const Command> commands, std::size_t width);
std::string help_of(const Command& command, std::size_t width);

}  // namespace scaler::cli
