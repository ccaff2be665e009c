#pragma once
// The decision: pure and total. It reads no clock and does no input or output; everything it knows
// is in its arguments, and everything it did is in the steps it returns.

#include <array>

#include "scaler/core/decision.h"
#include "scaler/core/observation.h"
#include "scaler/core/policy.h"
#include "scaler/core/state.h"

namespace scaler {

/// The desired count for what was seen. With some queues unreadable it never scales in; with none
/// readable it holds, or raises the count to the fallback after enough failures.
Decision decide(const Policy& policy, const ServiceState& state, const Observation& observation);

/// The same decision turned into a hold at `desired`, with the reason as its last step.
Decision held(Decision decision, std::int64_t desired, Reason reason,
              std::array<std::int64_t, 2> numbers = {});

/// A scale-out turned into one by a single task: ECS has refused every larger step of this pass.
Decision last_try(Decision decision);

/// A scale-out turned into one by as many tasks as have room on instances, or into a hold.
Decision within_room(Decision decision, std::int64_t tasks);

/// What to remember of a decision. A recommendation counts even when the change that it led to
/// failed; a change that failed starts no cooldown and spends no budget. Instants that lie in the
/// future are pulled back to the decision's own.
ServiceState advance(ServiceState state, const Policy& policy, const Decision& decision,
                     Outcome outcome);

}  // namespace scaler
