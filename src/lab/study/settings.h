#pragma once
// Settings: this program's own policy and triggers together, as they are read from a file, told to
// people and pasted into a deployment.

#include <string>

#include "lab/sim/scenario.h"
#include "scaler/core/policy.h"

namespace scaler::study {

/// What this program is set to.
struct Settings {
  PolicyOptions policy = {};
  sim::Triggers triggers = {};
};

/// The fields that differ from their defaults: "mode=latency target_latency=15 ...".
std::string tell(const Settings& settings);
/// {"policy":{..},"tick_seconds":10,"wake":true}: what `simulate --policy` reads.
std::string to_json(const Settings& settings);
/// The environment variables of a deployment, one a line.
std::string to_environment(const Settings& settings);

}  // namespace scaler::study
