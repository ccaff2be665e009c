#pragma once
// The part of a fleet's document that says where services are, and as whom they are reached.

#include <string_view>
#include <vector>

#include "ground/json/reader.h"
#include "scaler/fleet/fleet_account.h"

namespace scaler {

/// The members `role` and `external_id` of an object; an empty role when there is none.
/// Errors: Malformed, with path, value and what would be right; also an external id without a role.
Result<AccountRole> read_role(const json::Reader& object);

/// A region. Errors: Malformed, with its path.
Result<std::string> read_region(const json::Reader& value);

/// [{role: arn, external_id: .., regions: [..], tags: true}, ..]
/// `tags`: whether an account's services are looked for by tags where nothing is said of that.
/// `default_region`: where they are looked for when no regions are named; empty: not known.
/// Errors: Malformed, all that is wrong at once.
Result<std::vector<FleetAccount>> read_accounts(const json::Reader& list, bool tags,
                                                std::string_view default_region);

/// Whether a role can reach what lies there. An empty region or account is not known.
/// Errors: Malformed, after `path`, for a role of another account or partition.
Result<void> check_reach(const AccountRole& role, std::string_view path, std::string_view region,
                         std::string_view account);

}  // namespace scaler
