#pragma once
// What the rules for instances work on: the instances by what they are good for, the tasks without
// a place, and the decision so far.

#include <cstdint>
#include <vector>

#include "scaler/core/instance_room.h"
#include "scaler/core/instances.h"

namespace scaler {

/// What an instance is good for.
enum class InstanceUse {
  Open,      ///< ECS places tasks on it
  Drained,   ///< by this program
  Recalled,  ///< by this program, after it drained it
  Coming,    ///< it starts
  Useless,   ///< drained by others, or its agent is silent, or it never registered
  Leaving,   ///< the group counts it no more
};

struct InstanceMember {
  const InstanceSeen* seen = nullptr;
  InstanceUse use = InstanceUse::Useless;
  bool kept = false;  ///< it has tasks, or is to get some
};

struct InstanceContext {
  const InstancePolicy& policy;
  const GroupSeen& group;
  std::vector<InstanceMember> members = {};
  std::vector<Unplaced> unplaced = {};
  std::vector<Room> shapes = {};
  std::int64_t lowest = 0;   ///< instances, by the bounds
  std::int64_t desired = 0;  ///< the group's, after what was decided so far
  InstanceDecision decision = {};

  void tell(InstanceStep step);
  void tell_once(InstanceStep step);
  void act(InstanceAction action);
  std::int64_t count(InstanceUse use) const;
  /// Instances that stay when those that are drained have ended.
  std::int64_t staying() const { return desired - count(InstanceUse::Drained); }
  /// Those that the group is still to start.
  std::int64_t missing() const;
  std::int64_t coming() const { return count(InstanceUse::Coming) + missing(); }
  InstanceSpace place_of(const Room& room, std::int64_t tasks) const;
  /// Puts tasks without a place onto the instance; how many.
  std::int64_t put_on(const InstanceSeen& instance);
};

InstanceContext context_of(const InstancePolicy& policy, const GroupSeen& group);

}  // namespace scaler
