#pragma once
// The fleet file: many services in one document, YAML or JSON.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"
#include "ground/json/value.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {

inline constexpr std::size_t kFleetMax = 10'000;  ///< services in a file

/// The services of a document. `file` is its name, for the errors. `default_region`: of services
/// that are named without a region; empty when it is not known, and then such a service may be the
/// same as one of any region.
/// `base`: what the document's own defaults stand on.
///
///   defaults: {mode: backlog, backlog_per_task: 10, tasks_max: 20}
///   services:
///     - cluster: production
///       service: thumbnails
///       queues: [https://sqs.eu-central-1.amazonaws.com/123456789012/thumbnails]
///       policy: {tasks_max: 50}
///
/// Errors: Malformed, all that is wrong at once, each with file, path, value and what would be
///         right; unknown members with the nearest known name.
Result<std::vector<ServiceSpec>> read_fleet(const json::Value& document, std::string_view file,
                                            std::string_view default_region = {},
                                            const PolicyBase& base = {});

/// A document of these services, as read_fleet() takes it: each with its whole policy, and where
/// its settings come from.
std::string fleet_json(std::span<const ServiceSpec> services);

}  // namespace scaler
