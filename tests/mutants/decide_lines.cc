// `ecs-scaler decide` alone: what tools/mutants.py runs the tables of tests/decisions through.
#include <iostream>

#include "programs/ecs_scaler/commands/commands.h"

int main() {
  return scaler::cli::decide_command(std::cin, std::cout);
}
