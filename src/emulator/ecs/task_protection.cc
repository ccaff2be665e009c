#include "emulator/ecs/task_protection.h"

#include <optional>

namespace scaler::emulator {

std::string_view ask_protection(world::World& world, world::Service& service, world::Task& task,
                                const ProtectionWish& wish) {
  const bool of_service = service.definition().upkeep == world::Upkeep::Wanted;
  if (task.state != world::TaskState::Running || !of_service) {
    return "TASK_NOT_VALID";
  }
  const bool one_more = wish.enabled && !task.protected_until;
  if (one_more && service.protected_tasks() >= service.desired()) {
    return "DEPLOYMENT_BLOCKED";
  }
  std::optional<Instant> until;
  if (wish.enabled) {
    until = world.now() + std::chrono::minutes(wish.minutes);
  }
  world.protect(service, task, until);
  return "";
}

}  // namespace scaler::emulator
