#include <fmt/core.h>

#include "emulator/ecs/ecs_json.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/task_container.h"

// How ECS writes a task.

namespace scaler::emulator {
namespace {

using world::Task;
using world::TaskState;

std::string_view container_status(const Task& task) {
  if (task.state == TaskState::Stopped) {
    return "STOPPED";
  }
  return task.started_at ? "RUNNING" : "PENDING";
}

void write_if(json::Writer& writer, std::string_view name, std::string_view text) {
  if (!text.empty()) {
    writer.field(name, text);
  }
}

void write_containers(json::Writer& writer, const TaskView& view) {
  const Task& task = view.task;
  const std::string& cluster = view.service.definition().cluster;
  std::vector<TaskContainer> containers;
  if (view.definition != nullptr) {
    containers = containers_of(*view.definition, overrides_of(task));
  }
  const auto worker = worker_index(containers);
  writer.name("containers").begin_array();
  for (std::size_t i = 0; i < containers.size(); ++i) {
    const TaskContainer& container = containers[i];
    writer.begin_object()
        .field("containerArn", container_arn(view.region, cluster, task.id, i))
        .field("taskArn", task_arn(view.region, cluster, task.id))
        .field("name", container.name)
        .field("image", container.image)
        .field("lastStatus", container_status(task));
    if (task.started_at) {
      writer.field("runtimeId", fmt::format("{}-{}", task.id, i + 1));
    }
    if (task.exit_code && worker == i) {
      writer.field("exitCode", *task.exit_code);
    }
    writer.name("networkBindings").begin_array().end_array();
    writer.name("networkInterfaces").begin_array().end_array();
    writer.field("healthStatus", "UNKNOWN");
    write_if(writer, "cpu", container.cpu);
    write_if(writer, "memory", container.memory);
    writer.end_object();
  }
  writer.end_array();
}

void write_size(json::Writer& writer, const world::TaskDefinition& definition) {
  const Result<json::Value> document = json::parse(definition.document);
  for (const std::string_view name : {"cpu", "memory"}) {
    const json::Value* const value = document ? document->find(name) : nullptr;
    if (value != nullptr && !value->is_null()) {
      writer.field(name, *value);
    }
  }
}

void write_times(json::Writer& writer, const Task& task) {
  write_time(writer, "createdAt", task.created_at);
  for (const auto& [name, at] :
       {std::pair("startedAt", task.started_at), std::pair("stoppingAt", task.stopping_at),
        std::pair("stoppedAt", task.stopped_at),
        std::pair("executionStoppedAt", task.stopped_at)}) {
    if (at) {
      write_time(writer, name, *at);
    }
  }
}

}  // namespace

std::string_view desired_status(const Task& task) {
  return task.state < TaskState::Stopping ? "RUNNING" : "STOPPED";
}

std::string zone_name(std::string_view region, const Task& task) {
  return fmt::format("{}{}", region, static_cast<char>('a' + static_cast<int>(task.zone)));
}

void write_task(json::Writer& writer, const TaskView& view, WithTags with_tags) {
  const Task& task = view.task;
  const std::string& cluster = view.service.definition().cluster;
  writer.begin_object();
  writer.name("attachments").begin_array().end_array();
  writer.name("attributes").begin_array().end_array();
  writer.field("availabilityZone", zone_name(view.region, task))
      .field("clusterArn", cluster_arn(view.region, cluster));
  write_containers(writer, view);
  writer.field("taskArn", task_arn(view.region, cluster, task.id))
      .field("taskDefinitionArn", task_definition_arn(view.region, task.task_definition))
      .field("group", task.group)
      .field("lastStatus", to_string(task.state))
      .field("desiredStatus", desired_status(task))
      .field("launchType", task.launch_type)
      .field("version", 1);
  write_if(writer, "startedBy", task.started_by);
  write_if(writer, "capacityProviderName", task.capacity_provider);
  if (!task.container_instance.empty()) {
    writer.field("containerInstanceArn",
                 container_instance_arn(view.region, cluster, task.container_instance));
  }
  write_shown(writer, task.shown, "overrides",
              R"({"containerOverrides":[],"inferenceAcceleratorOverrides":[]})");
  write_shown(writer, task.shown, "enableExecuteCommand", "false");
  if (view.definition != nullptr) {
    write_size(writer, *view.definition);
  }
  if (task.launch_type == "FARGATE") {
    writer.field("platformVersion", "1.4.0").field("platformFamily", "Linux");
  }
  write_times(writer, task);
  if (task.stopping_at) {
    writer.field("stopCode", to_string(task.stop_code)).field("stoppedReason", task.stopped_reason);
  }
  if (with_tags == WithTags::Yes) {
    write_tags(writer, task.tags);
  }
  writer.end_object();
}

}  // namespace scaler::emulator
