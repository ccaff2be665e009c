#pragma once
// The help of ecs-scaler and of its commands: plain text, no line wider than the terminal but where
// one word is, an example at its end.

#include <cstddef>
#include <span>
#include <string>

#include "edge/config/environment.h"
#include "ground/base/environment.h"
#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

/// Columns of standard output: COLUMNS when it is a number that makes sense, else the terminal's,
/// else 80.
std::size_t help_width(const Environment& environment);

/// Text for people: on a terminal no line is wider than that, and what is broken off stands further
/// in than the line. Where it goes elsewhere, one line of a table stays one.
std::string for_people(std::string text, const Environment& environment);

/// A word that this program uses in one sense only.
struct Term {
  std::string_view word = {};
  std::string_view meaning = {};
};
std::span<const Term> glossary();

/// How a command is called, without its flags that may be left out:
/// "ecs-scaler emulate --cluster NAME [FLAGS]".
std::string usage_of(const Command& command);
/// How help calls an option: "--every DURATION".
std::string label_of(const Option& option);
/// A variable that a service is read from: "TASKS_MIN (tasks, default 0)", and its sentence.
std::string label_of(const VariableHelp& variable);

/// What `ecs-scaler --help` prints.
std::string help_of_all(std::span<const Command> commands, std::size_t width);
std::string help_of(const Command& command, std::size_t width);

}  // namespace scaler::cli
