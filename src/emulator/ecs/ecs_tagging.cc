#include <utility>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"

// The part of EcsApi that deals with tags.

namespace scaler::emulator {
namespace {

std::unexpected<ApiError> no_such_resource() {
  return refuse("ResourceNotFoundException", "The specified resource could not be found.");
}

}  // namespace

EcsApi::Operations EcsApi::tag_operations() {
  using enum FieldKind;
  return {
      {"TagResource", {{kArn, {"tags", Objects, kNeeded}}, &EcsApi::tag_resource}},
      {"UntagResource", {{kArn, {"tagKeys", Texts, kNeeded}}, &EcsApi::untag_resource}},
      {"ListTagsForResource", {{kArn}, &EcsApi::list_tags_for_resource}},
  };
}

ApiResult<Tags*> EcsApi::find_tags(std::string_view arn) {
  if (place_.arn_rest(arn, "cluster")) {
    world::Cluster* const cluster = world_.find_cluster(place_.cluster(arn));
    if (cluster == nullptr) {
      return refuse("ClusterNotFoundException", "Cluster not found.");
    }
    return &cluster->tags;
  }
  if (const auto name = place_.arn_rest(arn, "task-definition")) {
    return &TRY(find_task_definition(*name))->tags;
  }
  if (const auto name = place_.arn_rest(arn, "capacity-provider")) {
    const auto found = capacity_providers_.find(*name);
    return found == capacity_providers_.end() ? ApiResult<Tags*>(no_such_resource())
                                              : ApiResult<Tags*>(&found->second.tags);
  }
  if (const auto rest = place_.arn_rest(arn, "task-set")) {
    return find_task_set_tags(*rest);
  }
  // What lives in a cluster is named by it: "<cluster>/<name>".
  using Find = ApiResult<Tags*> (EcsApi::*)(std::string_view, std::string_view);
  Find find = &EcsApi::find_service_tags;
  auto rest = place_.arn_rest(arn, "service");
  if (const auto task = place_.arn_rest(arn, "task")) {
    find = &EcsApi::find_task_tags;
    rest = task;
  } else if (const auto instance = place_.arn_rest(arn, "container-instance")) {
    find = &EcsApi::find_instance_tags;
    rest = instance;
  }
  if (!rest) {
    return bad_parameter(
        "Invalid resource ARN: the emulator tags clusters, services, tasks, container instances, "
        "task definitions, task sets and capacity providers.");
  }
  const std::size_t slash = rest->find('/');
  if (slash == std::string_view::npos) {
    return bad_parameter("Long arn format must be used for tagging operations");
  }
  const std::string cluster = place_.world_name(rest->substr(0, slash));
  const std::string_view name = rest->substr(slash + 1);
  return (this->*find)(cluster, name);
}

/// `rest` is "<cluster>/<service>/<id>".
ApiResult<Tags*> EcsApi::find_task_set_tags(std::string_view rest) {
  const std::string own_rest = place_.world_name(rest);
  for (auto& [service, sets] : task_sets_) {
    for (TaskSet& set : sets) {
      if (own_rest == service + "/" + set.id) {
        return &set.tags;
      }
    }
  }
  return no_such_resource();
}

ApiResult<Tags*> EcsApi::find_service_tags(std::string_view cluster, std::string_view name) {
  world::Service* const service = world_.find_service(cluster, name);
  if (service == nullptr || service->status() == ServiceStatus::Inactive) {
    return no_such_resource();
  }
  return &service->tags();
}

ApiResult<Tags*> EcsApi::find_instance_tags(std::string_view cluster, std::string_view id) {
  const world::Cluster* const found = world_.find_cluster(cluster);
  if (found == nullptr || !find_container_instance(*found, id)) {
    return no_such_resource();
  }
  return &instance_tags_[std::string(id)];
}

ApiResult<Tags*> EcsApi::find_task_tags(std::string_view cluster, std::string_view id) {
  const world::Cluster* const found = world_.find_cluster(cluster);
  if (found != nullptr) {
    for (world::Service* const holder : found->task_holders()) {
      if (world::Task* const task = holder->find_any_task(id)) {
        return &task->tags;
      }
    }
  }
  return no_such_resource();
}

ApiAnswer EcsApi::tag_resource(const Input& input, const Caller&) {
  Tags* const tags = TRY(find_tags(input.text("resourceArn")));
  if (input.objects("tags").empty()) {
    return bad_parameter("Tags can not be empty.");
  }
  *tags = TRY(with_tags(*tags, input));
  return "{}";
}

ApiAnswer EcsApi::untag_resource(const Input& input, const Caller&) {
  Tags* const tags = TRY(find_tags(input.text("resourceArn")));
  const std::vector<std::string_view> keys = input.texts("tagKeys");
  if (keys.empty()) {
    return bad_parameter("Tag keys can not be empty.");
  }
  for (const std::string_view key : keys) {
    tags->erase(std::string(key));
  }
  return "{}";
}

ApiAnswer EcsApi::list_tags_for_resource(const Input& input, const Caller&) {
  const Tags* const tags = TRY(find_tags(input.text("resourceArn")));
  json::Writer writer;
  writer.begin_object();
  write_tags(writer, *tags);
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
