#include "emulator/ecs/ecs_json.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_names.h"
#include "ground/json/value.h"

namespace scaler::emulator {
namespace {

using world::Deployment;
using world::Service;

std::string_view status_text(ServiceStatus status) {
  switch (status) {
    case ServiceStatus::Active:
      return "ACTIVE";
    case ServiceStatus::Draining:
      return "DRAINING";
    case ServiceStatus::Inactive:
      return "INACTIVE";
  }
  std::unreachable();
}

void write_empty_lists(json::Writer& writer, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    writer.name(name).begin_array().end_array();
  }
}

void write_optional_time(json::Writer& writer, std::string_view name,
                         const std::optional<Instant>& at) {
  if (at) {
    write_time(writer, name, *at);
  }
}

/// By a launch type or by a strategy of capacity providers, never by both.
void write_launch(json::Writer& writer, const world::ServiceDefinition& definition) {
  const auto strategy = definition.shown.find("capacityProviderStrategy");
  if (strategy == definition.shown.end() || strategy->second == "[]") {
    writer.field("launchType", definition.launch_type);
  } else {
    writer.name("capacityProviderStrategy").raw(strategy->second);
  }
  const bool fargate = definition.launch_type == "FARGATE";
  write_shown(writer, definition.shown, "platformVersion", fargate ? R"("LATEST")" : "");
  if (fargate) {
    writer.field("platformFamily", "Linux");
  }
}

void write_deployment(json::Writer& writer, const Service& service, const Deployment& deployment,
                      std::string_view region) {
  writer.begin_object()
      .field("id", deployment.id)
      .field("status", deployment.primary ? "PRIMARY" : "ACTIVE")
      .field("taskDefinition", task_definition_arn(region, deployment.task_definition))
      .field("desiredCount", deployment.primary ? service.desired() : 0)
      .field("pendingCount", service.pending(deployment))
      .field("runningCount", service.running(deployment))
      .field("failedTasks", deployment.failed_tasks);
  write_time(writer, "createdAt", deployment.created_at);
  write_time(writer, "updatedAt", deployment.updated_at);
  write_launch(writer, service.definition());
  if (deployment.primary) {
    for (const std::string_view name : {"networkConfiguration", "serviceConnectConfiguration",
                                        "volumeConfigurations", "vpcLatticeConfigurations"}) {
      write_shown(writer, service.definition().shown, name);
    }
  }
  const std::string_view state = deployment.completed ? "completed" : "in progress";
  writer
      .field("rolloutState", deployment.failed      ? "FAILED"
                             : deployment.completed ? "COMPLETED"
                                                    : "IN_PROGRESS")
      .field("rolloutStateReason", deployment.reason.empty()
                                       ? fmt::format("ECS deployment {} {}.", deployment.id, state)
                                       : deployment.reason)
      .end_object();
}

void write_deployments(json::Writer& writer, const Service& service, std::string_view region) {
  writer.name("deployments").begin_array();
  // A deleted service has none any more, an externally deployed one has task sets.
  if (service.status() != ServiceStatus::Inactive &&
      service.definition().upkeep == world::Upkeep::Wanted) {
    for (const Deployment& deployment : service.deployments()) {
      write_deployment(writer, service, deployment, region);
    }
  }
  writer.end_array();
}

void write_events(json::Writer& writer, const Service& service) {
  writer.name("events").begin_array();
  for (const world::ServiceEvent& event : service.events()) {
    writer.begin_object().field("id", event.id);
    write_time(writer, "createdAt", event.at);
    writer.field("message", event.message).end_object();
  }
  writer.end_array();
}

void write_task_sets(json::Writer& writer, const EcsServiceView& view) {
  if (view.service.definition().upkeep == world::Upkeep::Single) {
    writer.name("taskSets").begin_array();
    for (const TaskSet& set : view.task_sets) {
      write_task_set(writer, view.service, set, view.region, WithTags::No);
    }
    writer.end_array();
  }
}

/// What the request says, over what holds without it.
void write_deployment_configuration(json::Writer& writer, const world::Shown& shown) {
  json::Object members{{"maximumPercent", json::Value(std::int64_t{200})},
                       {"minimumHealthyPercent", json::Value(std::int64_t{100})}};
  const auto found = shown.find("deploymentConfiguration");
  const Result<json::Value> asked = json::parse(found == shown.end() ? "{}" : found->second);
  const auto* asked_members = asked ? std::get_if<json::Object>(&asked->data()) : nullptr;
  for (const auto& [name, value] : asked_members == nullptr ? json::Object() : *asked_members) {
    std::erase_if(members, [&](const auto& member) { return member.first == name; });
    members.emplace_back(name, value);
  }
  writer.field("deploymentConfiguration", json::Value(std::move(members)));
}

}  // namespace

std::string_view to_string(world::TaskDefinitionStatus status) {
  switch (status) {
    case world::TaskDefinitionStatus::Active:
      return "ACTIVE";
    case world::TaskDefinitionStatus::Inactive:
      return "INACTIVE";
    case world::TaskDefinitionStatus::DeleteInProgress:
      return "DELETE_IN_PROGRESS";
  }
  std::unreachable();
}

void write_time(json::Writer& writer, std::string_view name, Instant at) {
  const std::int64_t milliseconds = at.time_since_epoch().count();
  writer.name(name).raw(fmt::format("{}.{:03}", milliseconds / 1000, milliseconds % 1000));
}

