// `ecs-scaler decide` alone: what tools/mutants.py runs the tables of tests/decisions through.
#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {
Command decide_command();
}

int main() {
  return scaler::cli::decide_command().run({});
}
