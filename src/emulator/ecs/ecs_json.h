#pragma once
// How ECS writes its things: services, tasks, clusters, task definitions, tags.

#include <map>
#include <string>
#include <string_view>

#include "emulator/request/aws_request.h"
#include "ground/json/writer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// A time as ECS writes it: seconds since 1970 with milliseconds.
void write_time(json::Writer& writer, std::string_view name, Instant at);

enum class WithTags { No, Yes };
void write_tags(json::Writer& writer, const std::map<std::string, std::string>& tags);
void write_service(json::Writer& writer, const world::Service& service, std::string_view region,
                   WithTags with_tags);
void write_task(json::Writer& writer, const world::Service& service, const world::Task& task,
                std::string_view region);
void write_cluster(json::Writer& writer, const world::Cluster& cluster, std::string_view region,
                   WithTags with_tags);
void write_task_definition(json::Writer& writer, const world::TaskDefinition& definition,
                           std::string_view region);
void write_failure(json::Writer& writer, std::string_view arn, std::string_view reason);

/// "RUNNING" or "STOPPED": what ECS wants the task to become.
std::string_view desired_status(const world::Task& task);

}  // namespace scaler::emulator
