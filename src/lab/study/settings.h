#pragma once
// Settings: this program's own policy and triggers together, as they are read from a file, and told
// to people; blocks.h makes what is pasted into a deployment.

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

}  // namespace scaler::study
