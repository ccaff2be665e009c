#pragma once
// What this program itself costs a month, by what triggers it: the arithmetic of docs/cost.md.

#include "lab/sim/scenario.h"

namespace scaler::study {

/// USD in us-east-1 outside the free tiers, as for a service that idles all month: the dearest.
/// A mapping's pollers are five until AWS finds that a quiet queue needs but two.
double own_month(const sim::Triggers& triggers, int pollers = 5);

}  // namespace scaler::study
