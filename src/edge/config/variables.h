#pragma once
// The names of the variables, for those files of this folder that read or explain them.

#include <array>
#include <string_view>

#include "scaler/core/names.h"

namespace scaler {

inline constexpr std::string_view kThreshold = "SCALE_DOWN_THRESHOLD";
inline constexpr std::string_view kTickQueue = "TICK_QUEUE_URL";
inline constexpr std::string_view kTickSeconds = "TICK_SECONDS";
inline constexpr std::string_view kScheduleSeconds = "SCHEDULE_SECONDS";
inline constexpr std::string_view kFleet = "FLEET";
inline constexpr std::string_view kFleetTasksMax = "FLEET_TASKS_MAX";
inline constexpr std::string_view kFleetQueues = "FLEET_QUEUES";
inline constexpr std::string_view kFleetClusters = "FLEET_CLUSTERS";
inline constexpr std::string_view kFleetProfiles = "FLEET_PROFILES";
inline constexpr std::string_view kFleetAccounts = "FLEET_ACCOUNTS";
inline constexpr std::string_view kShardQueue = "FLEET_SHARD_QUEUE_URL";
inline constexpr std::string_view kShardSize = "FLEET_SHARD_SERVICES";
inline constexpr std::string_view kDoorbell = "DOORBELL_QUEUE_URL";
inline constexpr std::string_view kLambdaLogLevel = "AWS_LAMBDA_LOG_LEVEL";
inline constexpr std::string_view kLogLevels = "TRACE|DEBUG|INFO|WARN|ERROR|FATAL";

struct RequiredVariable {
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array kRequired{
    RequiredVariable{"SQS_QUEUE_URL",
                     "the URL or ARN of the job queue, such as "
                     "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"},
    RequiredVariable{"ECS_CLUSTER_NAME", kClusterMeaning},
    RequiredVariable{"ECS_SERVICE_NAME", kServiceMeaning},
};

}  // namespace scaler
