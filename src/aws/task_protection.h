#pragma once
// ECS task scale-in protection: workers protect the task that they run in while they work
// (UpdateTaskProtection through the agent). A service's description does not tell of it.

#include <cstdint>
#include <span>
#include <vector>

#include "aws/client.h"
#include "pass/ports.h"

namespace scaler::aws {

/// How many tasks of each service are protected.
/// Shape:  one result per id, in order. A task whose protection ECS cannot tell counts as
/// protected,
///         one that has stopped in between does not.
/// Errors: those of the calls; Malformed.
/// Source: ECS ListTasks (100 a page), then GetTaskProtection (100 tasks a call).
std::vector<Result<std::int64_t>> protected_tasks(Client& client, std::span<const ServiceId> ids,
                                                  Deadline deadline);

}  // namespace scaler::aws
