#pragma once
// The fleet file: many services in one document, YAML or JSON.

#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"
#include "ground/json/reader.h"
#include "scaler/fleet/fleet_account.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {

inline constexpr std::size_t kFleetMax = 10'000;  ///< services in a file

/// What a document says.
struct FleetDocument {
  std::vector<ServiceSpec> services = {};
  std::vector<FleetAccount> accounts = {};
  PolicyBase defaults = {};  ///< those of the document over what they stand on
  Profiles profiles = {};
};

/// Reads a document. `file` is its name, for the errors. `default_region`: of services that are
/// named without a region; empty when it is not known, and then such a service may be the same as
/// one of any region.
/// `base`: what the document's own defaults stand on.
///
///   defaults: {mode: backlog, backlog_per_task: 10, tasks_max: 20}
///   profiles: {gpu: {tasks_max: 3}}
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

/// {"gpu": {"mode": "latency", "target_latency": 60, ..}, ..}, each over the defaults. `who` names
/// the object where settings are told by whom they were set. Errors: Malformed.
Result<Profiles> read_profiles(const json::Reader& object, const PolicyBase& defaults,
                               std::string_view who);

/// The document as read_fleet() takes it: each service with its whole policy, and where its
/// settings come from; defaults and profiles where accounts are searched, whose services stand on
/// them.
std::string fleet_json(const FleetDocument& document);

}  // namespace scaler