void write_tags(json::Writer& writer, const std::map<std::string, std::string>& tags) {
  writer.name("tags").begin_array();
  for (const auto& [key, value] : tags) {
    writer.begin_object().field("key", key).field("value", value).end_object();
  }
  writer.end_array();
}

void write_shown(json::Writer& writer, const world::Shown& shown, std::string_view name,
                 std::string_view otherwise) {
  const auto found = shown.find(name);
  if (found != shown.end() || !otherwise.empty()) {
    writer.name(name).raw(found == shown.end() ? otherwise : std::string_view(found->second));
  }
}

void write_service(json::Writer& writer, const EcsServiceView& view, WithTags with_tags) {
  const Service& service = view.service;
  const std::string_view region = view.region;
  const world::ServiceDefinition& definition = service.definition();
  const world::Shown& shown = definition.shown;
  const bool daemon = definition.scheduling == SchedulingStrategy::Daemon;
  writer.begin_object()
      .field("serviceArn", service_arn(region, definition.cluster, definition.name))
      .field("serviceName", definition.name)
      .field("clusterArn", cluster_arn(region, definition.cluster));
  write_shown(writer, shown, "loadBalancers", "[]");
  write_shown(writer, shown, "serviceRegistries", "[]");
  writer.field("status", status_text(service.status()))
      .field("desiredCount", service.desired())
      .field("runningCount", service.running())
      .field("pendingCount", service.pending());
  write_launch(writer, definition);
  if (!definition.task_definition.empty()) {
    writer.field("taskDefinition", task_definition_arn(region, definition.task_definition));
  }
  write_deployment_configuration(writer, shown);
  write_deployments(writer, service, region);
  write_shown(writer, shown, "roleArn");
  write_task_sets(writer, view);
  if (view.with_events == WithEvents::Yes) {
    write_events(writer, service);
  } else {
    write_empty_lists(writer, {"events"});
  }
  write_time(writer, "createdAt", service.created_at());
  write_shown(writer, shown, "placementConstraints", "[]");
  write_shown(writer, shown, "placementStrategy", "[]");
  write_shown(writer, shown, "networkConfiguration");
  write_shown(writer, shown, "healthCheckGracePeriodSeconds");
  writer.field("schedulingStrategy", daemon ? "DAEMON" : "REPLICA");
  write_shown(writer, shown, "deploymentController", R"({"type":"ECS"})");
  writer.field("availabilityZoneRebalancing", definition.zone_rebalancing);
  if (with_tags == WithTags::Yes) {
    write_tags(writer, service.tags());
  }
  writer.field("createdBy", fmt::format("arn:aws:iam::{}:root", account_in(definition.cluster)));
  write_shown(writer, shown, "enableECSManagedTags", "false");
  write_shown(writer, shown, "propagateTags", R"("NONE")");
  write_shown(writer, shown, "enableExecuteCommand", "false");
  writer.end_object();
}

void write_cluster(json::Writer& writer, const ClusterView& view, WithTags with_tags) {
  const world::Cluster& cluster = view.cluster;
  std::int64_t running = 0;
  std::int64_t pending = 0;
  std::int64_t active = 0;
  for (const Service* const holder : cluster.task_holders()) {
    running += holder->running();
    pending += holder->pending();
  }
  for (const auto& [name, service] : cluster.services) {
    active += service->status() == ServiceStatus::Active ? 1 : 0;
  }
  writer.begin_object()
      .field("clusterArn", cluster_arn(view.region, cluster.name))
      .field("clusterName", own_name(cluster.name))
      .field("status", cluster.active ? "ACTIVE" : "INACTIVE")
      .field("registeredContainerInstancesCount", std::ssize(view.world.instances_of(cluster)))
      .field("runningTasksCount", running)
      .field("pendingTasksCount", pending)
      .field("activeServicesCount", active);
  write_empty_lists(writer, {"statistics"});
  for (const std::string_view list :
       {"settings", "capacityProviders", "defaultCapacityProviderStrategy"}) {
    write_shown(writer, cluster.shown, list, "[]");
  }
  write_shown(writer, cluster.shown, "configuration");
  write_shown(writer, cluster.shown, "serviceConnectDefaults");
  if (with_tags == WithTags::Yes) {
    write_tags(writer, cluster.tags);
  }
  writer.end_object();
}

void write_task_definition(json::Writer& writer, const world::TaskDefinition& definition,
                           std::string_view region) {
  const std::string name = fmt::format("{}:{}", definition.family, definition.revision);
  writer.begin_object()
      .field("taskDefinitionArn", task_definition_arn(region, name))
      .field("revision", definition.revision)
      .field("status", to_string(definition.status));
  write_time(writer, "registeredAt", definition.registered_at);
  write_optional_time(writer, "deregisteredAt", definition.deregistered_at);
  const Result<json::Value> document = json::parse(definition.document);
  const auto* members = document ? std::get_if<json::Object>(&document->data()) : nullptr;
  if (members != nullptr) {
    for (const auto& [member, value] : *members) {
      if (member != "tags" && !value.is_null()) {
        writer.field(member, value);
      }
    }
    for (const std::string_view list : {"volumes", "placementConstraints"}) {
      if (document->find(list) == nullptr) {
        write_empty_lists(writer, {list});
      }
    }
  }
  writer.end_object();
}

void write_failure(json::Writer& writer, std::string_view arn, std::string_view reason) {
  writer.begin_object().field("arn", arn).field("reason", reason).end_object();
}

}  // namespace scaler::emulator
