#pragma once
// How many tasks an instance has room for. ECS places where it likes; the counts here are those
// that hold wherever it does.

#include <cstdint>
#include <span>
#include <vector>

#include "scaler/core/instances.h"

namespace scaler {

/// Room for tasks of whatever kind, on one instance.
struct InstanceSpace {
  Room room = {};
  std::int64_t tasks_left = 0;  ///< by InstancePolicy::tasks_most

  /// How many more of these tasks fit.
  std::int64_t fitting(const TaskNeed& need) const;
  void take(const TaskNeed& need, std::int64_t tasks);
};

/// So many tasks that have no place.
struct Unplaced {
  TaskNeed need = {};
  std::int64_t tasks = 0;
};

/// Puts as many as fit and leaves the rest in `unplaced`. How many tasks were put.
std::int64_t put(std::span<Unplaced> unplaced, InstanceSpace& place);

std::int64_t tasks_in(std::span<const Unplaced> unplaced);

/// What new instances may be, one for each type that was seen: what an empty one has left, which is
/// without the tasks of DAEMON services, or else what one has registered with.
std::vector<Room> shapes_of(std::span<const InstanceSeen> instances);

}  // namespace scaler
