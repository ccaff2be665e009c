#pragma once
// Names and ARNs of ECS. Requests name a cluster, service, task or task definition by either; the
// world knows names only. Those of clusters and task definitions say their account and region there
// (WorldPlaces); ARNs are made of such a name and the region in which it is.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/request/places.h"

namespace scaler::emulator {

std::string cluster_arn(std::string_view region, std::string_view cluster);
std::string service_arn(std::string_view region, std::string_view cluster,
                        std::string_view service);
std::string task_arn(std::string_view region, std::string_view cluster, std::string_view task);
/// Of one of the task's containers, whose ids are in the shape of a UUID.
std::string container_arn(std::string_view region, std::string_view cluster, std::string_view task,
                          std::size_t index);
/// `id` is "ecs-svc/<digits>".
std::string task_set_arn(std::string_view region, std::string_view cluster,
                         std::string_view service, std::string_view id);
std::string container_instance_arn(std::string_view region, std::string_view cluster,
                                   std::string_view instance);
std::string capacity_provider_arn(std::string_view region, std::string_view name);
/// `name` is "family:revision".
std::string task_definition_arn(std::string_view region, std::string_view name);

struct TaskDefinitionName {
  std::string family = {};
  std::int64_t revision = 0;  ///< 0: the latest
};
/// From "family" or "family:revision"; nothing when the revision is no number.
std::optional<TaskDefinitionName> task_definition_name(std::string_view text);

/// An account's ECS in a region: what the names and ARNs of its requests mean in the world.
class EcsPlace {
 public:
  EcsPlace(WorldPlaces places, std::string account, std::string region)
      : places_(std::move(places)), account_(std::move(account)), region_(std::move(region)) {}

  const std::string& account() const { return account_; }
  const std::string& region() const { return region_; }
  const WorldPlaces& places() const { return places_; }
  std::string world_name(std::string_view name) const {
    return places_.world_name(account_, region_, name);
  }
  /// Whether what the world has by that name is in this place.
  bool has(std::string_view world_name) const;

  /// The part of an ECS ARN of this place that follows "<type>/", or nothing when it is no such
  /// ARN.
  std::optional<std::string_view> arn_rest(std::string_view arn, std::string_view type) const;
  /// In the world, of a name or an ARN; that of "default" for an empty text.
  std::string cluster(std::string_view text) const;
  /// The last part of a name or an ARN "<type>/<cluster>/<name>", or of one of the short form,
  /// "<type>/<name>". An ARN of another cluster is no name at all: nothing.
  std::optional<std::string_view> name_in_cluster(std::string_view text, std::string_view type,
                                                  std::string_view cluster) const;
  /// In the world, from "family", "family:revision" or an ARN.
  std::optional<TaskDefinitionName> task_definition(std::string_view text) const;
  /// In the world, of a queue's URL or its name: a worker asks the SQS of its own region.
  std::string queue_of(std::string_view url) const;

 private:
  std::string own(std::string_view name) const;

  WorldPlaces places_;
  std::string account_;
  std::string region_;
};

/// "family:revision"
std::string revision_name(std::string_view family, std::int64_t revision);

/// Letters, digits, hyphens and underscores, 1 to 255 of them: a cluster, service or family.
bool valid_ecs_name(std::string_view name);

}  // namespace scaler::emulator
