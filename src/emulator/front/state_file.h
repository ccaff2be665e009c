#pragma once
// The world's queues as the text of a file, so that they survive a restart of the emulator.

#include <cstdint>
#include <string>

#include "ground/base/file_lock.h"
#include "ground/base/result.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// Makes the folder where it is missing, and holds it: two emulators would each write all that they
/// know over what the other one wrote.
/// Errors: Unavailable, naming the folder and the process that holds it.
Result<FileLock> take_state_folder(const std::string& folder);

/// Sums up every change of any queue: as long as it stays, there is nothing to save.
std::uint64_t queues_revision(const world::World& world);

/// `processed` is how many messages workers have processed so far.
std::string write_state(const world::World& world, std::int64_t processed);

/// Brings the queues of the text into a world without queues; the processed messages.
/// Errors: Malformed.
Result<std::int64_t> read_state(std::string_view text, world::World& world);

}  // namespace scaler::emulator
