#pragma once
// The fleet file: many services in one document, YAML or JSON.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"
#include "ground/json/value.h"
#include "scaler/fleet/fleet_account.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {

inline constexpr std::size_t kFleetMax = 10'000;  ///< services in a file

/// What a document says.
struct FleetDocument {
  std::vector<ServiceSpec> services = {};
  std::vector<FleetAccount> accounts = {};
  PolicyBase defaults = {};  ///< those of the document over what they stand on
};

/// Reads a document. `file` is its name, for the errors. `default_region`: of services that are
/// named without a region; empty when it is not known, and then such a service may be the same as
/// one of any region.
/// `base`: what the document's own defaults stand on.
///
///   defaults: {mode: backlog, backlog_per_task: 10, tasks_max: 20}
///   accounts:
///     - {role: "arn:aws:iam::210987654321:role/scaler", regions: [eu-west-1], tags: true}
///   services:
///     - cluster: production
///       service: thumbnails
///       queues: [https://sqs.eu-central-1.amazonaws.com/123456789012/thumbnails]
///       policy: {tasks_max: 50}
///
/// A service without a role whose ARN, or cluster's ARN, lies in the account of an entry is reached
/// with the role of that entry.
/// Errors: Malformed, all that is wrong at once, each with file, path, value and what would be
///         right; unknown members with the nearest known name.
Result<FleetDocument> read_fleet(const json::Value& document, std::string_view file,
                                 std::string_view default_region = {}, const PolicyBase& base = {});

/// A document of these services and accounts, as read_fleet() takes it: each service with its whole
/// policy, and where its settings come from.
std::string fleet_json(std::span<const ServiceSpec> services,
                       std::span<const FleetAccount> accounts = {});

}  // namespace scaler
