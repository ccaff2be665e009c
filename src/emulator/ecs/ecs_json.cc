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
using world::Task;
using world::TaskState;

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

void write_deployment(json::Writer& writer, const Service& service, const Deployment& deployment,
                      std::string_view region) {
  writer.begin_object()
      .field("id", deployment.id)
      .field("status", deployment.primary ? "PRIMARY" : "ACTIVE")
      .field("taskDefinition", task_definition_arn(region, deployment.task_definition))
      .field("desiredCount", deployment.primary ? service.desired() : 0)
      .field("pendingCount", service.pending(deployment))
      .field("runningCount", service.running(deployment))
      .field("failedTasks", 0);
  write_time(writer, "createdAt", deployment.created_at);
  write_time(writer, "updatedAt", deployment.updated_at);
  writer.field("launchType", service.definition().launch_type)
      .field("rolloutState", deployment.completed ? "COMPLETED" : "IN_PROGRESS")
      .field("rolloutStateReason", fmt::format("ECS deployment {} {}.", deployment.id,
                                               deployment.completed ? "completed" : "in progress"))
      .end_object();
}

void write_deployments(json::Writer& writer, const Service& service, std::string_view region) {
  writer.name("deployments").begin_array();
  // A deleted service has none any more.
  if (service.status() != ServiceStatus::Inactive) {
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

/// Its one container, once it has run.
void write_containers(json::Writer& writer, const Task& task, std::string_view arn) {
  writer.name("containers").begin_array();
  if (task.started_at) {
    writer.begin_object()
        .field("name", "worker")
        .field("taskArn", arn)
        .field("lastStatus", to_string(task.state));
    if (task.exit_code) {
      writer.field("exitCode", *task.exit_code);
    }
    writer.end_object();
  }
  writer.end_array();
}

}  // namespace

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

void write_service(json::Writer& writer, const Service& service, std::string_view region,
                   WithTags with_tags) {
  const world::ServiceDefinition& definition = service.definition();
  const bool daemon = definition.scheduling == SchedulingStrategy::Daemon;
  writer.begin_object()
      .field("serviceArn", service_arn(region, definition.cluster, definition.name))
      .field("serviceName", definition.name)
      .field("clusterArn", cluster_arn(region, definition.cluster));
  write_empty_lists(writer, {"loadBalancers", "serviceRegistries"});
  writer.field("status", status_text(service.status()))
      .field("desiredCount", service.desired())
      .field("runningCount", service.running())
      .field("pendingCount", service.pending())
      .field("launchType", definition.launch_type)
      .field("taskDefinition", task_definition_arn(region, definition.task_definition));
  writer.name("deploymentConfiguration")
      .begin_object()
      .field("maximumPercent", 200)
      .field("minimumHealthyPercent", 100)
      .end_object();
  write_deployments(writer, service, region);
  write_events(writer, service);
  write_time(writer, "createdAt", service.created_at());
  write_empty_lists(writer, {"placementConstraints", "placementStrategy"});
  writer.field("schedulingStrategy", daemon ? "DAEMON" : "REPLICA");
  writer.name("deploymentController").begin_object().field("type", "ECS").end_object();
  writer.field("availabilityZoneRebalancing", definition.zone_rebalancing);
  if (with_tags == WithTags::Yes && !service.tags().empty()) {
    write_tags(writer, service.tags());
  }
  writer.field("createdBy", fmt::format("arn:aws:iam::{}:root", kAccount))
      .field("enableECSManagedTags", false)
      .field("propagateTags", "NONE")
      .field("enableExecuteCommand", false)
      .end_object();
}

std::string_view desired_status(const Task& task) {
  return task.state < TaskState::Stopping ? "RUNNING" : "STOPPED";
}

void write_task(json::Writer& writer, const Service& service, const Task& task,
                std::string_view region) {
  const world::ServiceDefinition& definition = service.definition();
  writer.begin_object();
  write_empty_lists(writer, {"attachments", "attributes"});
  write_containers(writer, task, task_arn(region, definition.cluster, task.id));
  writer.field("clusterArn", cluster_arn(region, definition.cluster))
      .field("taskArn", task_arn(region, definition.cluster, task.id))
      .field("taskDefinitionArn", task_definition_arn(region, task.task_definition))
      .field("group", fmt::format("service:{}", definition.name))
      .field("startedBy", task.deployment)
      .field("lastStatus", to_string(task.state))
      .field("desiredStatus", desired_status(task))
      .field("launchType", definition.launch_type)
      .field("version", 1);
  write_time(writer, "createdAt", task.created_at);
  write_optional_time(writer, "startedAt", task.started_at);
  write_optional_time(writer, "stoppingAt", task.stopping_at);
  write_optional_time(writer, "stoppedAt", task.stopped_at);
  if (task.stopping_at) {
    writer.field("stopCode", to_string(task.stop_code)).field("stoppedReason", task.stopped_reason);
  }
  writer.end_object();
}

void write_cluster(json::Writer& writer, const world::Cluster& cluster, std::string_view region,
                   WithTags with_tags) {
  std::int64_t running = 0;
  std::int64_t pending = 0;
  std::int64_t active = 0;
  for (const auto& [name, service] : cluster.services) {
    running += service->running();
    pending += service->pending();
    active += service->status() == ServiceStatus::Active ? 1 : 0;
  }
  writer.begin_object()
      .field("clusterArn", cluster_arn(region, cluster.name))
      .field("clusterName", cluster.name)
      .field("status", "ACTIVE")
      .field("registeredContainerInstancesCount", 0)
      .field("runningTasksCount", running)
      .field("pendingTasksCount", pending)
      .field("activeServicesCount", active);
  write_empty_lists(
      writer, {"statistics", "settings", "capacityProviders", "defaultCapacityProviderStrategy"});
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
      .field("status", "ACTIVE");
  write_time(writer, "registeredAt", definition.registered_at);
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
