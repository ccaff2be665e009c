#include "emulator/front/group_wishes.h"

#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/task_needs.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

template <typename Api>
Result<void> ask(Api& api, const Caller& caller, std::string_view operation, std::string body) {
  const json::Value document = TRY(json::parse(body));
  const ApiAnswer answer = api.handle({.operation = operation, .body = document, .caller = caller});
  if (!answer) {
    return fail(ErrorKind::Malformed, fmt::format("--instances: {}", answer.error().message));
  }
  return {};
}

/// The text of an instance's wish: that instance.
Result<const world::Instance*> instance_of(const world::InstanceGroup& group,
                                           const json::Reader& id) {
  const std::string text = TRY(id.string());
  const world::Instance* const instance = group.find(text);
  if (instance == nullptr || instance->lifecycle == world::Lifecycle::Terminating) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: the group has no instance of that id", id.path()));
  }
  return instance;
}

}  // namespace

std::string own_task_definition(const std::string& queue_url, const GroupOptions& group) {
  const bool on_group = !group.instance_type.empty();
  json::Writer writer;
  writer.begin_object().field("family", "worker").name("containerDefinitions").begin_array();
  writer.begin_object().field("name", "worker").field("image", "emulated/worker:1");
  writer.name("environment").begin_array();
  writer.begin_object().field("name", "SQS_QUEUE_URL").field("value", queue_url).end_object();
  writer.end_array();
  if (on_group && group.resources.gpus > 0) {
    writer.name("resourceRequirements").begin_array().begin_object();
    writer.field("type", "GPU").field("value", "1").end_object().end_array();
  }
  writer.end_object().end_array();
  writer.field("taskRoleArn", fmt::format("arn:aws:iam::{}:role/task", kAccount));
  writer.field("cpu", "256").field("memory", "512").field("networkMode", "awsvpc");
  writer.name("requiresCompatibilities").begin_array().value(on_group ? "EC2" : "FARGATE");
  writer.end_array().end_object();
  return std::move(writer).text();
}

InstanceTypes own_types(const GroupOptions& group) {
  InstanceTypes types;
  if (!group.instance_type.empty()) {
    types.add(group.instance_type, group.resources);
  }
  return types;
}

Result<void> make_group(const EmulatorOptions& options, ScalingGroupsApi& groups, EcsPlaces& ecs) {
  const Caller caller{.region = options.region};
  json::Writer configuration;
  configuration.begin_object()
      .field("LaunchConfigurationName", kOwnGroup)
      .field("InstanceType", options.group.instance_type)
      .end_object();
  TRY(ask(groups, caller, "CreateLaunchConfiguration", std::move(configuration).text()));
  json::Writer group;
  group.begin_object()
      .field("AutoScalingGroupName", kOwnGroup)
      .field("LaunchConfigurationName", kOwnGroup)
      .field("MinSize", 0)
      .field("MaxSize", options.group.max)
      .field("NewInstancesProtectedFromScaleIn", true)
      .name("AvailabilityZones")
      .begin_array();
  for (int zone = 0; zone < kZones; ++zone) {
    group.value(fmt::format("{}{}", options.region, static_cast<char>('a' + zone)));
  }
  group.end_array().end_object();
  TRY(ask(groups, caller, "CreateAutoScalingGroup", std::move(group).text()));
  const std::string_view managed = options.group.managed_scaling ? "ENABLED" : "DISABLED";
  json::Writer provider;
  provider.begin_object().field("name", kOwnGroup).name("autoScalingGroupProvider").begin_object();
  provider.field("autoScalingGroupArn", scaling_group_arn(options.region, kOwnGroup));
  provider.name("managedScaling").begin_object().field("status", managed).end_object();
  // Without draining, who ends an instance too early loses tasks, as a rehearsal should show.
  provider.field("managedTerminationProtection", managed).field("managedDraining", managed);
  provider.end_object().end_object();
  TRY(ask(ecs, caller, "CreateCapacityProvider", std::move(provider).text()));
  json::Writer cluster;
  cluster.begin_object().field("cluster", options.cluster).name("capacityProviders").begin_array();
  cluster.value(kOwnGroup).end_array().name("defaultCapacityProviderStrategy").begin_array();
  cluster.begin_object().field("capacityProvider", kOwnGroup).field("weight", 1);
  cluster.field("base", 0).end_object().end_array().end_object();
  return ask(ecs, caller, "PutClusterCapacityProviders", std::move(cluster).text());
}

void place_on_group(world::ServiceDefinition& service, const world::TaskDefinition& definition) {
  service.launch_type = "EC2";
  service.groups = {std::string(kOwnGroup)};
  service.capacity_provider = kOwnGroup;
  service.behaviour.needs = needs_of(definition);
  service.shown.insert_or_assign(
      "capacityProviderStrategy",
      fmt::format(R"([{{"capacityProvider":"{}","weight":1,"base":0}}])", kOwnGroup));
}

Result<void> grant_group_wish(world::World& world, const std::string& text) {
  constexpr std::int64_t kManyInstances = 1000;
  const json::Value document = TRY(json::parse(text));
  const json::Reader root(document, "$");
  TRY(root.only_fields({"group", "no_capacity", "unregistered", "reclaim", "notice", "disconnect",
                        "connect", "rebalance"}));
  const json::Reader name = TRY(root.field("group"));
  world::InstanceGroup* const group = world.find_group(TRY(name.string()));
  if (group == nullptr) {
    return fail(ErrorKind::Malformed, "there is no such group");
  }
  if (const auto count = root.optional_field("unregistered")) {
    group->lose_registrations(TRY(count->integer({.min = 0, .max = kManyInstances})));
  }
  if (const auto reason = root.optional_field("no_capacity")) {
    group->fail_launches(TRY(reason->string()), world.now());
  }
  if (const auto id = root.optional_field("reclaim")) {
    const auto notice = root.optional_field("notice");
    group->reclaim(*TRY(instance_of(*group, *id)), world.now(),
                   notice ? TRY(notice->seconds()) : world::kSpotNotice);
  }
  for (const bool connected : {false, true}) {
    if (const auto id = root.optional_field(connected ? "connect" : "disconnect")) {
      group->set_agent_connected(*TRY(instance_of(*group, *id)), connected);
    }
  }
  if (const auto rebalance = root.optional_field("rebalance");
      rebalance && TRY(rebalance->boolean())) {
    group->rebalance(world.now());
  }
  return {};
}

}  // namespace scaler::emulator
