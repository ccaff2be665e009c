#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/task_container.h"
#include "ground/json/members.h"

// The part of EcsApi that starts tasks of no service.

namespace scaler::emulator {
namespace {

constexpr std::int64_t kTasksPerRun = 10;
constexpr std::size_t kStartedByMax = 128;
constexpr std::array<std::string_view, 2> kTaskShown{{"overrides", "enableExecuteCommand"}};

ApiResult<void> check_overrides(const Input& input, const world::TaskDefinition& definition) {
  const json::Value* const overrides = input.member("overrides");
  if (overrides != nullptr && !std::holds_alternative<json::Object>(overrides->data())) {
    return refuse("SerializationException", "'overrides' must be a structure.");
  }
  const json::Value* const containers =
      overrides == nullptr ? nullptr : overrides->find("containerOverrides");
  const auto* list =
      containers == nullptr ? nullptr : std::get_if<json::Array>(&containers->data());
  if (list == nullptr) {
    return {};
  }
  const std::vector<TaskContainer> known = containers_of(definition);
  for (const json::Value& change : *list) {
    const std::string* const text = json::text_member(change, "name");
    if (text == nullptr || std::ranges::find(known, *text, &TaskContainer::name) == known.end()) {
      return bad_parameter(
          fmt::format("Override for container named {} is not a container in the TaskDefinition.",
                      text == nullptr ? "null" : *text));
    }
  }
  return {};
}

}  // namespace

EcsApi::Operations EcsApi::run_task_operations() {
  using enum FieldKind;
  return {
      {"RunTask",
       {{kCluster,
         {"taskDefinition", Text, kNeeded},
         {"count", Integer},
         {"group"},
         {"startedBy"},
         {"launchType"},
         {"overrides", Any},
         {"capacityProviderStrategy", Objects},
         {"networkConfiguration", Any},
         {"placementConstraints", Objects},
         {"placementStrategy", Objects},
         {"platformVersion"},
         {"propagateTags"},
         {"enableECSManagedTags", Flag},
         {"enableExecuteCommand", Flag},
         {"referenceId"},
         {"clientToken"},
         {"volumeConfigurations", Objects},
         kTags},
        &EcsApi::run_task}},
  };
}

ApiAnswer EcsApi::run_task(const Input& input, const Caller& caller) {
  TRY(check_launch(input));
  world::Cluster* const cluster = TRY(find_cluster(input));
  const std::int64_t count = input.integer("count").value_or(1);
  if (count < 1 || count > kTasksPerRun) {
    return bad_parameter(fmt::format("Count must be between 1 and {}.", kTasksPerRun));
  }
  if (input.text("startedBy").size() > kStartedByMax) {
    return bad_parameter(fmt::format("startedBy: at most {} characters.", kStartedByMax));
  }
  if (const auto* const ids = TRY(tokens_.find("RunTask", cluster->name, input, world_.now()))) {
    return run_answer(*cluster, *ids, caller);
  }
  const auto* const definition = TRY(active_task_definition(input.text("taskDefinition")));
  TRY(check_overrides(input, *definition));
  const bool propagates = input.text("propagateTags") == "TASK_DEFINITION";
  Tags tags = TRY(with_tags(propagates ? definition->tags : Tags(), input));
  world::TaskOrder order{.task_definition = revision_name(definition->family, definition->revision),
                         .started_by = std::string(input.text("startedBy")),
                         .group = input.has("group")
                                      ? std::string(input.text("group"))
                                      : fmt::format("family:{}", own_name(definition->family)),
                         .launch_type = launch_type(input, *cluster),
                         .tags = std::move(tags)};
  keep_shown(order.shown, input, kTaskShown);
  const auto overrides = order.shown.find("overrides");
  set_work(*definition, overrides == order.shown.end() ? "" : overrides->second, order.job_queue,
           order.process);
  const ClientTokens::Made ids = world_.run_tasks(*cluster, order, count, behaviour_);
  tokens_.keep("RunTask", cluster->name, input, ids, world_.now());
  return run_answer(*cluster, ids, caller);
}

/// Of those tasks that are not forgotten yet.
std::string EcsApi::run_answer(const world::Cluster& cluster, const ClientTokens::Made& ids,
                               const Caller& caller) const {
  json::Writer writer;
  writer.begin_object().name("tasks").begin_array();
  for (const std::string& id : ids) {
    const auto& holder = cluster.single_tasks;
    const world::Task* const task = holder == nullptr ? nullptr : holder->find_any_task(id);
    if (task != nullptr) {
      write_task_of(writer, *holder, *task, caller.region, WithTags::Yes);
    }
  }
  writer.end_array().name("failures").begin_array().end_array().end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
