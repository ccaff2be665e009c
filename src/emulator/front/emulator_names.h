#pragma once
// The names that an emulator is started with.

#include <string>
#include <string_view>

#include "emulator/front/emulator.h"
#include "ground/base/result.h"
#include "lab/world/queue.h"

namespace scaler::emulator {

/// The job queue's dead-letter queue: "jobs-dlq", of a FIFO queue "jobs-dlq.fifo".
std::string dead_letter_name(const std::string& queue);

/// What a queue of this name is made with. One that is FIFO also takes messages that bring no id to
/// tell repetitions by.
world::QueueSettings settings_of_name(std::string_view queue);

/// Errors: Malformed for a name that AWS refuses, or that two of the queues have.
Result<void> check_names(const EmulatorOptions& options);

}  // namespace scaler::emulator
