#pragma once
// SQS's queue attributes, which are all text on the wire, and a queue's settings.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "emulator/request/places.h"
#include "ground/json/writer.h"
#include "lab/world/queue.h"

namespace scaler::emulator {

/// Finds a queue by its ARN, for the caller: in the same region; nullptr when there is none.
using FindByArn = std::function<const world::Queue*(std::string_view arn)>;

/// `settings` with the Attributes of a CreateQueue or SetQueueAttributes.
/// Errors: InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue.
ApiResult<world::QueueSettings> change_settings(world::QueueSettings settings, const Input& input,
                                                const world::Queue* queue, const FindByArn& find);

/// Which of the two settings' attributes differs first, or nothing.
std::string_view different_attribute(const world::QueueSettings& a, const world::QueueSettings& b);

/// Writes the object of the attributes with these names ("All" for every one).
/// Errors: InvalidAttributeName.
ApiResult<void> write_attributes(json::Writer& writer, const world::Queue& queue,
                                 const std::vector<std::string_view>& names,
                                 const WorldPlaces& places, Instant now);

}  // namespace scaler::emulator
