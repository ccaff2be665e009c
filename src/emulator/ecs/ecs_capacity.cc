#include <algorithm>
#include <utility>

#include "emulator/ecs/ecs_api.h"
#include "ground/base/text.h"
#include "ground/json/members.h"

// The part of EcsApi that brings capacity providers, clusters and groups of instances together.

namespace scaler::emulator {
namespace {

const json::Array kNoProviders;

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

bool lists(const world::Cluster& cluster, std::string_view provider) {
  const auto found = cluster.shown.find("capacityProviders");
  return cluster.active && found != cluster.shown.end() &&
         found->second.contains('"' + std::string(provider) + '"');
}

}  // namespace

void EcsApi::attach_groups() {
  for (const auto& [group_key, group] : world_.groups()) {
    if (!place_.has(group_key)) {
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

std::string EcsApi::provider_of(const world::InstanceGroup& group) const {
  const auto found = std::ranges::find_if(capacity_providers_, [&](const auto& named) {
    return place_.world_name(group_name(named.second.group)) == group.name();
  });
  return found == capacity_providers_.end() ? "" : found->first;
}

/// By the request's strategy or the cluster's; of several providers by the heaviest. With launch
/// type EC2 by whatever instances the cluster has.
EcsApi::Placement EcsApi::placement(const Input& input, const world::Cluster& cluster) const {
  Placement place;
  if (input.has("launchType")) {
    for (const auto& [name, group] : world_.groups()) {
      if (input.text("launchType") == "EC2" && group->settings().cluster == cluster.name) {
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
    const std::string group = place_.world_name(group_name(provider->second.group));
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
