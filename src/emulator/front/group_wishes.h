#pragma once
// The group of instances that an emulator is started with, and what may go wrong in groups.

#include <string>

#include "emulator/autoscaling/instance_types.h"
#include "emulator/ecs/ecs_places.h"
#include "emulator/front/emulator.h"
#include "ground/base/result.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// Its workers take from that queue; with a group it runs on EC2, and needs a GPU where there are
/// some.
std::string own_task_definition(const std::string& queue_url, const GroupOptions& group);

/// What `--instances` says of its type.
InstanceTypes own_types(const GroupOptions& group);

/// As many as most regions let an account use.
inline constexpr int kZones = 3;

/// The name of the group, of its launch configuration and of its capacity provider.
inline constexpr std::string_view kOwnGroup = "instances";

/// Makes them as a template would, over the API.
/// Errors: Malformed for what that refuses.
Result<void> make_group(const EmulatorOptions& options, ScalingGroupsApi& groups, EcsPlaces& ecs);
/// The service's tasks run on the group.
void place_on_group(world::ServiceDefinition& service, const world::TaskDefinition& definition);

/// {"group": .., and one or more of "no_capacity": a reason, empty when there is capacity again,
/// "unregistered": number of next instances that never register, "reclaim", "disconnect" and
/// "connect": an instance's id, "rebalance": true}.
/// Errors: Malformed.
Result<void> grant_group_wish(world::World& world, const std::string& text);

}  // namespace scaler::emulator
