#pragma once
// What a queue, a cluster and a service may be called; environment and fleet file agree on it.

#include <string_view>

namespace scaler {

/// "https://host/account/name": what SQS gives out, and what the emulators do.
bool is_queue_url(std::string_view url);

/// An ECS name (letters, digits, - and _, up to 255) or an ARN.
bool is_ecs_name(std::string_view text);

/// What such a setting must be, for error messages.
inline constexpr std::string_view kQueueUrlMeaning =
    "the URL of the job queue, such as https://sqs.eu-central-1.amazonaws.com/123456789012/jobs";
inline constexpr std::string_view kClusterMeaning = "the name or ARN of the ECS cluster";
inline constexpr std::string_view kServiceMeaning = "the name or ARN of the ECS service";

}  // namespace scaler
