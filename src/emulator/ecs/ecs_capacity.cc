#include <algorithm>
#include <utility>

#include "emulator/ecs/ecs_api.h"
#include "ground/base/text.h"
#include "ground/json/members.h"

// The part of EcsApi that brings capacity providers, clusters and groups of instances together.

namespace scaler::emulator {
namespace {

const json::Array kNoProviders;
constexpr std::int64_t kManagedMost = 1'000;  ///< instances

double number_in(const json::Value& object, std::string_view name, double otherwise) {
  const json::Value* const found = object.find(name);
  json::Writer writer;
  return found == nullptr
             ? otherwise
             : number_of<double>(std::move(writer.value(*found)).text()).value_or(otherwise);
}

/// Of a provider by the group's ARN, or its name.
std::string_view group_name(const json::Object& provider) {
  constexpr std::string_view kName = "autoScalingGroupName/";
  for (const auto& [name, value] : provider) {
    const auto* const text = std::get_if<std::string>(&value.data());
    if (name == "autoScalingGroupArn" && text != nullptr) {
      const std::size_t at = text->find(kName);
      return std::string_view(*text).substr(at == std::string::npos ? 0 : at + kName.size());
    }
  }
  return "";
}

std::optional<world::ManagedScaling> managed_scaling(const json::Value& provider) {
  const json::Value* const scaling = provider.find("managedScaling");
  if (scaling == nullptr || json::text_in(*scaling, "status") != "ENABLED") {
    return std::nullopt;
  }
  world::ManagedScaling managed;
  const auto integer = [&](std::string_view name, std::int64_t otherwise) {
    return static_cast<std::int64_t>(number_in(*scaling, name, static_cast<double>(otherwise)));
  };
  managed.target = number_in(*scaling, "targetCapacity", managed.target);
  managed.step_min = std::max<std::int64_t>(integer("minimumScalingStepSize", 1), 1);
  managed.step_max = std::max(integer("maximumScalingStepSize", 10'000), managed.step_min);
  managed.warm_up = std::chrono::seconds(integer("instanceWarmupPeriod", 300));
  managed.termination_protection =
      json::text_in(provider, "managedTerminationProtection") == "ENABLED";
  return managed;
}

/// The least that an instance must have by the provider's requirements; of the smallest that ECS
/// takes by itself.
world::Resources required(const json::Value& provider) {
  const json::Value* at = provider.find("instanceLaunchTemplate");
  at = at == nullptr ? nullptr : at->find("instanceRequirements");
  const auto least = [at](std::string_view name, std::int64_t otherwise) {
    const json::Value* const range = at == nullptr ? nullptr : at->find(name);
    return range == nullptr ? otherwise : json::whole_in(*range, "min").value_or(otherwise);
  };
  constexpr std::int64_t kCpu = 1024;
  return {.cpu = kCpu * least("vCpuCount", 2),
          .memory = least("memoryMiB", 3'800),
          .gpus = least("acceleratorCount", 0)};
}

/// ECS keeps an instance for a while of its own choice where nothing is said.
Duration scale_in_after(const json::Value& provider) {
  constexpr std::int64_t kChosen = 300;
  const json::Value* const thrift = provider.find("infrastructureOptimization");
  return std::chrono::seconds(
      thrift == nullptr ? kChosen : json::whole_in(*thrift, "scaleInAfter").value_or(kChosen));
}

bool lists(const world::Cluster& cluster, std::string_view provider) {
  const auto found = cluster.shown.find("capacityProviders");
  return cluster.active && found != cluster.shown.end() &&
         found->second.contains('"' + std::string(provider) + '"');
}

}  // namespace

void EcsApi::attach_groups() {
  for (const auto& [group_key, group] : world_.groups()) {
    if (!place_.has(group_key) || group->settings().scale_in_after) {
      continue;
    }
    world::GroupSettings settings = group->settings();
    settings.managed.reset();
    settings.drains = false;
    for (const auto& [name, provider] : capacity_providers_) {
      if (place_.world_name(group_name(provider.group)) != group_key) {
        continue;
      }
      for (const auto& [cluster_name, cluster] : world_.clusters()) {
        if (place_.has(cluster_name) && lists(cluster, name)) {
          const json::Value value(provider.group);
          settings.cluster = cluster_name;
          settings.managed = managed_scaling(value);
          settings.drains = json::text_in(value, "managedDraining") == "ENABLED";
        }
      }
    }
    group->change(std::move(settings), world_.now());
  }
}

/// No group of EC2 Auto Scaling has a colon in its name.
std::string EcsApi::managed_group(std::string_view provider) const {
  return place_.world_name(fmt::format("managed:{}", provider));
}

ApiAnswer EcsApi::create_managed_instances(const Input& input, CapacityProvider provider) {
  const std::string_view name = input.text("name");
  if (!input.has("cluster")) {
    return bad_parameter("A capacity provider of Managed Instances needs a cluster.");
  }
  const json::Value value(provider.managed);
  const Duration after = scale_in_after(value);
  if (after < std::chrono::seconds(-1) || after > std::chrono::hours(1)) {
    return bad_parameter("scaleInAfter must be between -1 and 3600.");
  }
  provider.cluster = TRY(find_cluster(input))->name;
  world_.create_group({.name = managed_group(name),
                       .cluster = provider.cluster,
                       .instance_type = "managed",
                       .resources = required(value),
                       .max = kManagedMost,
                       .launch = {.min = std::chrono::seconds(15), .max = std::chrono::seconds(25)},
                       .agent = {.min = std::chrono::seconds(5), .max = std::chrono::seconds(10)},
                       .drains = true,
                       .scale_in_after = after});
  capacity_providers_.emplace(name, provider);
  return provider_answer(name, provider);
}

void EcsApi::change_managed_instances(std::string_view name, const CapacityProvider& provider) {
  if (world::InstanceGroup* const group = world_.find_group(managed_group(name))) {
    const json::Value value(provider.managed);
    world::GroupSettings settings = group->settings();
    settings.scale_in_after = scale_in_after(value);
    settings.resources = required(value);
    group->change(std::move(settings), world_.now());
  }
}

/// ECS chooses types on which the tasks fit: those that come from now on are no smaller.
void EcsApi::fit_managed_instances(const Placement& place, const world::Resources& needs) {
  for (const std::string& name : place.groups) {
    world::InstanceGroup* const group = world_.find_group(name);
    if (group != nullptr && group->settings().scale_in_after) {
      world::GroupSettings settings = group->settings();
      world::Resources& has = settings.resources;
      has = {.cpu = std::max(has.cpu, needs.cpu),
             .memory = std::max(has.memory, needs.memory),
             .gpus = std::max(has.gpus, needs.gpus)};
      group->change(std::move(settings), world_.now());
    }
  }
}

std::string EcsApi::provider_of(const world::InstanceGroup& group) const {
  const auto found = std::ranges::find_if(capacity_providers_, [&](const auto& named) {
    return (named.second.managed.empty() ? place_.world_name(group_name(named.second.group))
                                         : managed_group(named.first)) == group.name();
  });
  return found == capacity_providers_.end() ? "" : found->first;
}

/// By the request's strategy or the cluster's; of several providers by the heaviest. With launch
/// type EC2 by whatever instances the cluster has.
EcsApi::Placement EcsApi::placement(const Input& input, const world::Cluster& cluster) const {
  Placement place;
  if (input.has("launchType")) {
    for (const auto& [name, group] : world_.groups()) {
      if (input.text("launchType") == "EC2" && group->settings().cluster == cluster.name &&
          !group->settings().scale_in_after) {
        place.groups.push_back(name);
      }
    }
    return place;
  }
  json::Value strategy(input.objects("capacityProviderStrategy"));
  if (const auto found = cluster.shown.find("defaultCapacityProviderStrategy");
      !input.has("capacityProviderStrategy") && found != cluster.shown.end()) {
    strategy = json::parse(found->second).value_or(strategy);
  }
  double heaviest = -1;
  const auto* const providers = std::get_if<json::Array>(&strategy.data());
  for (const json::Value& item : providers == nullptr ? kNoProviders : *providers) {
    const std::string name(json::text_in(item, "capacityProvider"));
    const auto provider = capacity_providers_.find(name);
    if (provider == capacity_providers_.end()) {
      continue;
    }
    const std::string group = provider->second.managed.empty()
                                  ? place_.world_name(group_name(provider->second.group))
                                  : managed_group(name);
    const double weight = number_in(item, "weight", 0);
    if (world_.find_group(group) == nullptr) {
      continue;
    }
    if (weight > heaviest) {
      heaviest = weight;
      place.capacity_provider = name;
      place.groups.insert(place.groups.begin(), group);
    } else {
      place.groups.push_back(group);
    }
  }
  return place;
}

}  // namespace scaler::emulator
