#include "emulator/ecs/ecs_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/container_environment.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_json.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/ecs_tags.h"

namespace scaler::emulator {
namespace {

using world::Cluster;
using world::Service;

constexpr std::size_t kServicesPerDescribe = 10;
constexpr std::size_t kClustersPerDescribe = 100;
constexpr std::int64_t kDesiredMax = 5000;

ApiResult<void> check_desired(std::int64_t desired) {
  if (desired < 0) {
    return bad_parameter("Desired count cannot be negative.");
  }
  if (desired > kDesiredMax) {
    return bad_parameter(fmt::format("Tasks per service: at most {}.", kDesiredMax));
  }
  return {};
}

/// What is asked for, else `otherwise`.
ApiResult<std::string> zone_rebalancing(const Input& input, std::string_view otherwise) {
  const std::string_view value = input.has("availabilityZoneRebalancing")
                                     ? input.text("availabilityZoneRebalancing")
                                     : otherwise;
  if (value != "ENABLED" && value != "DISABLED") {
    return bad_parameter("availabilityZoneRebalancing must be ENABLED or DISABLED.");
  }
  return std::string(value);
}

ApiAnswer service_answer(const Service& service, const Caller& caller) {
  json::Writer writer;
  writer.begin_object().name("service");
  write_service(writer, service, caller.region, WithTags::Yes);
  writer.end_object();
  return std::move(writer).text();
}

/// What UpdateService and CreateService take and the emulator does not model. The first is kept.
constexpr std::array<Field, 13> kAcceptedOnly{
    {{"availabilityZoneRebalancing"},
     {"deploymentConfiguration", FieldKind::Any},
     {"placementConstraints", FieldKind::Objects},
     {"placementStrategy", FieldKind::Objects},
     {"networkConfiguration", FieldKind::Any},
     {"platformVersion"},
     {"healthCheckGracePeriodSeconds", FieldKind::Integer},
     {"enableECSManagedTags", FieldKind::Flag},
     {"enableExecuteCommand", FieldKind::Flag},
     {"propagateTags"},
     {"deploymentController", FieldKind::Any},
     {"capacityProviderStrategy", FieldKind::Objects},
     {"clientToken"}}};

std::vector<Field> with_accepted(std::vector<Field> fields) {
  fields.insert(fields.end(), kAcceptedOnly.begin(), kAcceptedOnly.end());
  return fields;
}

// Fields that several operations have.
constexpr auto kNeeded = Presence::Required;
constexpr Field kCluster{"cluster"};
constexpr Field kOfCluster{"cluster", FieldKind::Text, kNeeded};
constexpr Field kTasks{"tasks", FieldKind::Texts, kNeeded};
constexpr Field kInclude{"include", FieldKind::Texts};
constexpr Field kToken{"nextToken"};
constexpr Field kLimit{"maxResults", FieldKind::Integer};
constexpr Field kArn{"resourceArn", FieldKind::Text, kNeeded};

/// The name in the URL of SQS_QUEUE_URL; empty without that variable.
std::string job_queue(const world::TaskDefinition& definition) {
  const std::string url = variable(container_environment(definition), "SQS_QUEUE_URL").value_or("");
  return url.substr(url.rfind('/') + 1);
}

ApiResult<void> check_container(const json::Value& container) {
  for (const std::string_view name : {"name", "image"}) {
    const json::Value* const value = container.find(name);
    const auto* text = value == nullptr ? nullptr : std::get_if<std::string>(&value->data());
    if (text == nullptr || text->empty()) {
      return refuse("ClientException",
                    fmt::format("Container.{} should not be null or empty.", name));
    }
  }
  return {};
}

}  // namespace

EcsApi::EcsApi(world::World& world, world::ServiceBehaviour behaviour, bool emulated_workers)
    : world_(world), behaviour_(std::move(behaviour)), emulated_workers_(emulated_workers) {}

const std::unordered_map<std::string_view, EcsApi::Operation>& EcsApi::operations() {
  using enum FieldKind;
  static const std::unordered_map<std::string_view, Operation> table{
      {"CreateCluster",
       {{{"clusterName"}, {"tags", Objects}, {"settings", Objects}, {"configuration", Any}},
        &EcsApi::create_cluster}},
      {"DescribeClusters", {{{"clusters", Texts}, kInclude}, &EcsApi::describe_clusters}},
      {"ListClusters", {{kToken, kLimit}, &EcsApi::list_clusters}},
      {"RegisterTaskDefinition",
       {{{"family", Text, kNeeded},
         {"containerDefinitions", Objects, kNeeded},
         {"taskRoleArn"},
         {"executionRoleArn"},
         {"networkMode"},
         {"volumes", Objects},
         {"placementConstraints", Objects},
         {"requiresCompatibilities", Texts},
         {"cpu"},
         {"memory"},
         {"tags", Objects},
         {"pidMode"},
         {"ipcMode"},
         {"proxyConfiguration", Any},
         {"ephemeralStorage", Any},
         {"runtimePlatform", Any},
         {"enableFaultInjection", Flag}},
        &EcsApi::register_task_definition}},
      {"DescribeTaskDefinition",
       {{{"taskDefinition", Text, kNeeded}, kInclude}, &EcsApi::describe_task_definition}},
      {"CreateService",
       {with_accepted({kCluster,
                       {"serviceName", Text, kNeeded},
                       {"taskDefinition"},
                       {"desiredCount", Integer},
                       {"launchType"},
                       {"schedulingStrategy"},
                       {"tags", Objects}}),
        &EcsApi::create_service}},
      {"DescribeServices",
       {{kCluster, {"services", Texts, kNeeded}, kInclude}, &EcsApi::describe_services}},
      {"UpdateService",
       {with_accepted({kCluster,
                       {"service", Text, kNeeded},
                       {"desiredCount", Integer},
                       {"taskDefinition"},
                       {"forceNewDeployment", Flag}}),
        &EcsApi::update_service}},
      {"DeleteService",
       {{kCluster, {"service", Text, kNeeded}, {"force", Flag}}, &EcsApi::delete_service}},
      {"ListServices",
       {{kCluster, kToken, kLimit, {"launchType"}, {"schedulingStrategy"}},
        &EcsApi::list_services}},
      {"ListTasks",
       {{kCluster, kToken, kLimit, {"serviceName"}, {"desiredStatus"}, {"family"}, {"launchType"}},
        &EcsApi::list_tasks}},
      {"DescribeTasks", {{kCluster, kTasks, kInclude}, &EcsApi::describe_tasks}},
      {"UpdateTaskProtection",
       {{kOfCluster, kTasks, {"protectionEnabled", Flag, kNeeded}, {"expiresInMinutes", Integer}},
        &EcsApi::update_task_protection}},
      {"StopTask", {{kCluster, {"task", Text, kNeeded}, {"reason"}}, &EcsApi::stop_task}},
      {"GetTaskProtection", {{kOfCluster, kTasks}, &EcsApi::get_task_protection}},
      {"TagResource", {{kArn, {"tags", Objects, kNeeded}}, &EcsApi::tag_resource}},
      {"UntagResource", {{kArn, {"tagKeys", Texts, kNeeded}}, &EcsApi::untag_resource}},
      {"ListTagsForResource", {{kArn}, &EcsApi::list_tags_for_resource}},
  };
  return table;
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

ApiResult<Cluster*> EcsApi::find_cluster(const Input& input) {
  Cluster* const cluster = world_.find_cluster(cluster_name(input.text("cluster")));
  if (cluster == nullptr) {
    return refuse("ClusterNotFoundException", "Cluster not found.");
  }
  return cluster;
}

ApiResult<Service*> EcsApi::find_service(const Input& input) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const auto name = name_in_cluster(input.text("service"), "service", cluster->name);
  Service* const service = name ? world_.find_service(cluster->name, *name) : nullptr;
  if (service == nullptr) {
    return refuse("ServiceNotFoundException", "Service not found.");
  }
  return service;
}

ApiResult<const world::TaskDefinition*> EcsApi::find_task_definition(std::string_view text) {
  const auto name = task_definition_name(text);
  const auto* const found =
      name ? world_.find_task_definition(name->family, name->revision) : nullptr;
  if (found == nullptr) {
    return refuse("ClientException", "Unable to describe task definition.");
  }
  return found;
}

ApiAnswer EcsApi::create_cluster(const Input& input, const Caller& caller) {
  const std::string_view name = input.has("clusterName") ? input.text("clusterName") : "default";
  if (!valid_ecs_name(name)) {
    return bad_parameter("Identifier must be 1 to 255 letters, numbers, hyphens, and underscores.");
  }
  Tags tags = TRY(with_tags({}, input));
  const bool exists = world_.find_cluster(name) != nullptr;
  Cluster& cluster = world_.create_cluster(name);
  if (!exists) {
    cluster.tags = std::move(tags);
  }
  json::Writer writer;
  writer.begin_object().name("cluster");
  write_cluster(writer, cluster, caller.region, WithTags::Yes);
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::describe_clusters(const Input& input, const Caller& caller) {
  TRY(check_include(input, {"ATTACHMENTS", "CONFIGURATIONS", "SETTINGS", "STATISTICS", "TAGS"}));
  std::vector<std::string_view> names = input.texts("clusters");
  if (names.empty()) {
    names.emplace_back("default");
  }
  TRY(check_size("Clusters", names.size(), kClustersPerDescribe));
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("clusters").begin_array();
  failures.begin_array();
  for (const std::string_view text : names) {
    const std::string_view name = cluster_name(text);
    if (const Cluster* const cluster = world_.find_cluster(name)) {
      write_cluster(writer, *cluster, caller.region, wants_tags(input));
    } else {
      write_failure(failures, cluster_arn(caller.region, name), "MISSING");
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::list_clusters(const Input& input, const Caller& caller) {
  std::vector<std::string> arns;
  for (const auto& [name, cluster] : world_.clusters()) {
    arns.push_back(cluster_arn(caller.region, name));
  }
  return arn_page("clusterArns", std::move(arns), input, 100);
}

ApiAnswer EcsApi::register_task_definition(const Input& input, const Caller& caller) {
  const std::string_view family = input.text("family");
  if (!valid_ecs_name(family)) {
    return refuse(
        "ClientException",
        "Family contains invalid characters: letters, numbers, hyphens, and underscores.");
  }
  const json::Array& containers = input.objects("containerDefinitions");
  if (containers.empty()) {
    return refuse("ClientException", "Container list cannot be empty.");
  }
  for (const json::Value& container : containers) {
    TRY(check_container(container));
  }
  const Tags tags = TRY(with_tags({}, input));
  json::Writer document;
  document.value(input.value());
  const world::TaskDefinition& definition =
      world_.register_task_definition(std::string(family), std::move(document).text());
  json::Writer writer;
  writer.begin_object().name("taskDefinition");
  write_task_definition(writer, definition, caller.region);
  if (!tags.empty()) {
    write_tags(writer, tags);
  }
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::describe_task_definition(const Input& input, const Caller& caller) {
  TRY(check_include(input, {"TAGS"}));
  const auto* const definition = TRY(find_task_definition(input.text("taskDefinition")));
  json::Writer writer;
  writer.begin_object().name("taskDefinition");
  write_task_definition(writer, *definition, caller.region);
  writer.end_object();
  return std::move(writer).text();
}

ApiResult<world::ServiceDefinition> EcsApi::read_service(const Input& input,
                                                         const Cluster& cluster) {
  const std::string_view name = input.text("serviceName");
  if (!valid_ecs_name(name)) {
    return bad_parameter("Identifier must be 1 to 255 letters, numbers, hyphens, and underscores.");
  }
  const std::string_view scheduling =
      input.has("schedulingStrategy") ? input.text("schedulingStrategy") : "REPLICA";
  const std::string_view launch = input.has("launchType") ? input.text("launchType") : "EC2";
  if (scheduling != "REPLICA" && scheduling != "DAEMON") {
    return bad_parameter("schedulingStrategy must be REPLICA or DAEMON.");
  }
  if (!listed(std::array{"EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"}, launch)) {
    return bad_parameter(fmt::format("launchType '{}' is unknown.", launch));
  }
  const bool daemon = scheduling == "DAEMON";
  const auto desired = input.integer("desiredCount");
  if (daemon && desired) {
    return bad_parameter(
        "The daemon scheduling strategy does not support a desired count for "
        "services. Remove the desired count value and try again");
  }
  if (!daemon && !desired) {
    return bad_parameter("Desired count is required for REPLICA.");
  }
  TRY(check_desired(desired.value_or(0)));
  if (!input.has("taskDefinition")) {
    return bad_parameter("TaskDefinition can not be blank.");
  }
  const auto* const definition = TRY(find_task_definition(input.text("taskDefinition")));
  std::string rebalancing = TRY(zone_rebalancing(input, daemon ? "DISABLED" : "ENABLED"));
  world::ServiceDefinition service{
      .name = std::string(name),
      .cluster = cluster.name,
      .task_definition = fmt::format("{}:{}", definition->family, definition->revision),
      .desired = desired.value_or(0),
      .scheduling = daemon ? SchedulingStrategy::Daemon : SchedulingStrategy::Replica,
      .launch_type = std::string(launch),
      .zone_rebalancing = std::move(rebalancing),
      .behaviour = behaviour_};
  service.behaviour.job_queue = emulated_workers_ ? job_queue(*definition) : "";
  return service;
}

ApiAnswer EcsApi::create_service(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  world::ServiceDefinition definition = TRY(read_service(input, *cluster));
  Tags tags = TRY(with_tags({}, input));
  const Service* const existing = world_.find_service(cluster->name, definition.name);
  if (existing != nullptr && existing->status() == ServiceStatus::Draining) {
    return bad_parameter("Unable to Start a service that is still Draining.");
  }
  if (existing != nullptr && existing->status() == ServiceStatus::Active) {
    return bad_parameter("Creation of service was not idempotent.");
  }
  Service& service = world_.create_service(std::move(definition));
  service.tags() = std::move(tags);
  return service_answer(service, caller);
}

ApiAnswer EcsApi::describe_services(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  TRY(check_include(input, {"TAGS"}));
  const std::vector<std::string_view> texts = input.texts("services");
  TRY(check_size("Services", texts.size(), kServicesPerDescribe));
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("services").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    const auto name = name_in_cluster(text, "service", cluster->name);
    const Service* const service = name ? world_.find_service(cluster->name, *name) : nullptr;
    if (service != nullptr) {
      write_service(writer, *service, caller.region, wants_tags(input));
    } else {
      write_failure(failures,
                    text.starts_with("arn:") ? std::string(text)
                                             : service_arn(caller.region, cluster->name, text),
                    "MISSING");
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::update_service(const Input& input, const Caller& caller) {
  Service* const service = TRY(find_service(input));
  if (service->status() != ServiceStatus::Active) {
    return refuse("ServiceNotActiveException", "Service was not ACTIVE.");
  }
  const auto desired = input.integer("desiredCount");
  if (desired && service->definition().scheduling == SchedulingStrategy::Daemon) {
    return bad_parameter(
        "The daemon scheduling strategy does not support a desired count for "
        "services. Remove the desired count value and try again");
  }
  TRY(check_desired(desired.value_or(0)));
  std::string task_definition;
  if (input.has("taskDefinition")) {
    const auto* const found = TRY(find_task_definition(input.text("taskDefinition")));
    task_definition = fmt::format("{}:{}", found->family, found->revision);
  }
  std::string rebalancing = TRY(zone_rebalancing(input, service->definition().zone_rebalancing));
  const bool other_definition =
      !task_definition.empty() && task_definition != service->definition().task_definition;
  service->set_zone_rebalancing(std::move(rebalancing));
  // Count and task definition in one call: no task of the old one is started for the new count.
  if (other_definition || input.flag("forceNewDeployment") || input.has("networkConfiguration") ||
      input.has("platformVersion")) {
    world_.deploy(*service, std::move(task_definition), desired);
  } else if (desired) {
    world_.set_desired(*service, *desired);
  }
  return service_answer(*service, caller);
}

ApiAnswer EcsApi::delete_service(const Input& input, const Caller& caller) {
  Service* const service = TRY(find_service(input));
  if (service->status() == ServiceStatus::Inactive) {
    return refuse("ServiceNotFoundException", "Service not found.");
  }
  const bool daemon = service->definition().scheduling == SchedulingStrategy::Daemon;
  if (service->desired() > 0 && !daemon && !input.flag("force")) {
    return bad_parameter("The service cannot be stopped while it is scaled above 0.");
  }
  world_.remove(*service);
  return service_answer(*service, caller);
}

ApiAnswer EcsApi::list_services(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::string_view launch = input.text("launchType");
  const std::string_view scheduling = input.text("schedulingStrategy");
  std::vector<std::string> arns;
  for (const auto& [name, service] : cluster->services) {
    const world::ServiceDefinition& definition = service->definition();
    const bool daemon = definition.scheduling == SchedulingStrategy::Daemon;
    if (service->status() != ServiceStatus::Inactive &&
        (launch.empty() || launch == definition.launch_type) &&
        (scheduling.empty() || scheduling == (daemon ? "DAEMON" : "REPLICA"))) {
      arns.push_back(service_arn(caller.region, cluster->name, name));
    }
  }
  return arn_page("serviceArns", std::move(arns), input, 10);
}

}  // namespace scaler::emulator
