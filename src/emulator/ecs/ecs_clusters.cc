#include <array>
#include <utility>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"

// The part of EcsApi that deals with clusters.

namespace scaler::emulator {
namespace {

using world::Cluster;

constexpr std::size_t kClustersPerDescribe = 100;
constexpr std::array<std::string_view, 5> kClusterShown{
    {"settings", "configuration", "capacityProviders", "defaultCapacityProviderStrategy",
     "serviceConnectDefaults"}};

std::string cluster_answer(const world::World& world, const Cluster& cluster,
                           const Caller& caller) {
  json::Writer writer;
  writer.begin_object().name("cluster");
  write_cluster(writer, {.world = world, .cluster = cluster, .region = caller.region},
                WithTags::Yes);
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace

EcsApi::Operations EcsApi::cluster_operations() {
  using enum FieldKind;
  return {
      {"CreateCluster",
       {{{"clusterName"},
         kTags,
         {"settings", Objects},
         {"configuration", Any},
         {"capacityProviders", Texts},
         {"defaultCapacityProviderStrategy", Objects},
         {"serviceConnectDefaults", Any}},
        &EcsApi::create_cluster}},
      {"UpdateCluster",
       {{kOfCluster,
         {"settings", Objects},
         {"configuration", Any},
         {"serviceConnectDefaults", Any}},
        &EcsApi::update_cluster}},
      {"UpdateClusterSettings",
       {{kOfCluster, {"settings", Objects, kNeeded}}, &EcsApi::update_cluster}},
      {"PutClusterCapacityProviders",
       {{kOfCluster,
         {"capacityProviders", Texts, kNeeded},
         {"defaultCapacityProviderStrategy", Objects, kNeeded}},
        &EcsApi::put_cluster_capacity_providers}},
      {"DeleteCluster", {{kOfCluster}, &EcsApi::delete_cluster}},
      {"DescribeClusters", {{{"clusters", Texts}, kInclude}, &EcsApi::describe_clusters}},
      {"ListClusters", {{kToken, kLimit}, &EcsApi::list_clusters}},
  };
}

ApiAnswer EcsApi::create_cluster(const Input& input, const Caller& caller) {
  const std::string_view name = input.has("clusterName") ? input.text("clusterName") : "default";
  if (!valid_ecs_name(name)) {
    return bad_parameter("Identifier must be 1 to 255 letters, numbers, hyphens, and underscores.");
  }
  Tags tags = TRY(with_tags({}, input));
  const std::string world_name = place_.world_name(name);
  const Cluster* const existing = world_.find_cluster(world_name);
  const bool fresh = existing == nullptr || !existing->active;
  Cluster& cluster = world_.create_cluster(world_name);
  if (fresh) {
    cluster.active = true;
    cluster.tags = std::move(tags);
    cluster.shown.clear();
    keep_shown(cluster.shown, input, kClusterShown);
    attach_groups();
  }
  return cluster_answer(world_, cluster, caller);
}

ApiAnswer EcsApi::update_cluster(const Input& input, const Caller& caller) {
  Cluster* const cluster = TRY(find_cluster(input));
  keep_shown(cluster->shown, input, kClusterShown);
  return cluster_answer(world_, *cluster, caller);
}

ApiAnswer EcsApi::put_cluster_capacity_providers(const Input& input, const Caller& caller) {
  Cluster* const cluster = TRY(find_cluster(input));
  const std::vector<std::string_view> names = input.texts("capacityProviders");
  for (const std::string_view name : names) {
    if (name != "FARGATE" && name != "FARGATE_SPOT" && !capacity_providers_.contains(name)) {
      return bad_parameter("The specified capacity provider was not found.");
    }
  }
  keep_shown(cluster->shown, input, kClusterShown);
  attach_groups();
  return cluster_answer(world_, *cluster, caller);
}

ApiAnswer EcsApi::delete_cluster(const Input& input, const Caller& caller) {
  Cluster* const cluster = TRY(find_cluster(input));
  for (const auto& [name, service] : cluster->services) {
    if (service->status() == ServiceStatus::Active) {
      return refuse("ClusterContainsServicesException",
                    "The Cluster cannot be deleted while Services are active.");
    }
  }
  for (const world::Service* const holder : cluster->task_holders()) {
    if (!holder->tasks().empty()) {
      return refuse("ClusterContainsTasksException",
                    "The Cluster cannot be deleted while Tasks are active.");
    }
  }
  if (!world_.instances_of(*cluster).empty()) {
    return refuse(
        "ClusterContainsContainerInstancesException",
        "The Cluster cannot be deleted while Container Instances are active or draining.");
  }
  cluster->active = false;
  return cluster_answer(world_, *cluster, caller);
}

ApiAnswer EcsApi::describe_clusters(const Input& input, const Caller& caller) {
  TRY(check_include(input, {"ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"}));
  std::vector<std::string_view> names = input.texts("clusters");
  if (names.empty()) {
    names.emplace_back("default");
  }
  TRY(check_size("Clusters", names.size(), kClustersPerDescribe));
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("clusters").begin_array();
  failures.begin_array();
  for (const std::string_view text : names) {
    if (const Cluster* const cluster = world_.find_cluster(place_.cluster(text))) {
      write_cluster(writer, {.world = world_, .cluster = *cluster, .region = caller.region},
                    wants_tags(input));
    } else {
      write_failure(failures,
                    text.starts_with("arn:") ? std::string(text)
                                             : cluster_arn(caller.region, place_.world_name(text)),
                    "MISSING");
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

// A deleted cluster stays discoverable for a while, as AWS says.
ApiAnswer EcsApi::list_clusters(const Input& input, const Caller& caller) {
  std::vector<std::string> arns;
  for (const auto& [name, cluster] : world_.clusters()) {
    if (place_.has(name)) {
      arns.push_back(cluster_arn(caller.region, name));
    }
  }
  return arn_page("clusterArns", std::move(arns), input, 100);
}

}  // namespace scaler::emulator
