#pragma once
// What the service runs on, and what that costs when tasks come and go.

#include "checkup/doctor/facts.h"
#include "checkup/doctor/findings.h"

namespace scaler::doctor {

void check_capacity(const Facts& facts, Findings& findings);

}  // namespace scaler::doctor
