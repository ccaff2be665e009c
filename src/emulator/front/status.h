#pragma once
// The emulator's own pages as JSON: the state of the world and its history.

#include <cstdint>
#include <string>
#include <string_view>

#include "emulator/front/aws_front.h"
#include "emulator/lambda/lambda_host.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// What a status speaks about.
struct StatusSubject {
  const world::World& world;
  const world::Queue* queue = nullptr;      ///< the job queue; nullptr when it was deleted
  const world::Service* service = nullptr;  ///< the service whose workers take from it
  std::int64_t processed_before = 0;        ///< messages processed before the last restart
  /// Otherwise whatever was deleted from the job queue, but by mappings, was processed.
  bool emulated_workers = true;
  const CallCounts& calls;
  const LambdaHost* lambda = nullptr;
};

std::string write_status(const StatusSubject& subject);

/// {"events":[...],"last":N}: the history after number `after`.
std::string write_events(const world::World& world, std::uint64_t after);

}  // namespace scaler::emulator
