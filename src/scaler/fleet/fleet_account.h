#pragma once
// FleetAccount: an account whose services belong to a fleet, and as whom they are reached.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/fleet/tagged_fleet.h"

namespace scaler {

struct FleetAccount {
  AccountRole role = {};                  ///< none: the program's own identity
  std::vector<std::string> regions = {};  ///< empty: the default one
  bool tags = false;                      ///< services are looked for there by their tags
};

/// Where services are looked for by their tags: each account's regions.
std::vector<SearchedPlace> searched_places(std::span<const FleetAccount> accounts);

/// As whom the services of an account are reached; none when no entry has a role of it.
AccountRole role_for(std::string_view account, std::span<const FleetAccount> accounts);

}  // namespace scaler
