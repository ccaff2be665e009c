#pragma once
// Task scale-in protection as ECS grants it, whoever asks: UpdateTaskProtection, or the task itself
// at its agent.

#include <cstdint>
#include <string_view>

#include "lab/world/world.h"

namespace scaler::emulator {

inline constexpr std::int64_t kProtectionMinutes = 120;  ///< unless it is told
inline constexpr std::int64_t kProtectionMinutesMax = 2880;

struct ProtectionWish {
  bool enabled = false;
  std::int64_t minutes = kProtectionMinutes;  ///< from 1 to kProtectionMinutesMax
};

/// Grants the wish: empty; or ECS's reason why not: TASK_NOT_VALID when the task does not run or is
/// of no service, DEPLOYMENT_BLOCKED when more tasks would be protected than are desired. The end
/// of a protection may stop the task at once: it is then none of service.tasks() any more.
std::string_view ask_protection(world::World& world, world::Service& service, world::Task& task,
                                const ProtectionWish& wish);

}  // namespace scaler::emulator
