#pragma once
// Names and ARNs of ECS. Requests name a cluster, service, task or task definition by either; the
// world knows names only, so that one world can be called in any region.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/request/aws_request.h"

namespace scaler::emulator {

std::string cluster_arn(std::string_view region, std::string_view cluster);
std::string service_arn(std::string_view region, std::string_view cluster,
                        std::string_view service);
std::string task_arn(std::string_view region, std::string_view cluster, std::string_view task);
/// Without the container's own identifier.
std::string container_arn(std::string_view region, std::string_view cluster, std::string_view task);
/// `id` is "ecs-svc/<digits>".
std::string task_set_arn(std::string_view region, std::string_view cluster,
                         std::string_view service, std::string_view id);
std::string container_instance_arn(std::string_view region, std::string_view cluster,
                                   std::string_view instance);
std::string capacity_provider_arn(std::string_view region, std::string_view name);
/// `name` is "family:revision".
std::string task_definition_arn(std::string_view region, std::string_view name);

/// The part of an ECS ARN of this account that follows "<type>/", or nothing when it is no such
/// ARN.
std::optional<std::string_view> arn_rest(std::string_view arn, std::string_view type);

/// The cluster's name in a name or an ARN; "default" for an empty text.
std::string_view cluster_name(std::string_view text);
/// The last part of a name or an ARN "<type>/<cluster>/<name>". An ARN of another cluster is no
/// name at all: nothing.
std::optional<std::string_view> name_in_cluster(std::string_view text, std::string_view type,
                                                std::string_view cluster);

struct TaskDefinitionName {
  std::string_view family = {};
  std::int64_t revision = 0;  ///< 0: the latest
};
/// From "family", "family:revision" or an ARN; nothing when the revision is no number.
std::optional<TaskDefinitionName> task_definition_name(std::string_view text);

/// "family:revision"
std::string revision_name(std::string_view family, std::int64_t revision);

/// Letters, digits, hyphens and underscores, 1 to 255 of them: a cluster, service or family.
bool valid_ecs_name(std::string_view name);

}  // namespace scaler::emulator
