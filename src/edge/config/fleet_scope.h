#pragma once
// What a deployment scales, of its variables and a document together.

#include <span>

#include "edge/config/environment.h"
#include "wire/fleet.h"

namespace scaler {

/// Whether the services of a file leave the deployment's own queues alone.
/// Errors: Malformed, naming every job queue that is the queue of ticks, doorbell or shards.
Result<void> check_job_queues(const FleetConfig& config, std::span<const ServiceSpec> fleet);

/// What the deployment scales by the tags of services alone: FLEET=tags.
FleetScope scope_of_tags(const FleetConfig& config);
/// The same of a document: its services, and those that carry tags in its accounts. Where it has no
/// such account, there are no places.
FleetScope scope_of(const FleetConfig& config, FleetDocument document);

}  // namespace scaler
