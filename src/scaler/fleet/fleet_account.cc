#include "scaler/fleet/fleet_account.h"

#include <algorithm>

namespace scaler {

std::vector<SearchedPlace> searched_places(std::span<const FleetAccount> accounts) {
  std::vector<SearchedPlace> places;
  for (const FleetAccount& account : accounts) {
    if (!account.tags) {
      continue;
    }
    for (const std::string& region : account.regions) {
      places.push_back({.region = region, .role = account.role});
    }
    if (account.regions.empty()) {
      places.push_back({.role = account.role});
    }
  }
  return places;
}

AccountRole role_for(std::string_view account, std::span<const FleetAccount> accounts) {
  const auto found = std::ranges::find_if(accounts, [&](const FleetAccount& one) {
    const auto role = parse_arn(one.role.arn);
    return role && role->account == account;
  });
  return found == accounts.end() ? AccountRole{} : found->role;
}

}  // namespace scaler
