#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"
#include "ground/base/text.h"

// The part of EcsApi that deals with container instances.

namespace scaler::emulator {
namespace {

using world::AgentRegistration;
using world::Cluster;
using world::Instance;
using Found = world::World::FoundInstance;

constexpr std::size_t kInstancesPerDescribe = 100;
constexpr std::size_t kInstancesPerUpdate = 10;

struct TaskCounts {
  std::int64_t running = 0;
  std::int64_t pending = 0;
};

/// Tasks whose desired status is RUNNING: one that stops is in neither count until it has stopped.
TaskCounts tasks_on(const Cluster& cluster, const Instance& instance) {
  TaskCounts counts;
  for (const world::Service* const holder : cluster.task_holders()) {
    for (const auto& [number, task] : holder->tasks()) {
      if (task.container_instance == instance.container_id) {
        counts.running += task.state == world::TaskState::Running ? 1 : 0;
        counts.pending += task.state < world::TaskState::Running ? 1 : 0;
      }
    }
  }
  return counts;
}

std::string_view status_of(const Instance& instance) {
  return instance.registration == AgentRegistration::Draining ? "DRAINING" : "ACTIVE";
}

std::string zone_of(std::string_view region, const Instance& instance) {
  return fmt::format("{}{}", region, static_cast<char>('a' + static_cast<int>(instance.zone)));
}

/// What a filter may speak about, as the cluster query language names it; nothing: it is not known.
std::optional<std::string> queried(const Cluster& cluster, const Found& found,
                                   std::string_view name, std::string_view region) {
  const Instance& instance = *found.instance;
  const TaskCounts counts = tasks_on(cluster, instance);
  constexpr std::string_view kAttribute = "attribute:";
  if (name.starts_with(kAttribute)) {
    name.remove_prefix(kAttribute.size());
  }
  const std::array<std::pair<std::string_view, std::string>, 6> values{
      {{"ec2InstanceId", instance.id},
       {"agentConnected", instance.agent_connected ? "true" : "false"},
       {"runningTasksCount", fmt::format("{}", counts.running)},
       {"pendingTasksCount", fmt::format("{}", counts.pending)},
       {"ecs.instance-type", found.group->settings().instance_type},
       {"ecs.availability-zone", zone_of(region, instance)}}};
  const auto* const value =
      std::ranges::find(values, name, [](const auto& pair) { return pair.first; });
  return value == values.end() ? std::nullopt : std::optional(value->second);
}

struct Condition {
  std::string name = {};
  std::vector<std::string> values = {};
  bool unequal = false;
};

std::string_view trim(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string without_quotes(std::string_view text) {
  text = trim(text);
  const bool quoted = text.size() > 1 && (text.front() == '\'' || text.front() == '"');
  return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

/// "a == b", "a != b", "a in [b, c]", joined by "and".
ApiResult<std::vector<Condition>> read_filter(std::string_view text) {
  std::vector<Condition> conditions;
  constexpr std::string_view kAnd = " and ";
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find(kAnd), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + kAnd.size(), rest.size()));
    bool known = false;
    for (const std::string_view sign : {"==", "!=", " in "}) {
      const std::size_t at = part.find(sign);
      if (at == std::string_view::npos) {
        continue;
      }
      std::string_view values = trim(part.substr(at + sign.size()));
      Condition condition{.name = std::string(trim(part.substr(0, at))), .unequal = sign == "!="};
      if (sign == " in " && values.starts_with('[') && values.ends_with(']')) {
        values = values.substr(1, values.size() - 2);
      }
      for (const std::string_view value : split(values, ",")) {
        condition.values.push_back(without_quotes(value));
      }
      conditions.push_back(std::move(condition));
      known = true;
      break;
    }
    if (!known) {
      return bad_parameter(fmt::format("Invalid filter: {}", text));
    }
  }
  return conditions;
}

void write_resource(json::Writer& writer, std::string_view name, std::int64_t value) {
  writer.begin_object().field("name", name).field("type", "INTEGER");
  writer.field("doubleValue", 0.0).field("longValue", 0).field("integerValue", value).end_object();
}

/// `whole` is that of the instance: of its GPUs the last ones are those that are free.
void write_resources(json::Writer& writer, std::string_view list, const Instance& instance,
                     const world::Resources& amount) {
  writer.name(list).begin_array();
  write_resource(writer, "CPU", amount.cpu);
  write_resource(writer, "MEMORY", amount.memory);
  for (const std::string_view ports : {"PORTS", "PORTS_UDP"}) {
    writer.begin_object().field("name", ports).field("type", "STRINGSET");
    writer.name("stringSetValue").begin_array();
    if (ports == "PORTS") {
      for (const std::string_view port : {"22", "2376", "2375", "51678", "51679"}) {
        writer.value(port);
      }
    }
    writer.end_array().end_object();
  }
  if (instance.resources.gpus > 0) {
    writer.begin_object().field("name", "GPU").field("type", "STRINGSET");
    writer.name("stringSetValue").begin_array();
    for (std::int64_t i = instance.resources.gpus - amount.gpus; i < instance.resources.gpus; ++i) {
      const std::string_view id = instance.container_id;
      writer.value(fmt::format("GPU-{}-{}-{}-{}-{}{:02x}", id.substr(0, 8), id.substr(8, 4),
                               id.substr(12, 4), id.substr(16, 4), id.substr(20, 10), i));
    }
    writer.end_array().end_object();
  }
  writer.end_array();
}

}  // namespace

