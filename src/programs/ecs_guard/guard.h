#pragma once
// One run of ecs-guard, from its plan to its exit code.

#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "programs/ecs_guard/command_line.h"

namespace scaler::guard {

/// Shapes: the exit code of the worker's command; 0 for a sidecar that was told to end.
/// Errors: Malformed for wrong settings of the environment; Unavailable when the command cannot be
/// run or the port is taken.
Result<int> run_guard(GuardPlan plan, Environment environment, const Log& log);

/// 0 when a guard answers on the port, else 1 with a line of the log.
int check_health(const HealthPlan& plan, const Log& log);

}  // namespace scaler::guard
