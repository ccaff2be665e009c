#pragma once
// The world's queues as the text of a file, so that they survive a restart of the emulator.

#include <cstdint>
#include <string>

#include "ground/base/result.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// Sums up every change of any queue: as long as it stays, there is nothing to save.
std::uint64_t queues_revision(const world::World& world);

/// `processed` is how many messages workers have processed so far.
std::string write_state(const world::World& world, std::int64_t processed);

/// Brings the queues of the text into a world without queues; the processed messages.
/// Errors: Malformed.
Result<std::int64_t> read_state(std::string_view text, world::World& world);

}  // namespace scaler::emulator
