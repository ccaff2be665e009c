#pragma once
// What senders tell of messages for a FIFO queue, and what they are told.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "lab/world/queue.h"

namespace scaler::emulator {

/// The group and deduplication id of a send to such a queue; nullptr for a standard queue.
/// Errors: InvalidParameterValue, MissingParameter.
ApiResult<std::shared_ptr<const world::FifoMark>> check_fifo(
    const Input& message, const std::optional<world::FifoSettings>& settings);

/// 20 digits; the later message of a queue has the higher one.
std::string sequence_number(std::uint64_t sequence);

}  // namespace scaler::emulator
