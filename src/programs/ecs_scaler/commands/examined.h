#pragma once
// What `doctor` and `verify` look at: a queue and a service as flags, variables or a function name
// them, made whole.

#include <string>
#include <string_view>

#include "checkup/access/checkup.h"
#include "ground/base/environment.h"
#include "scaler/pass/ports.h"

namespace scaler::cli {

/// Where a place stands: what is nearer to the user's hand goes first. A function that a flag names
/// was chosen now; a variable may be left from another deployment's shell.
struct PlaceVariables {
  Environment first = {};
  Environment then = {};

  static PlaceVariables of(const Environment& own, const Environment& functions,
                           bool function_by_flag);
  /// The flag when it was given; empty when nothing says it.
  std::string value(const std::string& flag, std::string_view name) const;
};

/// `function`: a name or an ARN, whose region and account are those of a cluster without any.
/// Errors: Malformed for names that are none, contradict each other, or cannot be asked.
Result<LookRequest> examined(const Checkup& checkup, const std::string& queue,
                             const ServiceId& service, const std::string& function);

}  // namespace scaler::cli
