#pragma once
// What is looked for in a service that ECS runs: who else has a hand on it, what it remembers, its
// deployments, and what its work looks like beside the queue. All of them need facts.service.

#include "checkup/doctor/facts.h"
#include "checkup/doctor/findings.h"

namespace scaler::doctor {

/// Tools and AWS's own features that change the service.
void check_other_hands(const Facts& facts, Findings& findings);
/// The tag that a pass leaves to the next one.
void check_state_tag(const Facts& facts, Findings& findings);
void check_deployments(const Facts& facts, Findings& findings);
/// Tasks beside messages. One look at approximate counts: it suspects, and never proves.
void check_work(const Facts& facts, Findings& findings);

}  // namespace scaler::doctor
