#pragma once
// The doctor over a whole fleet: facts -> findings, one for each service. Pure.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkup/doctor/diagnosis.h"
#include "checkup/doctor/fleet_wakes.h"
#include "scaler/fleet/fleet_source.h"

namespace scaler::doctor {

struct FleetFacts {
  Result<aws::CallerIdentity> caller = {};
  std::string credential_source = {};  ///< which place had credentials; empty for none
  std::vector<ServiceSpec> services = {};
  std::vector<Look> looks = {};         ///< one per service, in order
  FleetNews news = {};                  ///< of the search by tags
  std::optional<WakeFacts> wakes = {};  ///< of the function that is named
};

/// Looks at all services side by side, and asks who asks. `function`: whose mappings wake them;
/// empty: none is named.
FleetFacts examine_fleet(aws::Client& client, CloudReader& reader,
                         std::vector<ServiceSpec> services, FleetNews news,
                         const std::string& function, Deadline deadline);

/// Each queue that several services have, with their names. Each of them counts all of its messages
/// and starts tasks for all.
std::map<std::string, std::string> shared_queues(std::span<const ServiceSpec> services);

/// The worst first.
std::vector<Finding> diagnose_fleet(const FleetFacts& facts);

std::string fleet_identity_of(const FleetFacts& facts);
std::string fleet_json_of(const FleetFacts& facts, const std::vector<Finding>& findings);

}  // namespace scaler::doctor
