#include "scaler/core/instance_room.h"

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <string>

#include "scaler/core/arithmetic.h"

namespace scaler {
namespace {

std::int64_t times(std::int64_t left, std::int64_t need) {
  return need <= 0 ? std::numeric_limits<std::int64_t>::max()
                   : std::max<std::int64_t>(left, 0) / need;
}

}  // namespace

TaskNeed worst_of(const TaskNeed& a, const TaskNeed& b) {
  TaskNeed worst{.cpu = std::max(a.cpu, b.cpu),
                 .memory = std::max(a.memory, b.memory),
                 .gpus = std::max(a.gpus, b.gpus),
                 .ports = a.ports};
  worst.ports.insert(worst.ports.end(), b.ports.begin(), b.ports.end());
  return worst;
}

std::int64_t InstanceSpace::fitting(const TaskNeed& need) const {
  const bool port_taken = std::ranges::any_of(need.ports, [this](const HostPort& port) {
    return std::ranges::find(room.taken, port) != room.taken.end();
  });
  if (port_taken) {
    return 0;
  }
  const std::int64_t by_size = std::min({times(room.cpu, need.cpu), times(room.memory, need.memory),
                                         times(room.gpus, need.gpus), tasks_left});
  return need.ports.empty() ? by_size : std::min<std::int64_t>(by_size, 1);
}

void InstanceSpace::take(const TaskNeed& need, std::int64_t tasks) {
  room.cpu -= need.cpu * tasks;
  room.memory -= need.memory * tasks;
  room.gpus -= need.gpus * tasks;
  tasks_left -= tasks;
  room.taken.insert(room.taken.end(), need.ports.begin(), need.ports.end());
}

std::int64_t put(std::span<Unplaced> unplaced, InstanceSpace& place) {
  std::int64_t sum = 0;
  for (Unplaced& one : unplaced) {
    const std::int64_t tasks = std::clamp<std::int64_t>(place.fitting(one.need), 0, one.tasks);
    if (tasks > 0) {
      place.take(one.need, tasks);
      one.tasks -= tasks;
      sum += tasks;
    }
  }
  return sum;
}

std::int64_t tasks_in(std::span<const Unplaced> unplaced) {
  return std::accumulate(
      unplaced.begin(), unplaced.end(), std::int64_t{0},
      [](std::int64_t sum, const Unplaced& one) { return saturating_add(sum, one.tasks); });
}

std::vector<Room> shapes_of(std::span<const InstanceSeen> instances) {
  struct Shape {
    Room room = {};
    bool proven = false;  // By an instance that is empty.
  };
  std::map<std::string, Shape> by_type;
  for (const InstanceSeen& instance : instances) {
    if (instance.registration == Registration::None) {
      continue;
    }
    const bool proves = instance.empty() && instance.registration == Registration::Active;
    Shape& shape = by_type.try_emplace(instance.type, Shape{instance.registered}).first->second;
    if (proves && !shape.proven) {
      shape = {.room = instance.remaining, .proven = true};
    }
  }
  std::vector<Room> shapes;
  for (const auto& [type, shape] : by_type) {
    shapes.push_back(shape.room);
  }
  return shapes;
}

}  // namespace scaler
