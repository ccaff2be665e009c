#pragma once
// EcsApi: ECS's JSON protocol over the clusters, services and tasks that the world has in one
// account and region. Codes, limits and shapes are AWS's; what it models and what it only accepts:
// docs/emulator.md. Its operations are in ecs_clusters.cc, ecs_task_definitions.cc,
// ecs_services.cc, ecs_task_sets.cc, ecs_tasks.cc, ecs_run_task.cc, ecs_tagging.cc, ecs_account.cc,
// ecs_capacity.cc and ecs_instances.cc.

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "emulator/ecs/client_tokens.h"
#include "emulator/ecs/ecs_json.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/ecs_tags.h"
#include "emulator/request/api_input.h"
#include "emulator/request/aws_request.h"
#include "ground/json/writer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// Who works in a task for which its task definition names no process.
enum class Workers {
  Emulated,  ///< emulated ones, on the queue that SQS_QUEUE_URL of the task definition names
  Command,   ///< a process that is the same for all
  Nobody,    ///< no process at all: not even those that task definitions name
};

class EcsApi {
 public:
  /// `behaviour` is that of every service that is created.
  EcsApi(world::World& world, EcsPlace place, world::ServiceBehaviour behaviour,
         Workers workers = Workers::Emulated);

  ApiAnswer handle(const JsonCall& call);
  static std::vector<std::string_view> operation_names();

 private:
  using Method = ApiAnswer (EcsApi::*)(const Input&, const Caller&);
  struct Operation {
    std::vector<Field> fields = {};
    Method method = nullptr;
  };
  using Operations = std::vector<std::pair<std::string_view, Operation>>;
  static const std::unordered_map<std::string_view, Operation>& operations();
  static Operations cluster_operations();
  static Operations task_definition_operations();
  static Operations service_operations();
  static Operations task_operations();
  static Operations run_task_operations();
  static Operations task_set_operations();
  static Operations tag_operations();
  static Operations account_operations();
  static Operations instance_operations();

  ApiAnswer create_cluster(const Input& input, const Caller& caller);
  ApiAnswer update_cluster(const Input& input, const Caller& caller);
  ApiAnswer put_cluster_capacity_providers(const Input& input, const Caller& caller);
  ApiAnswer delete_cluster(const Input& input, const Caller& caller);
  ApiAnswer describe_clusters(const Input& input, const Caller& caller);
  ApiAnswer list_clusters(const Input& input, const Caller& caller);

  ApiAnswer register_task_definition(const Input& input, const Caller& caller);
  ApiAnswer describe_task_definition(const Input& input, const Caller& caller);
  ApiAnswer deregister_task_definition(const Input& input, const Caller& caller);
  ApiAnswer delete_task_definitions(const Input& input, const Caller& caller);
  ApiAnswer list_task_definitions(const Input& input, const Caller& caller);
  ApiAnswer list_task_definition_families(const Input& input, const Caller& caller);

  ApiAnswer create_service(const Input& input, const Caller& caller);
  ApiAnswer describe_services(const Input& input, const Caller& caller);
  ApiAnswer update_service(const Input& input, const Caller& caller);
  ApiAnswer delete_service(const Input& input, const Caller& caller);
  ApiAnswer list_services(const Input& input, const Caller& caller);

  ApiAnswer create_task_set(const Input& input, const Caller& caller);
  ApiAnswer update_task_set(const Input& input, const Caller& caller);
  ApiAnswer delete_task_set(const Input& input, const Caller& caller);
  ApiAnswer describe_task_sets(const Input& input, const Caller& caller);
  ApiAnswer update_service_primary_task_set(const Input& input, const Caller& caller);

  ApiAnswer run_task(const Input& input, const Caller& caller);
  std::string run_answer(const world::Cluster& cluster, const ClientTokens::Made& ids,
                         const Caller& caller) const;
  ApiAnswer list_tasks(const Input& input, const Caller& caller);
  ApiAnswer describe_tasks(const Input& input, const Caller& caller);
  ApiAnswer get_task_protection(const Input& input, const Caller& caller);
  ApiAnswer update_task_protection(const Input& input, const Caller& caller);
  ApiAnswer stop_task(const Input& input, const Caller& caller);
  ApiAnswer list_container_instances(const Input& input, const Caller& caller);
  ApiAnswer describe_container_instances(const Input& input, const Caller& caller);
  ApiAnswer update_container_instances_state(const Input& input, const Caller& caller);

  ApiAnswer tag_resource(const Input& input, const Caller& caller);
  ApiAnswer untag_resource(const Input& input, const Caller& caller);
  ApiAnswer list_tags_for_resource(const Input& input, const Caller& caller);

