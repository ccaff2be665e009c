#pragma once
// The event that an SQS mapping hands to its function.
// Source: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html

#include <span>
#include <string>
#include <string_view>

#include "lab/world/queue.h"

namespace scaler::emulator {

struct SqsEventSource {
  std::string_view queue_arn = {};
  std::string_view region = {};
};

/// {"Records":[...]}
std::string sqs_event(const SqsEventSource& source,
                      std::span<const world::ReceivedMessage> messages);

}  // namespace scaler::emulator
