#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"

// The part of EcsApi that keeps the task sets of services whose deployments somebody else drives.
// They start no tasks here.

namespace scaler::emulator {
namespace {

constexpr double kFullScale = 100;
constexpr std::array<std::string_view, 6> kTaskSetShown{{"loadBalancers", "serviceRegistries",
                                                         "networkConfiguration", "platformVersion",
                                                         "externalId", "capacityProviderStrategy"}};

std::string set_arn(std::string_view region, const world::Service& service, const TaskSet& set) {
  return task_set_arn(region, service.definition().cluster, service.name(), set.id);
}

/// By its ARN or its id, "ecs-svc/<digits>".
std::vector<TaskSet>::iterator find_set(std::vector<TaskSet>& sets, std::string_view text) {
  return std::ranges::find_if(
      sets, [&](const TaskSet& set) { return text == set.id || text.ends_with("/" + set.id); });
}

ApiResult<double> read_scale(const Input& input) {
  const json::Value* const scale = input.member("scale");
  const json::Value* const value = scale == nullptr ? nullptr : scale->find("value");
  if (value == nullptr) {
    return kFullScale;
  }
  const auto* const whole = std::get_if<std::int64_t>(&value->data());
  const auto* const part = std::get_if<double>(&value->data());
  const double percent = whole != nullptr  ? static_cast<double>(*whole)
                         : part != nullptr ? *part
                                           : -1;
  if (percent < 0 || percent > kFullScale) {
    return bad_parameter("Scale value must be a percentage from 0 to 100.");
  }
  return percent;
}

std::string set_answer(const world::Service& service, const TaskSet& set, const Caller& caller) {
  json::Writer writer;
  writer.begin_object().name("taskSet");
  write_task_set(writer, service, set, caller.region, WithTags::Yes);
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace

void write_task_set(json::Writer& writer, const world::Service& service, const TaskSet& set,
                    std::string_view region, WithTags with_tags) {
  const world::ServiceDefinition& definition = service.definition();
  const double desired =
      std::ceil(static_cast<double>(definition.desired) * set.scale / kFullScale);
  writer.begin_object()
      .field("id", set.id)
      .field("taskSetArn", set_arn(region, service, set))
      .field("serviceArn", service_arn(region, definition.cluster, definition.name))
      .field("clusterArn", cluster_arn(region, definition.cluster))
      .field("status", set.primary ? "PRIMARY" : "ACTIVE")
      .field("taskDefinition", task_definition_arn(region, set.task_definition))
      .field("computedDesiredCount", static_cast<std::int64_t>(desired))
      .field("pendingCount", 0)
      .field("runningCount", 0);
  write_time(writer, "createdAt", set.created_at);
  write_time(writer, "updatedAt", set.updated_at);
  writer.field("launchType", set.launch_type);
  for (const std::string_view name : kTaskSetShown) {
    const bool listed_always = name == "loadBalancers" || name == "serviceRegistries";
    write_shown(writer, set.shown, name,
                listed_always               ? "[]"
                : name == "platformVersion" ? R"("LATEST")"
                                            : "");
  }
  writer.name("scale").begin_object().field("value", set.scale).field("unit", "PERCENT");
  writer.end_object().field("stabilityStatus", desired > 0 ? "STABILIZING" : "STEADY_STATE");
  if (with_tags == WithTags::Yes) {
    write_tags(writer, set.tags);
  }
  writer.end_object();
}

EcsApi::Operations EcsApi::task_set_operations() {
  using enum FieldKind;
  constexpr Field kService{"service", Text, kNeeded};
  constexpr Field kSet{"taskSet", Text, kNeeded};
  return {
      {"CreateTaskSet",
       {{kOfCluster,
         kService,
         {"taskDefinition", Text, kNeeded},
         {"externalId"},
         {"networkConfiguration", Any},
         {"loadBalancers", Objects},
         {"serviceRegistries", Objects},
         {"launchType"},
         {"capacityProviderStrategy", Objects},
         {"platformVersion"},
         {"scale", Any},
         {"clientToken"},
         kTags},
        &EcsApi::create_task_set}},
      {"UpdateTaskSet",
       {{kOfCluster, kService, kSet, {"scale", Any, kNeeded}}, &EcsApi::update_task_set}},
      {"DeleteTaskSet", {{kOfCluster, kService, kSet, {"force", Flag}}, &EcsApi::delete_task_set}},
      {"DescribeTaskSets",
       {{kOfCluster, kService, {"taskSets", Texts}, kInclude}, &EcsApi::describe_task_sets}},
      {"UpdateServicePrimaryTaskSet",
       {{kOfCluster, kService, {"primaryTaskSet", Text, kNeeded}},
        &EcsApi::update_service_primary_task_set}},
  };
}

std::vector<TaskSet>& EcsApi::task_sets_of(const world::Service& service) {
  return task_sets_[fmt::format("{}/{}", service.definition().cluster, service.name())];
}

ApiResult<EcsApi::SetPlace> EcsApi::find_task_set(const Input& input, std::string_view field) {
  world::Service* const service = TRY(find_service(input));
  std::vector<TaskSet>& sets = task_sets_of(*service);
  const auto found = find_set(sets, input.text(field));
  if (found == sets.end()) {
    return refuse("TaskSetNotFoundException", "The specified task set was not found.");
  }
  return SetPlace{.service = service, .sets = &sets, .set = found};
}

ApiAnswer EcsApi::create_task_set(const Input& input, const Caller& caller) {
  const world::Cluster* const cluster = TRY(find_cluster(input));
  world::Service* const service = TRY(find_service(input));
  if (input.has("launchType") && !listed(kLaunchTypes, input.text("launchType"))) {
    return refuse("ClientException", "launch type should be one of [EC2,FARGATE]");
  }
  if (service->definition().upkeep != world::Upkeep::Single) {
    return bad_parameter("Task sets need a service with the EXTERNAL deployment controller.");
  }
  const auto* const definition = TRY(active_task_definition(input.text("taskDefinition")));
  const double scale = TRY(read_scale(input));
  Tags tags = TRY(with_tags({}, input));
  TaskSet set{.id = fmt::format("ecs-svc/{:019}", world_.random().next() >> 1U),
              .task_definition = revision_name(definition->family, definition->revision),
              .launch_type = launch_type(input, *cluster),
              .scale = scale,
              .created_at = world_.now(),
              .updated_at = world_.now(),
              .tags = std::move(tags)};
  keep_shown(set.shown, input, kTaskSetShown);
  return set_answer(*service, task_sets_of(*service).emplace_back(std::move(set)), caller);
}

ApiAnswer EcsApi::update_task_set(const Input& input, const Caller& caller) {
  const SetPlace place = TRY(find_task_set(input, "taskSet"));
  place.set->scale = TRY(read_scale(input));
  place.set->updated_at = world_.now();
  return set_answer(*place.service, *place.set, caller);
}

ApiAnswer EcsApi::delete_task_set(const Input& input, const Caller& caller) {
  const SetPlace place = TRY(find_task_set(input, "taskSet"));
  std::string answer = set_answer(*place.service, *place.set, caller);
  place.sets->erase(place.set);
  return answer;
}

ApiAnswer EcsApi::update_service_primary_task_set(const Input& input, const Caller& caller) {
  const SetPlace place = TRY(find_task_set(input, "primaryTaskSet"));
  for (TaskSet& set : *place.sets) {
    set.primary = set.id == place.set->id;
  }
  place.service->set_task_definition(place.set->task_definition);
  return set_answer(*place.service, *place.set, caller);
}

ApiAnswer EcsApi::describe_task_sets(const Input& input, const Caller& caller) {
  world::Service* const service = TRY(find_service(input));
  TRY(check_include(input, {"TAGS"}));
  std::vector<TaskSet>& sets = task_sets_of(*service);
  std::vector<std::string_view> texts = input.texts("taskSets");
  if (!input.has("taskSets")) {
    for (const TaskSet& set : sets) {
      texts.push_back(set.id);
    }
  }
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("taskSets").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    const auto found = find_set(sets, text);
    if (found != sets.end()) {
      write_task_set(writer, *service, *found, caller.region, wants_tags(input));
    } else {
      write_failure(failures, text, "MISSING");
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
