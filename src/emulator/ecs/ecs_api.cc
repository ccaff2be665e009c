#include "emulator/ecs/ecs_api.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/task_container.h"

namespace scaler::emulator {

EcsApi::EcsApi(world::World& world, EcsPlace place, world::ServiceBehaviour behaviour,
               Workers workers)
    : world_(world),
      place_(std::move(place)),
      behaviour_(std::move(behaviour)),
      workers_(workers) {}

const std::unordered_map<std::string_view, EcsApi::Operation>& EcsApi::operations() {
  static const std::unordered_map<std::string_view, Operation> table = [] {
    std::unordered_map<std::string_view, Operation> all;
    for (const Operations& some :
         {cluster_operations(), task_definition_operations(), service_operations(),
          task_operations(), run_task_operations(), task_set_operations(), tag_operations(),
          account_operations(), instance_operations()}) {
      all.insert(some.begin(), some.end());
    }
    return all;
  }();
  return table;
}

std::vector<std::string_view> EcsApi::operation_names() {
  const auto names = std::views::keys(operations());
  return {names.begin(), names.end()};
}

ApiAnswer EcsApi::handle(const JsonCall& call) {
  const auto operation = operations().find(call.operation);
  if (operation == operations().end()) {
    return refuse("UnknownOperationException",
                  fmt::format("The emulator does not model {} of ECS.", call.operation));
  }
  const Input input =
      TRY(Input::read(call.body, operation->second.fields, "InvalidParameterException"));
  return (this->*operation->second.method)(input, call.caller);
}

ApiResult<world::Cluster*> EcsApi::find_cluster(const Input& input) {
  const std::string name = place_.cluster(input.text("cluster"));
  world::Cluster* const cluster = world_.find_cluster(name);
  if (cluster == nullptr) {
    return std::unexpected(no_cluster(own_name(name)));
  }
  if (!cluster->active) {
    return refuse("ClusterNotFoundException", "The referenced cluster was inactive.");
  }
  return cluster;
}

/// A wrong region or account is the usual reason.
ApiError EcsApi::no_cluster(std::string_view name) const {
  const auto elsewhere = std::ranges::find_if(
      world_.clusters(), [&](const auto& cluster) { return own_name(cluster.first) == name; });
  return {
      .code = "ClusterNotFoundException",
      .message = "Cluster not found." +
                 (elsewhere == world_.clusters().end()
                      ? ""
                      : place_.places().note(elsewhere->first, place_.account(), place_.region()))};
}

ApiResult<world::Service*> EcsApi::find_service(const Input& input) {
  const world::Cluster* const cluster = TRY(find_cluster(input));
  const auto name = place_.name_in_cluster(input.text("service"), "service", cluster->name);
  world::Service* const service = name ? world_.find_service(cluster->name, *name) : nullptr;
  if (service == nullptr) {
    return refuse("ServiceNotFoundException", "Service not found.");
  }
  return service;
}

ApiResult<world::TaskDefinition*> EcsApi::find_task_definition(std::string_view text) {
  const auto name = place_.task_definition(text);
  auto* const found = name ? world_.find_task_definition(name->family, name->revision) : nullptr;
  if (found == nullptr) {
    return refuse("ClientException", "Unable to describe task definition.");
  }
  return found;
}

ApiResult<const world::TaskDefinition*> EcsApi::active_task_definition(std::string_view text) {
  const auto name = place_.task_definition(text);
  const auto* const found =
      name ? world_.find_task_definition(name->family, name->revision) : nullptr;
  if (found == nullptr) {
    return refuse("ClientException", "TaskDefinition not found.");
  }
  if (found->status != world::TaskDefinitionStatus::Active) {
    return refuse("ClientException", "TaskDefinition is inactive");
  }
  return found;
}

void EcsApi::set_work(const world::TaskDefinition& definition, std::string_view overrides,
                      std::string& job_queue, bool& process) const {
  const TaskContainer worker = worker_container(definition, overrides);
  process = workers_ == Workers::Command || (workers_ == Workers::Emulated && is_local(worker));
  job_queue.clear();
  if (workers_ == Workers::Emulated && !process) {
    job_queue = place_.queue_of(variable(worker.environment, "SQS_QUEUE_URL").value_or(""));
  }
}

void EcsApi::write_task_of(json::Writer& writer, const world::Service& service,
                           const world::Task& task, std::string_view region,
                           WithTags with_tags) const {
  const auto name = task_definition_name(task.task_definition);
  const world::World& world = world_;
  const auto* const definition =
      name ? world.find_task_definition(name->family, name->revision) : nullptr;
  write_task(writer, {.service = service, .task = task, .definition = definition, .region = region},
             with_tags);
}

}  // namespace scaler::emulator
