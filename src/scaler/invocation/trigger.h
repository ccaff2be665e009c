#pragma once
// What called, and what it may ask of another invocation.

#include <string_view>

#include "scaler/fleet/shard.h"

namespace scaler {

enum class Trigger {
  Schedule,  ///< full pass; switches the wake mapping and sends the ticks
  Tick,      ///< full pass between two of the schedule
  Doorbell,  ///< a producer says that it sent something; scale-out only
  Wake,    ///< messages of the job queue itself, while at zero; scale-out only, all are given back
  Manual,  ///< a person; full pass, or a dry run
  Shard    ///< one of the first three, over a part of the fleet
};
/// "schedule", "tick", "doorbell", "wake", "manual", "shard".
std::string_view to_string(Trigger trigger);

/// What one invocation asks another one to do: the pass of a shard. It harms nothing when it is
/// lost, or done twice.
struct ShardOrder {
  Shard shard = {};
  Instant at = {};                 ///< when it was given
  Trigger by = Trigger::Schedule;  ///< what for: Schedule, Tick or Doorbell
  bool operator==(const ShardOrder&) const = default;
};

}  // namespace scaler
