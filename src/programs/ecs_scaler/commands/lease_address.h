#pragma once
// Where a lease is kept: dynamodb:TABLE[/KEY].

#include <optional>

#include "edge/aws/lease_table.h"
#include "programs/ecs_scaler/commands/command.h"

namespace scaler::cli {

/// The table by name or ARN. Errors: Malformed.
Result<aws::LeaseItem> parse_lease_address(const std::string& text);

Take lease_address(std::optional<aws::LeaseItem>& item);

}  // namespace scaler::cli