  ApiAnswer create_capacity_provider(const Input& input, const Caller& caller);
  ApiAnswer update_capacity_provider(const Input& input, const Caller& caller);
  ApiAnswer describe_capacity_providers(const Input& input, const Caller& caller);
  ApiAnswer delete_capacity_provider(const Input& input, const Caller& caller);
  ApiAnswer put_account_setting(const Input& input, const Caller& caller);
  ApiAnswer list_account_settings(const Input& input, const Caller& caller);
  ApiAnswer delete_account_setting(const Input& input, const Caller& caller);
  ApiAnswer discover_poll_endpoint(const Input& input, const Caller& caller);

  /// Errors: ClusterNotFoundException, also for one that was deleted.
  ApiResult<world::Cluster*> find_cluster(const Input& input);
  ApiError no_cluster(std::string_view name) const;
  world::FoundTask find_task(const world::Cluster& cluster, std::string_view text) const;
  /// One that has registered with the cluster, by its id or ARN.
  ApiResult<world::World::FoundInstance> find_container_instance(const world::Cluster& cluster,
                                                                 std::string_view text) const;
  /// The answer about those instances; `first` is done to each that is there before it is told.
  ApiAnswer container_instances(
      const world::Cluster& cluster, const std::vector<std::string_view>& texts,
      const Caller& caller, WithTags with_tags,
      const std::function<void(const world::World::FoundInstance&)>& first) const;
  ApiResult<world::Service*> find_service(const Input& input);
  ApiResult<world::TaskDefinition*> find_task_definition(std::string_view text);
  /// One that tasks can be started from.
  ApiResult<const world::TaskDefinition*> active_task_definition(std::string_view text);
  /// What tasks of that definition do: the queue that their workers take from, or a process.
  void set_work(const world::TaskDefinition& definition, std::string_view overrides,
                std::string& job_queue, bool& process) const;
  ApiResult<world::ServiceDefinition> read_service(const Input& input,
                                                   const world::Cluster& cluster);
  /// Where tasks of the request are placed.
  struct Placement {
    std::vector<std::string> groups = {};
    std::string capacity_provider = {};  ///< of the first group
  };
  Placement placement(const Input& input, const world::Cluster& cluster) const;
  /// Groups run in the cluster that lists their capacity provider, under its managed scaling.
  void attach_groups();
  std::string provider_of(const world::InstanceGroup& group) const;
  void write_container_instance(json::Writer& writer, const world::Cluster& cluster,
                                const world::World::FoundInstance& found, std::string_view region,
                                WithTags with_tags) const;
  ApiResult<Tags*> find_tags(std::string_view arn);
  ApiResult<Tags*> find_service_tags(std::string_view cluster, std::string_view name);
  ApiResult<Tags*> find_task_set_tags(std::string_view rest);
  ApiResult<Tags*> find_instance_tags(std::string_view cluster, std::string_view id);
  ApiResult<Tags*> find_task_tags(std::string_view cluster, std::string_view id);
  /// What the service hands on to its tasks of `tags`, its own, or of its task definition's.
  Tags spread_tags(const world::ServiceDefinition& service, const Tags& tags) const;
  struct SetPlace {
    world::Service* service = nullptr;
    std::vector<TaskSet>* sets = nullptr;
    std::vector<TaskSet>::iterator set = {};
  };
  ApiResult<SetPlace> find_task_set(const Input& input, std::string_view field);
  std::vector<TaskSet>& task_sets_of(const world::Service& service);
  std::string service_answer(const world::Service& service, const Caller& caller,
                             WithEvents with_events = WithEvents::Yes);
  void write_task_of(json::Writer& writer, const world::Service& service, const world::Task& task,
                     std::string_view region, WithTags with_tags) const;

  /// A group of instances on which tasks are placed, if the world has it.
  struct CapacityProvider {
    json::Object group = {};    ///< autoScalingGroupProvider; empty: it has none
    json::Object managed = {};  ///< managedInstancesProvider
    std::string cluster = {};   ///< of Managed Instances: its name here
    Tags tags = {};
  };
  ApiAnswer create_managed_instances(const Input& input, CapacityProvider provider);
  void change_managed_instances(std::string_view name, const CapacityProvider& provider);
  void fit_managed_instances(const Placement& place, const world::Resources& needs);
  std::string managed_group(std::string_view provider) const;
  std::string provider_answer(std::string_view name, const CapacityProvider& provider) const;
  void write_capacity_provider(json::Writer& writer, std::string_view name,
                               const CapacityProvider& provider, WithTags with_tags) const;

  world::World& world_;
  EcsPlace place_;
  world::ServiceBehaviour behaviour_;
  Workers workers_;
  ClientTokens tokens_ = {};
  std::map<std::string, std::vector<TaskSet>, std::less<>> task_sets_ = {};  ///< "cluster/service"
  std::map<std::string, CapacityProvider, std::less<>> capacity_providers_ = {};
  std::map<std::string, Tags, std::less<>> instance_tags_ = {};  ///< by container instance
  std::map<std::string, std::string, std::less<>> account_settings_ = {};
};

}  // namespace scaler::emulator
