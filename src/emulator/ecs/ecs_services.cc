#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"
#include "emulator/ecs/task_needs.h"
#include "ground/json/members.h"

// The part of EcsApi that deals with services.

namespace scaler::emulator {
namespace {

using world::Cluster;
using world::Service;

constexpr std::size_t kServicesPerDescribe = 10;
constexpr std::int64_t kDesiredMax = 5000;
constexpr std::int64_t kAll = 100;  ///< percent

/// Fields of CreateService and UpdateService that are kept and told, and have no effect.
constexpr std::array<Field, 17> kKept{{{"loadBalancers", FieldKind::Objects},
                                       {"serviceRegistries", FieldKind::Objects},
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
                                       {"serviceConnectConfiguration", FieldKind::Any},
                                       {"volumeConfigurations", FieldKind::Objects},
                                       {"vpcLatticeConfigurations", FieldKind::Objects},
                                       {"monitoring", FieldKind::Any}}};
/// Those of them that replace the service's tasks when they are set.
constexpr std::array<std::string_view, 7> kReplacing{
    {"networkConfiguration", "platformVersion", "loadBalancers", "serviceRegistries",
     "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"}};

std::vector<Field> with_kept(std::vector<Field> fields) {
  fields.insert(fields.end(), kKept.begin(), kKept.end());
  return fields;
}

/// Whether somebody else deploys the service, with task sets.
bool is_external(const Input& input) {
  const json::Value* const controller = input.member("deploymentController");
  return controller != nullptr && json::text_in(*controller, "type") == "EXTERNAL";
}

void keep_service_fields(world::Shown& shown, const Input& input) {
  for (const Field& field : kKept) {
    keep_shown(shown, input, std::array{field.name});
  }
  if (input.has("role")) {
    json::Writer role;
    role.value(input.text("role"));
    shown.insert_or_assign("roleArn", std::move(role).text());
  }
}

ApiResult<void> check_desired(std::int64_t desired) {
  if (desired < 0) {
    return bad_parameter("Desired count cannot be negative.");
  }
  if (desired > kDesiredMax) {
    return bad_parameter(fmt::format("Tasks per service: at most {}.", kDesiredMax));
  }
  return {};
}

/// A deployment that could never begin is refused, as in AWS.
ApiResult<void> check_deployment(const Input& input) {
  const json::Value* const wish = input.member("deploymentConfiguration");
  if (wish == nullptr) {
    return {};
  }
  const auto least = json::whole_in(*wish, "minimumHealthyPercent");
  const auto most = json::whole_in(*wish, "maximumPercent");
  if (least.value_or(0) < 0 || most.value_or(0) < 0 || (least && most && *most < *least)) {
    return bad_parameter(
        "minimumHealthyPercent and maximumPercent must not be negative, and the maximum must not "
        "be less than the minimum.");
  }
  if (least == kAll && most == kAll) {
    return bad_parameter(
        "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block "
        "deployments.");
  }
  return {};
}

/// As a service's deployment configuration has it.
world::RollingUpdate rolling_of(const world::Shown& shown) {
  world::RollingUpdate rolling;
  const auto found = shown.find("deploymentConfiguration");
  const Result<json::Value> told = json::parse(found == shown.end() ? "{}" : found->second);
  if (!told) {
    return rolling;
  }
  const auto percent = [&](std::string_view name, std::int64_t otherwise) {
    return json::whole_in(*told, name).value_or(otherwise);
  };
  rolling.minimum_percent = percent("minimumHealthyPercent", rolling.minimum_percent);
  rolling.maximum_percent = percent("maximumPercent", rolling.maximum_percent);
  if (const json::Value* const breaker = told->find("deploymentCircuitBreaker")) {
    const auto is_set = [&](std::string_view name) {
      const json::Value* const flag = breaker->find(name);
      const bool* const value = flag == nullptr ? nullptr : std::get_if<bool>(&flag->data());
      return value != nullptr && *value;
    };
    rolling.breaker = is_set("enable");
    rolling.rollback = is_set("rollback");
  }
  return rolling;
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

}  // namespace

EcsApi::Operations EcsApi::service_operations() {
  using enum FieldKind;
  return {
      {"CreateService",
       {with_kept({kCluster,
                   {"serviceName", Text, kNeeded},
                   {"taskDefinition"},
                   {"desiredCount", Integer},
                   {"launchType"},
                   {"schedulingStrategy"},
                   {"role"},
                   {"availabilityZoneRebalancing"},
                   {"clientToken"},
                   kTags}),
        &EcsApi::create_service}},
      {"DescribeServices",
       {{kCluster, {"services", Texts, kNeeded}, kInclude}, &EcsApi::describe_services}},
      {"UpdateService",
       {with_kept({kCluster,
                   {"service", Text, kNeeded},
                   {"desiredCount", Integer},
                   {"taskDefinition"},
                   {"availabilityZoneRebalancing"},
                   {"forceNewDeployment", Flag}}),
        &EcsApi::update_service}},
      {"DeleteService",
       {{kCluster, {"service", Text, kNeeded}, {"force", Flag}}, &EcsApi::delete_service}},
      {"ListServices",
       {{kCluster,
         kToken,
         kLimit,
         {"launchType"},
         {"schedulingStrategy"},
         {"resourceManagementType"}},
        &EcsApi::list_services}},
  };
}

ApiResult<world::ServiceDefinition> EcsApi::read_service(const Input& input,
                                                         const Cluster& cluster) {
  const std::string_view name = input.text("serviceName");
  if (!valid_ecs_name(name)) {
    return bad_parameter("Identifier must be 1 to 255 letters, numbers, hyphens, and underscores.");
  }
  const std::string_view scheduling =
      input.has("schedulingStrategy") ? input.text("schedulingStrategy") : "REPLICA";
  const std::string launch = launch_type(input, cluster);
  if (scheduling != "REPLICA" && scheduling != "DAEMON") {
    return bad_parameter("schedulingStrategy must be REPLICA or DAEMON.");
  }
  TRY(check_launch(input));
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
  TRY(check_deployment(input));
  const bool external = is_external(input);
  if (!input.has("taskDefinition") && !external) {
    return bad_parameter("TaskDefinition can not be blank.");
  }
  const world::TaskDefinition* definition = nullptr;
  if (input.has("taskDefinition")) {
    definition = TRY(active_task_definition(input.text("taskDefinition")));
  }
  std::string rebalancing = TRY(zone_rebalancing(input, daemon ? "DISABLED" : "ENABLED"));
  world::ServiceDefinition service{
      .name = std::string(name),
      .cluster = cluster.name,
      .desired = desired.value_or(0),
      .scheduling = daemon ? SchedulingStrategy::Daemon : SchedulingStrategy::Replica,
      .launch_type = launch,
      .zone_rebalancing = std::move(rebalancing),
      .behaviour = behaviour_,
      .upkeep = external ? world::Upkeep::Single : world::Upkeep::Wanted};
  if (definition != nullptr) {
    service.task_definition = revision_name(definition->family, definition->revision);
    set_work(*definition, "", service.behaviour.job_queue, service.behaviour.processes);
    service.behaviour.needs = needs_of(*definition);
  }
  keep_service_fields(service.shown, input);
  service.rolling = rolling_of(service.shown);
  Placement place = placement(input, cluster);
  fit_managed_instances(place, service.behaviour.needs);
  service.groups = std::move(place.groups);
  service.capacity_provider = std::move(place.capacity_provider);
  const auto by_default = cluster.shown.find("defaultCapacityProviderStrategy");
  if (!service.capacity_provider.empty() && !input.has("capacityProviderStrategy") &&
      by_default != cluster.shown.end()) {
    service.shown.insert_or_assign("capacityProviderStrategy", by_default->second);
  }
  return service;
}

Tags EcsApi::spread_tags(const world::ServiceDefinition& service, const Tags& tags) const {
  const auto found = service.shown.find("propagateTags");
  const std::string_view from = found == service.shown.end() ? std::string_view() : found->second;
  if (from == R"("SERVICE")") {
    return tags;
  }
  const auto name = task_definition_name(service.task_definition);
  const world::World& world = world_;
  const auto* const definition =
      name ? world.find_task_definition(name->family, name->revision) : nullptr;
  return definition != nullptr && from == R"("TASK_DEFINITION")" ? definition->tags : Tags();
}

std::string EcsApi::service_answer(const Service& service, const Caller& caller,
                                   WithEvents with_events) {
  json::Writer writer;
  writer.begin_object().name("service");
  write_service(writer,
                {.service = service,
                 .region = caller.region,
                 .task_sets = task_sets_of(service),
                 .with_events = with_events},
                WithTags::Yes);
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::create_service(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  world::ServiceDefinition definition = TRY(read_service(input, *cluster));
  Tags tags = TRY(with_tags({}, input));
  const Service* const existing = world_.find_service(cluster->name, definition.name);
  if (existing != nullptr && existing->status() == ServiceStatus::Draining) {
    return bad_parameter("Unable to Start a service that is still Draining.");
  }
  const auto* const made = TRY(tokens_.find("CreateService", cluster->name, input, world_.now()));
  if (existing != nullptr && existing->status() == ServiceStatus::Active) {
    if (made != nullptr) {
      return service_answer(*existing, caller);
    }
    return bad_parameter("Creation of service was not idempotent.");
  }
  definition.task_tags = spread_tags(definition, tags);
  Service& service = world_.create_service(std::move(definition));
  service.tags() = std::move(tags);
  task_sets_of(service).clear();
  tokens_.keep("CreateService", cluster->name, input, {service.name()}, world_.now());
  // What the scheduler does for it is told from the next call on.
  return service_answer(service, caller, WithEvents::No);
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
    const auto name = place_.name_in_cluster(text, "service", cluster->name);
    const Service* const service = name ? world_.find_service(cluster->name, *name) : nullptr;
    if (service != nullptr) {
      write_service(
          writer,
          {.service = *service, .region = caller.region, .task_sets = task_sets_of(*service)},
          wants_tags(input));
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
  TRY(check_deployment(input));
  world::Rollout rollout{.desired = desired};
  if (input.has("taskDefinition")) {
    const auto* const found = TRY(active_task_definition(input.text("taskDefinition")));
    rollout.task_definition = revision_name(found->family, found->revision);
    set_work(*found, "", rollout.job_queue.emplace(), rollout.processes.emplace());
    rollout.needs = needs_of(*found);
  }
  service->set_zone_rebalancing(
      TRY(zone_rebalancing(input, service->definition().zone_rebalancing)));
  keep_service_fields(service->shown(), input);
  service->set_rolling(rolling_of(service->shown()));
  if (rollout.task_definition || input.has("propagateTags")) {
    world::ServiceDefinition next = service->definition();
    next.task_definition = rollout.task_definition.value_or(next.task_definition);
    service->set_task_tags(spread_tags(next, service->tags()));
  }
  const bool other_definition =
      rollout.task_definition.value_or("") != service->definition().task_definition;
  const bool replaces =
      std::ranges::any_of(kReplacing, [&](std::string_view name) { return input.has(name); });
  // Count and task definition in one call: no task of the old one is started for the new count.
  if ((rollout.task_definition && other_definition) || input.flag("forceNewDeployment") ||
      replaces) {
    world_.deploy(*service, std::move(rollout));
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
