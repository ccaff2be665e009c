#pragma once
// The least-privilege policies of a fleet: the caller's own, and for each role that it assumes the
// role's policy and trust policy.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "edge/iam/iam_policy.h"
#include "scaler/core/object_names.h"
#include "scaler/fleet/fleet_account.h"

namespace scaler {

/// Who is scaled.
struct IamFleet {
  std::vector<ServiceSpec> services = {};
  std::vector<SearchedPlace> places = {};  ///< where services are found by their tags
  Ceilings ceilings = {};                  ///< for those
  /// That says who is scaled, of S3, and was not read: whoever the ceilings allow may be meant.
  std::optional<ObjectAddress> object = {};
};

struct FleetIam {
  std::vector<IamStatement> caller = {};
  struct Role {
    AccountRole role = {};
    std::vector<IamStatement> policy = {};
  };
  std::vector<Role> roles = {};  ///< in the order of their ARNs
  std::string principal = {};    ///< who may assume them: the caller's role, or its account
};

/// `deployment`: of no service. `caller`: the ARN of the caller's own role; empty: anybody of the
/// caller's account whom that account lets.
/// Errors: Malformed, naming what is missing or wrong, and the flag that gives it.
Result<FleetIam> fleet_iam(const IamFleet& fleet, const ServiceConfig& deployment,
                           const IamOverrides& flags, const std::string& caller,
                           const Environment& environment);

/// {"caller":{..},"roles":[{"role":ARN,"policy":{..},"trust_policy":{..}}]}; without roles the
/// caller's policy alone, as iam_json().
std::string fleet_iam_json(const FleetIam& fleet);
/// For people.
std::string fleet_iam_text(const FleetIam& fleet);

}  // namespace scaler
