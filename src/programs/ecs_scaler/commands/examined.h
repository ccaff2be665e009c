#pragma once
// What `doctor` and `verify` look at: a queue and a service as flags, variables or a function name
// them, made whole.

#include <string>

#include "checkup/access/checkup.h"
#include "scaler/pass/ports.h"

namespace scaler::cli {

/// `function`: a name or an ARN, whose region and account are those of a cluster without any.
/// Errors: Malformed for names that are none, contradict each other, or cannot be asked.
Result<LookRequest> examined(const Checkup& checkup, const std::string& queue,
                             const ServiceId& service, const std::string& function);

}  // namespace scaler::cli
