#pragma once
// ScheduleRule: an EventBridge rule "rate(...)" whose target is the function. It has no clock and
// no timer: tick() does what is due at world.now().

#include <functional>
#include <string>

#include "ground/base/random.h"
#include "lab/world/world.h"

namespace scaler::emulator {

struct ScheduleIdentity {
  std::string rule = "ecs-scaler-schedule";
  std::string region = {};
  std::string account = {};
};

class ScheduleRule {
 public:
  /// `send` hands an event to the function asynchronously. The first event comes one interval from
  /// now, as with AWS; an interval of zero never comes.
  ScheduleRule(world::World& world, ScheduleIdentity identity, Duration interval,
               std::function<void(std::string event)> send, std::uint64_t seed);

  /// Sends one event when one is due, however many intervals have passed.
  void tick();
  std::int64_t sent() const { return sent_; }

 private:
  std::string event();

  world::World& world_;
  ScheduleIdentity identity_;
  Duration interval_;
  std::function<void(std::string event)> send_;
  Random random_;
  Instant due_;
  std::int64_t sent_ = 0;
};

}  // namespace scaler::emulator
