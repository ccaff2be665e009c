#pragma once
// The flags of `simulate` and `advise` on the command line.

#include "programs/ecs_scaler/commands/commands.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's own name.
class App;
}

namespace scaler::cli {

void add_simulate(CLI::App& app, SimulateFlags& flags);
void add_advise(CLI::App& app, AdviseFlags& flags);

}  // namespace scaler::cli
