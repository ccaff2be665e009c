#pragma once
// The decision: pure and total. It reads no clock and does no input or output; everything it knows
// is in its arguments, and everything it did is in the steps it returns.

#include "core/decision.h"
#include "core/observation.h"
#include "core/policy.h"
#include "core/state.h"

namespace scaler {

/// The desired count for what was seen. An observation in which no queue could be read goes to
/// decide_blind(); one in which some could be read never scales in.
Decision decide(const Policy& policy, const ServiceState& state, const Observation& observation);

/// The answer when no queue could be read: hold, or the fallback count after enough failures. It
/// never lowers the count.
Decision decide_blind(const Policy& policy, const ServiceState& state,
                      const ServiceObservation& service, Instant at);

/// The same decision turned into a hold at `desired`, with the reason as its last step.
Decision held(Decision decision, std::int64_t desired, Reason reason, std::int64_t number = 0);

/// What to remember of a decision. A recommendation counts even when the change that it led to
/// failed; a change that failed starts no cooldown and spends no budget. Instants that lie in the
/// future are pulled back to the decision's own.
ServiceState advance(ServiceState state, const Policy& policy, const Decision& decision,
                     Outcome outcome);

}  // namespace scaler
