#pragma once
// How ECS writes its things: services, tasks, clusters, task definitions, tags.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "emulator/request/aws_request.h"
#include "ground/json/writer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// A time as ECS writes it: seconds since 1970 with milliseconds.
void write_time(json::Writer& writer, std::string_view name, Instant at);

/// The field as the request had it, else `otherwise`; nothing when that is empty, too.
void write_shown(json::Writer& writer, const world::Shown& shown, std::string_view name,
                 std::string_view otherwise = "");

enum class WithTags { No, Yes };
void write_tags(json::Writer& writer, const std::map<std::string, std::string>& tags);
/// A share of an externally deployed service's tasks.
struct TaskSet {
  std::string id = {};  ///< "ecs-svc/<digits>"
  std::string task_definition = {};
  std::string launch_type = {};
  double scale = 0;  ///< percent
  bool primary = false;
  Instant created_at = {};
  Instant updated_at = {};
  std::map<std::string, std::string> tags = {};
  world::Shown shown = {};
};
void write_task_set(json::Writer& writer, const world::Service& service, const TaskSet& set,
                    std::string_view region, WithTags with_tags);

enum class WithEvents { No, Yes };
struct EcsServiceView {
  const world::Service& service;
  std::string_view region = {};
  std::span<const TaskSet> task_sets = {};
  WithEvents with_events = WithEvents::Yes;
};
void write_service(json::Writer& writer, const EcsServiceView& view, WithTags with_tags);
struct TaskView {
  const world::Service& service;
  const world::Task& task;
  const world::TaskDefinition* definition = nullptr;  ///< nullptr when it is unknown
  std::string_view region = {};
};
void write_task(json::Writer& writer, const TaskView& view, WithTags with_tags);
struct ClusterView {
  const world::World& world;
  const world::Cluster& cluster;
  std::string_view region = {};
};
void write_cluster(json::Writer& writer, const ClusterView& view, WithTags with_tags);
void write_task_definition(json::Writer& writer, const world::TaskDefinition& definition,
                           std::string_view region);
/// "ACTIVE", "INACTIVE" or "DELETE_IN_PROGRESS"
std::string_view to_string(world::TaskDefinitionStatus status);
void write_failure(json::Writer& writer, std::string_view arn, std::string_view reason);

/// "us-east-1a" for the first.
std::string zone_name(std::string_view region, const world::Task& task);

/// "RUNNING" or "STOPPED": what ECS wants the task to become.
std::string_view desired_status(const world::Task& task);

}  // namespace scaler::emulator
