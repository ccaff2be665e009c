#pragma once
// An order for a shard, as the message that carries it.

#include <string>
#include <string_view>

#include "ground/base/result.h"
#include "scaler/invocation/trigger.h"

namespace scaler {

/// {"at": "2026-11-23T12:00:00Z", "by": "tick", "place": "", "from": "arn:..", "before": "arn:..",
/// "parts": 4}
std::string shard_order_json(const ShardOrder& order);

/// Errors: Malformed, naming what is missing or wrong.
Result<ShardOrder> read_shard_order(std::string_view text);

}  // namespace scaler
