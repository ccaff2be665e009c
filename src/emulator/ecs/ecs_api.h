#pragma once
// EcsApi: ECS's JSON protocol over the world's clusters and services. Codes, limits and shapes are
// AWS's; what it models and what it only accepts: docs/emulator.md.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "ground/json/writer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

class EcsApi {
 public:
  /// `behaviour` is that of every service that is created; its job queue is the one whose URL
  /// stands in the variable SQS_QUEUE_URL of the task definition's first container.
  /// Without emulated workers nobody takes messages here.
  EcsApi(world::World& world, world::ServiceBehaviour behaviour, bool emulated_workers = true);

  ApiAnswer handle(const JsonCall& call);

 private:
  using Method = ApiAnswer (EcsApi::*)(const Input&, const Caller&);
  struct Operation {
    std::vector<Field> fields = {};
    Method method = nullptr;
  };
  static const std::unordered_map<std::string_view, Operation>& operations();

  ApiAnswer create_cluster(const Input& input, const Caller& caller);
  ApiAnswer describe_clusters(const Input& input, const Caller& caller);
  ApiAnswer list_clusters(const Input& input, const Caller& caller);
  ApiAnswer register_task_definition(const Input& input, const Caller& caller);
  ApiAnswer describe_task_definition(const Input& input, const Caller& caller);
  ApiAnswer create_service(const Input& input, const Caller& caller);
  ApiAnswer describe_services(const Input& input, const Caller& caller);
  ApiAnswer update_service(const Input& input, const Caller& caller);
  ApiAnswer delete_service(const Input& input, const Caller& caller);
  ApiAnswer list_services(const Input& input, const Caller& caller);
  ApiAnswer list_tasks(const Input& input, const Caller& caller);
  ApiAnswer describe_tasks(const Input& input, const Caller& caller);
  ApiAnswer get_task_protection(const Input& input, const Caller& caller);
  ApiAnswer update_task_protection(const Input& input, const Caller& caller);
  ApiAnswer stop_task(const Input& input, const Caller& caller);
  ApiAnswer tag_resource(const Input& input, const Caller& caller);
  ApiAnswer untag_resource(const Input& input, const Caller& caller);
  ApiAnswer list_tags_for_resource(const Input& input, const Caller& caller);

  ApiResult<world::Cluster*> find_cluster(const Input& input);
  ApiResult<world::Service*> find_service(const Input& input);
  ApiResult<const world::TaskDefinition*> find_task_definition(std::string_view text);
  ApiResult<world::ServiceDefinition> read_service(const Input& input,
                                                   const world::Cluster& cluster);
  ApiResult<std::map<std::string, std::string>*> find_tags(std::string_view arn);

  world::World& world_;
  world::ServiceBehaviour behaviour_;
  bool emulated_workers_;
};

}  // namespace scaler::emulator
