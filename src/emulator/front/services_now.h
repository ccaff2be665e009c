#pragma once
// The services of the world, each with the queue that its workers take from: what a page shows.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/world/world.h"

namespace scaler::emulator {

struct ServiceNow {
  std::string cluster = {};
  std::string service = {};
  std::optional<QueueDepth> depth = {};  ///< nothing: no queue of its is known
  std::int64_t desired = 0;
  std::int64_t running = 0;
  std::int64_t pending = 0;
  std::optional<std::int64_t> instances = {};  ///< nothing: its tasks are placed on none
};

struct ServiceName {
  std::string cluster = {};
  std::string service = {};
};

/// `own` takes from `queue` also where its workers run elsewhere.
std::vector<ServiceNow> services_now(const world::World& world, const ServiceName& own,
                                     const std::string& queue);

}  // namespace scaler::emulator
