#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/autoscaling/scaling_groups_api.h"
#include "emulator/sqs/digests.h"
#include "ground/base/text.h"
#include "ground/json/members.h"

// The part of ScalingGroupsApi that tells.

namespace scaler::emulator {
namespace {

constexpr std::int64_t kPageMax = 100;

std::string zone_of(std::string_view region, const world::Instance& instance) {
  return fmt::format("{}{}", region, static_cast<char>('a' + static_cast<int>(instance.zone)));
}

/// One page: `write` writes an item. The token is the number of items before it.
template <typename Item, typename Write>
ApiAnswer page_of(std::string_view list, const std::vector<Item>& items, const Input& input,
                  std::int64_t limit_default, const Write& write) {
  const std::int64_t limit = input.integer("MaxRecords").value_or(limit_default);
  if (limit < 1 || limit > kPageMax) {
    return validation_error(fmt::format("MaxRecords must be between 1 and {}.", kPageMax));
  }
  const std::string_view token = input.text("NextToken");
  const auto first = token.empty() ? std::optional<std::size_t>(0) : number_of<std::size_t>(token);
  if (!first || *first > items.size()) {
    return refuse("InvalidNextToken", "The token is not valid.");
  }
  const std::size_t end = std::min(items.size(), *first + static_cast<std::size_t>(limit));
  json::Writer writer;
  writer.begin_object().name(list).begin_array();
  for (std::size_t i = *first; i < end; ++i) {
    write(writer, items[i]);
  }
  writer.end_array();
  if (end < items.size()) {
    writer.field("NextToken", fmt::format("{}", end));
  }
  writer.end_object();
  return std::move(writer).text();
}

template <typename Names>
bool wanted(const Names& names, std::string_view name) {
  return names.empty() || listed(names, name);
}

std::vector<std::string_view> values_of(const json::Value& filter) {
  std::vector<std::string_view> values;
  const json::Value* const found = filter.find("Values");
  if (const auto* array = found == nullptr ? nullptr : std::get_if<json::Array>(&found->data())) {
    for (const json::Value& value : *array) {
      const auto* const text = std::get_if<std::string>(&value.data());
      values.push_back(text == nullptr ? std::string_view() : *text);
    }
  }
  return values;
}

/// By tags: "tag:<key>", "tag-key" and "tag-value".
ApiResult<bool> passes(const world::InstanceGroup& group, const json::Array& filters) {
  constexpr std::string_view kTag = "tag:";
  for (const json::Value& filter : filters) {
    const std::string_view name = json::text_in(filter, "Name");
    const std::vector<std::string_view> values = values_of(filter);
    const bool some = std::ranges::any_of(group.tags, [&](const auto& tag) {
      return (name == "tag-key" && listed(values, tag.first)) ||
             (name == "tag-value" && listed(values, tag.second)) ||
             (name.starts_with(kTag) && name.substr(kTag.size()) == tag.first &&
              listed(values, tag.second));
    });
    if (name != "tag-key" && name != "tag-value" && !name.starts_with(kTag)) {
      return validation_error(fmt::format("Filter type {} is not correct.", name));
    }
    if (!some) {
      return false;
    }
  }
  return true;
}

void write_common(json::Writer& writer, const world::InstanceGroup& group,
                  const world::Instance& instance, std::string_view region) {
  writer.field("InstanceId", instance.id)
      .field("InstanceType", group.settings().instance_type)
      .field("AvailabilityZone", zone_of(region, instance))
      .field("LifecycleState", world::to_string(instance.lifecycle))
      .field("ProtectedFromScaleIn", instance.is_protected);
}

const json::Value* shown(const json::Object& object, std::string_view name) {
  const auto found =
      std::ranges::find(object, name, [](const auto& member) { return member.first; });
  return found == object.end() ? nullptr : &found->second;
}

void write_zones(json::Writer& writer, const world::InstanceGroup& group, std::string_view region) {
  writer.name("AvailabilityZones").begin_array();
  for (std::size_t zone = 0; zone < group.settings().zones; ++zone) {
    writer.value(zone_of(region, {.zone = zone}));
  }
  writer.end_array();
}

}  // namespace

void write_zone(json::Writer& writer, std::string_view region, std::size_t zone) {
  writer.field("AvailabilityZone", zone_of(region, {.zone = zone}));
}

std::string scaling_group_arn(std::string_view region, std::string_view name) {
  const std::string digits = md5_hex(name);
  const std::string_view d = digits;
  return fmt::format(
      "arn:aws:autoscaling:{}:{}:autoScalingGroup:{}-{}-{}-{}-{}:"
      "autoScalingGroupName/{}",
      region, kAccount, d.substr(0, 8), d.substr(8, 4), d.substr(12, 4), d.substr(16, 4),
      d.substr(20), name);
}

void write_instance(json::Writer& writer, const world::InstanceGroup& group,
                    const world::Instance& instance, std::string_view region) {
  writer.begin_object();
  write_common(writer, group, instance, region);
  writer.field("HealthStatus", "Healthy").end_object();
}

void write_activity(json::Writer& writer, const world::InstanceGroup& group,
                    const world::Activity& activity, const Caller& caller) {
  writer.begin_object()
      .field("ActivityId", activity.id)
      .field("AutoScalingGroupName", group.name())
      .field("AutoScalingGroupARN", scaling_group_arn(caller.region, group.name()))
      .field("Description", activity.description)
      .field("Cause", activity.cause)
      .field("StartTime", format_instant(activity.started_at))
      .field("StatusCode", activity.status)
      .field("Progress", activity.ended_at ? 100 : 50)
      .field("Details", "{}");
  if (!activity.message.empty()) {
    writer.field("StatusMessage", activity.message);
  }
  if (activity.ended_at) {
    writer.field("EndTime", format_instant(*activity.ended_at));
  }
  writer.end_object();
}

void ScalingGroupsApi::write_group(json::Writer& writer, const world::InstanceGroup& group,
                                   const Caller& caller, bool with_instances) const {
  const world::GroupSettings& settings = group.settings();
  const json::Object& told = kept(group).shown;
  const auto integer = [&](std::string_view name, std::int64_t otherwise) {
    const json::Value* const value = shown(told, name);
    value == nullptr ? writer.field(name, otherwise) : writer.field(name, *value);
  };
  writer.begin_object()
      .field("AutoScalingGroupName", group.name())
      .field("AutoScalingGroupARN", scaling_group_arn(caller.region, group.name()))
      .field("MinSize", settings.min)
      .field("MaxSize", settings.max)
      .field("DesiredCapacity", group.desired())
      .field("CreatedTime", format_instant(group.created_at()))
      .field("NewInstancesProtectedFromScaleIn", settings.protects_new);
  integer("DefaultCooldown", 300);
  integer("HealthCheckGracePeriod", 0);
  write_zones(writer, group, caller.region);
  const json::Value* const health = shown(told, "HealthCheckType");
  writer.field("HealthCheckType", health == nullptr ? json::Value(std::string("EC2")) : *health);
  for (const auto& [name, value] : told) {
    if (!listed(std::array<std::string_view, 4>{"DefaultCooldown", "HealthCheckGracePeriod",
                                                "HealthCheckType", "AvailabilityZones"},
                name)) {
      writer.field(name, value);
    }
  }
  writer.name("Instances").begin_array();
  for (const auto& [number, instance] : group.instances()) {
    if (with_instances) {
      write_instance(writer, group, instance, caller.region);
    }
  }
  writer.end_array();
  if (settings.warm_pool) {
    writer.field("WarmPoolSize", std::ssize(group.warm_pool()));
  }
  writer.name("SuspendedProcesses").begin_array();
  for (const std::string& process : group.suspended()) {
    writer.begin_object().field("ProcessName", process);
    writer.field("SuspensionReason", "User suspended").end_object();
  }
  writer.end_array().name("Tags").begin_array();
  for (const auto& [key, value] : group.tags) {
    writer.begin_object().field("ResourceId", group.name());
    writer.field("ResourceType", "auto-scaling-group").field("Key", key).field("Value", value);
    writer.field("PropagateAtLaunch", true).end_object();
  }
  writer.end_array().end_object();
}

ApiAnswer ScalingGroupsApi::describe_groups(const Input& input, const Caller& caller) {
  const std::vector<std::string_view> names = input.texts("AutoScalingGroupNames");
  std::vector<const world::InstanceGroup*> groups;
  for (const auto& [name, group] : world_.groups()) {
    if (!is_hidden(*group) && wanted(names, name) &&
        TRY(passes(*group, input.objects("Filters")))) {
      groups.push_back(group.get());
    }
  }
  const bool with_instances = !input.has("IncludeInstances") || input.flag("IncludeInstances");
  return page_of("AutoScalingGroups", groups, input, 50,
                 [&](json::Writer& writer, const world::InstanceGroup* group) {
                   write_group(writer, *group, caller, with_instances);
                 });
}

ApiAnswer ScalingGroupsApi::describe_instances(const Input& input, const Caller& caller) {
  const std::vector<std::string_view> ids = input.texts("InstanceIds");
  std::vector<std::pair<const world::InstanceGroup*, const world::Instance*>> instances;
  for (const auto& [name, group] : world_.groups()) {
    for (const auto& [number, instance] : group->instances()) {
      if (!is_hidden(*group) && wanted(ids, instance.id)) {
        instances.emplace_back(group.get(), &instance);
      }
    }
  }
  return page_of(
      "AutoScalingInstances", instances, input, 50, [&](json::Writer& writer, const auto& found) {
        writer.begin_object();
        write_common(writer, *found.first, *found.second, caller.region);
        writer.field("AutoScalingGroupName", found.first->name());
        writer.field("HealthStatus", "HEALTHY");
        const json::Object& told = kept(*found.first).shown;
        for (const std::string_view name : {"LaunchConfigurationName", "LaunchTemplate"}) {
          if (const json::Value* const value = shown(told, name)) {
            writer.field(name, *value);
          }
        }
        writer.end_object();
      });
}

ApiAnswer ScalingGroupsApi::describe_activities(const Input& input, const Caller& caller) {
  const std::vector<std::string_view> ids = input.texts("ActivityIds");
  std::vector<std::string_view> statuses;
  for (const json::Value& filter : input.objects("Filters")) {
    if (json::text_in(filter, "Name") == "Status") {
      statuses = values_of(filter);
    }
  }
  if (input.has("AutoScalingGroupName")) {
    TRY(find_group(input));
  }
  std::vector<std::pair<const world::InstanceGroup*, const world::Activity*>> activities;
  for (const auto& [name, group] : world_.groups()) {
    if (is_hidden(*group) ||
        (input.has("AutoScalingGroupName") && input.text("AutoScalingGroupName") != name)) {
      continue;
    }
    for (const world::Activity& activity : group->activities()) {
      if (wanted(ids, activity.id) && wanted(statuses, activity.status)) {
        activities.emplace_back(group.get(), &activity);
      }
    }
  }
  return page_of("Activities", activities, input, kPageMax,
                 [&](json::Writer& writer, const auto& found) {
                   write_activity(writer, *found.first, *found.second, caller);
                 });
}

ApiAnswer ScalingGroupsApi::describe_policies(const Input& input, const Caller&) {
  const std::vector<std::string_view> names = input.texts("PolicyNames");
  const std::vector<std::string_view> types = input.texts("PolicyTypes");
  if (input.has("AutoScalingGroupName")) {
    TRY(find_group(input));
  }
  std::vector<const json::Object*> policies;
  for (const auto& [group, kept] : kept_) {
    if (input.has("AutoScalingGroupName") && input.text("AutoScalingGroupName") != group) {
      continue;
    }
    for (const auto& [name, policy] : kept.policies) {
      if (wanted(names, name) && wanted(types, json::text_in(json::Value(policy), "PolicyType"))) {
        policies.push_back(&policy);
      }
    }
  }
  return page_of(
      "ScalingPolicies", policies, input, 50,
      [](json::Writer& writer, const json::Object* policy) { writer.value(json::Value(*policy)); });
}

}  // namespace scaler::emulator