EcsApi::Operations EcsApi::instance_operations() {
  using enum FieldKind;
  constexpr Field kInstances{"containerInstances", Texts, kNeeded};
  return {
      {"ListContainerInstances",
       {{kCluster, kToken, kLimit, {"filter"}, {"status"}}, &EcsApi::list_container_instances}},
      {"DescribeContainerInstances",
       {{kCluster, kInstances, kInclude}, &EcsApi::describe_container_instances}},
      {"UpdateContainerInstancesState",
       {{kCluster, kInstances, {"status", Text, kNeeded}},
        &EcsApi::update_container_instances_state}},
  };
}

ApiResult<Found> EcsApi::find_container_instance(const Cluster& cluster,
                                                 std::string_view text) const {
  const auto id = place_.name_in_cluster(text, "container-instance", cluster.name);
  const Found found = id ? world_.find_instance(*id) : Found{};
  if (found.instance == nullptr || found.instance->container_id != *id ||
      found.instance->registration == AgentRegistration::None ||
      found.group->settings().cluster != cluster.name) {
    return bad_parameter("The container instance was not found.");
  }
  return found;
}

void EcsApi::write_container_instance(json::Writer& writer, const Cluster& cluster,
                                      const Found& found, std::string_view region,
                                      WithTags with_tags) const {
  const Instance& instance = *found.instance;
  const TaskCounts counts = tasks_on(cluster, instance);
  writer.begin_object()
      .field("containerInstanceArn",
             container_instance_arn(region, cluster.name, instance.container_id))
      .field("ec2InstanceId", instance.id);
  if (const std::string provider = provider_of(*found.group); !provider.empty()) {
    writer.field("capacityProviderName", provider);
  }
  writer.field("version", 1).name("versionInfo").begin_object();
  writer.field("agentVersion", "1.98.0").field("dockerVersion", "DockerVersion: 25.0.8");
  writer.end_object();
  write_resources(writer, "remainingResources", instance, instance.free);
  write_resources(writer, "registeredResources", instance, instance.resources);
  writer.field("status", status_of(instance))
      .field("agentConnected", instance.agent_connected)
      .field("runningTasksCount", counts.running)
      .field("pendingTasksCount", counts.pending)
      .name("attributes")
      .begin_array();
  for (const auto& [name, value] :
       {std::pair<std::string_view, std::string>("ecs.instance-type",
                                                 found.group->settings().instance_type),
        std::pair<std::string_view, std::string>("ecs.availability-zone",
                                                 zone_of(region, instance)),
        std::pair<std::string_view, std::string>("ecs.os-type", "linux")}) {
    writer.begin_object().field("name", name).field("value", value).end_object();
  }
  writer.end_array().name("attachments").begin_array().end_array();
  write_time(writer, "registeredAt", *instance.registered_at);
  const auto tags = instance_tags_.find(instance.container_id);
  write_tags(writer,
             with_tags == WithTags::Yes && tags != instance_tags_.end() ? tags->second : Tags());
  writer.end_object();
}

ApiAnswer EcsApi::list_container_instances(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::string_view status = input.text("status");
  if (!status.empty() && !listed(std::array{"ACTIVE", "DRAINING", "REGISTERING", "DEREGISTERING",
                                            "REGISTRATION_FAILED"},
                                 status)) {
    return bad_parameter("The status is not valid.");
  }
  std::vector<Condition> conditions;
  if (input.has("filter")) {
    conditions = TRY(read_filter(input.text("filter")));
  }
  std::vector<std::string> arns;
  for (const Found& found : world_.instances_of(*cluster)) {
    bool fits = status.empty() || status == status_of(*found.instance);
    for (const Condition& condition : conditions) {
      const auto value = queried(*cluster, found, condition.name, caller.region);
      if (!value) {
        return bad_parameter(fmt::format("The emulator knows no filter by {}.", condition.name));
      }
      fits = fits && listed(condition.values, *value) != condition.unequal;
    }
    if (fits) {
      arns.push_back(
          container_instance_arn(caller.region, cluster->name, found.instance->container_id));
    }
  }
  return arn_page("containerInstanceArns", std::move(arns), input, 100);
}

ApiAnswer EcsApi::container_instances(const Cluster& cluster,
                                      const std::vector<std::string_view>& texts,
                                      const Caller& caller, WithTags with_tags,
                                      const std::function<void(const Found&)>& first) const {
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("containerInstances").begin_array();
  failures.begin_array();
  for (const std::string_view text : texts) {
    if (const auto found = find_container_instance(cluster, text)) {
      first(*found);
      write_container_instance(writer, cluster, *found, caller.region, with_tags);
    } else {
      write_failure(failures,
                    text.starts_with("arn:")
                        ? std::string(text)
                        : container_instance_arn(caller.region, cluster.name, text),
                    "MISSING");
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::describe_container_instances(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::vector<std::string_view> texts = input.texts("containerInstances");
  TRY(check_size("Container Instances", texts.size(), kInstancesPerDescribe));
  TRY(check_include(input, {"TAGS", "CONTAINER_INSTANCE_HEALTH"}));
  return container_instances(*cluster, texts, caller, wants_tags(input), [](const Found&) {});
}

ApiAnswer EcsApi::update_container_instances_state(const Input& input, const Caller& caller) {
  const Cluster* const cluster = TRY(find_cluster(input));
  const std::vector<std::string_view> texts = input.texts("containerInstances");
  TRY(check_size("Container Instances", texts.size(), kInstancesPerUpdate));
  const std::string_view status = input.text("status");
  if (status != "ACTIVE" && status != "DRAINING") {
    return bad_parameter("Container instance status should be one of [ACTIVE,DRAINING]");
  }
  return container_instances(*cluster, texts, caller, WithTags::No, [&](const Found& found) {
    found.group->set_draining(*found.instance, status == "DRAINING", world_.now());
  });
}

}  // namespace scaler::emulator
