#pragma once
// Attributes of a queue that are checked, kept and told, and have no effect here: policies,
// encryption, the throughput of a FIFO queue.

#include <map>
#include <string>
#include <string_view>

#include "emulator/request/aws_request.h"
#include "ground/json/writer.h"
#include "lab/world/queue.h"

namespace scaler::emulator {

/// InvalidAttributeValue, in SQS's words.
std::unexpected<ApiError> bad_value(std::string_view name, std::string_view value,
                                    std::string_view reason);

/// Whether a queue of these settings has such an attribute.
bool is_kept(std::string_view name, const world::QueueSettings& settings);

/// Keeps the attribute; an empty text removes what may be missing.
/// Errors: InvalidAttributeValue.
ApiResult<void> keep(world::QueueSettings& settings, std::string_view name, std::string_view value);

/// Settles what the attributes mean together, after all of a request have been kept.
/// Errors: InvalidAttributeName, InvalidAttributeValue.
ApiResult<void> check_together(world::QueueSettings& settings, bool sse_asked_for);

/// Writes the attribute, unless the queue goes without.
void write_kept(json::Writer& writer, std::string_view name, const world::QueueSettings& settings);
void write_all_kept(json::Writer& writer, const world::QueueSettings& settings);

/// Which of these attributes differs first, or nothing.
std::string_view different_kept(const world::QueueSettings& a, const world::QueueSettings& b);

}  // namespace scaler::emulator
