#pragma once
// Objective: the waiting time that is hoped for: "p95 wait < 60s".

#include <string>
#include <string_view>

#include "ground/base/clock.h"

namespace scaler::study {

struct Objective {
  double share = 0.95;  ///< of the messages; 1: all
  Duration limit = std::chrono::seconds(60);
  std::string told = "p95 wait < 60s";
};

/// "p95 wait < 60s", "p99<2m", "max wait < 5m". Errors: Malformed.
Result<Objective> parse_objective(std::string_view text);

}  // namespace scaler::study
