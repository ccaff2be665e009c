#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "emulator/ecs/ecs_api.h"
#include "emulator/ecs/ecs_fields.h"
#include "emulator/ecs/ecs_input.h"
#include "emulator/ecs/ecs_names.h"

// The part of EcsApi that deals with what belongs to the account: capacity providers and settings.
// Only groups of instances have an effect: ecs_capacity.cc.

namespace scaler::emulator {
namespace {

constexpr std::array<std::string_view, 2> kFargate{{"FARGATE", "FARGATE_SPOT"}};

struct Setting {
  std::string_view name = {};
  std::string_view otherwise = {};  ///< what holds until it is set
};
constexpr std::array<Setting, 12> kSettings{{{"serviceLongArnFormat", "enabled"},
                                             {"taskLongArnFormat", "enabled"},
                                             {"containerInstanceLongArnFormat", "enabled"},
                                             {"containerLongArnFormat", "enabled"},
                                             {"awsvpcTrunking", "disabled"},
                                             {"dualStackIPv6", "disabled"},
                                             {"containerInsights", "disabled"},
                                             {"fargateFIPSMode", "disabled"},
                                             {"tagResourceAuthorization", "on"},
                                             {"fargateTaskRetirementWaitPeriod", "7"},
                                             {"guardDutyActivate", "off"},
                                             {"defaultLogDriverMode", "non-blocking"}}};

ApiResult<void> check_setting(std::string_view name) {
  if (std::ranges::find(kSettings, name, &Setting::name) != kSettings.end()) {
    return {};
  }
  return bad_parameter(
      fmt::format("{} should be one of [serviceLongArnFormat,taskLongArnFormat,"
                  "containerInstanceLongArnFormat,containerLongArnFormat,awsvpcTrunking,"
                  "containerInsights,dualStackIPv6]",
                  name));
}

void write_setting(json::Writer& writer, std::string_view name, std::string_view value) {
  writer.begin_object().field("name", name).field("value", value).end_object();
}

/// The group's members with those of the request over them; scaling is merged member by member.
void merge(json::Object& into, const json::Object& changes) {
  for (const auto& [name, value] : changes) {
    const auto found =
        std::ranges::find(into, name, [](const auto& member) { return member.first; });
    auto* const inner =
        found == into.end() ? nullptr : std::get_if<json::Object>(&found->second.data());
    const auto* const inner_changes = std::get_if<json::Object>(&value.data());
    if (inner != nullptr && inner_changes != nullptr) {
      merge(*inner, *inner_changes);
    } else if (found != into.end()) {
      found->second = value;
    } else {
      into.emplace_back(name, value);
    }
  }
}

/// What holds for a group of which nothing is said.
json::Object default_group() {
  const auto number = [](std::int64_t value) { return json::Value(value); };
  const auto text = [](std::string_view value) { return json::Value(std::string(value)); };
  json::Object scaling{{"status", text("DISABLED")},
                       {"targetCapacity", number(100)},
                       {"minimumScalingStepSize", number(1)},
                       {"maximumScalingStepSize", number(10'000)},
                       {"instanceWarmupPeriod", number(300)}};
  return {{"managedScaling", json::Value(std::move(scaling))},
          {"managedTerminationProtection", text("DISABLED")},
          {"managedDraining", text("ENABLED")}};
}

constexpr std::string_view kGroupProvider = "autoScalingGroupProvider";
constexpr std::string_view kManagedProvider = "managedInstancesProvider";

const json::Object* structure_in(const Input& input, std::string_view name) {
  const json::Value* const member = input.member(name);
  return member == nullptr ? nullptr : std::get_if<json::Object>(&member->data());
}

std::string_view provider_name(const EcsPlace& place, std::string_view text) {
  return place.arn_rest(text, "capacity-provider").value_or(text);
}

}  // namespace

EcsApi::Operations EcsApi::account_operations() {
  using enum FieldKind;
  constexpr Field kProvider{"capacityProvider", Text, kNeeded};
  constexpr Field kName{"name", Text, kNeeded};
  constexpr Field kGroup{"autoScalingGroupProvider", Any};
  constexpr Field kManaged{"managedInstancesProvider", Any};
  return {
      {"CreateCapacityProvider",
       {{kName, kCluster, kGroup, kManaged, kTags}, &EcsApi::create_capacity_provider}},
      {"UpdateCapacityProvider",
       {{kName, kCluster, kGroup, kManaged}, &EcsApi::update_capacity_provider}},
      {"DescribeCapacityProviders",
       {{{"capacityProviders", Texts}, kCluster, kInclude, kLimit, kToken},
        &EcsApi::describe_capacity_providers}},
      {"DeleteCapacityProvider", {{kProvider, kCluster}, &EcsApi::delete_capacity_provider}},
      {"PutAccountSetting",
       {{kName, {"value", Text, kNeeded}, {"principalArn"}}, &EcsApi::put_account_setting}},
      {"PutAccountSettingDefault",
       {{kName, {"value", Text, kNeeded}}, &EcsApi::put_account_setting}},
      {"ListAccountSettings",
       {{{"name"}, {"value"}, {"principalArn"}, {"effectiveSettings", Flag}, kToken, kLimit},
        &EcsApi::list_account_settings}},
      {"DeleteAccountSetting", {{kName, {"principalArn"}}, &EcsApi::delete_account_setting}},
      {"DiscoverPollEndpoint",
       {{{"cluster"}, {"containerInstance"}}, &EcsApi::discover_poll_endpoint}},
  };
}

void EcsApi::write_capacity_provider(json::Writer& writer, std::string_view name,
                                     const CapacityProvider& provider, WithTags with_tags) const {
  writer.begin_object()
      .field("capacityProviderArn", capacity_provider_arn(place_.region(), place_.world_name(name)))
      .field("name", name)
      .field("status", "ACTIVE");
  if (!provider.managed.empty()) {
    writer.field("type", "MANAGED_INSTANCES")
        .field("cluster", cluster_arn(place_.region(), provider.cluster))
        .field("managedInstancesProvider", json::Value(provider.managed));
  } else if (!provider.group.empty()) {
    writer.field("type", "EC2_AUTOSCALING")
        .field("autoScalingGroupProvider", json::Value(provider.group));
  } else {
    writer.field("type", name);
  }
  if (with_tags == WithTags::Yes) {
    write_tags(writer, provider.tags);
  }
  writer.end_object();
}

ApiAnswer EcsApi::create_capacity_provider(const Input& input, const Caller&) {
  const std::string_view name = input.text("name");
  if (!valid_ecs_name(name) || name.starts_with("aws") || name.starts_with("ecs") ||
      name.starts_with("fargate")) {
    return bad_parameter(
        "The specified capacity provider name is invalid. Up to 255 letters, numbers, underscores, "
        "and hyphens are allowed, and the name cannot be prefixed with aws, ecs, or fargate.");
  }
  if (capacity_providers_.contains(name)) {
    return bad_parameter("The specified capacity provider already exists.");
  }
  const auto* const group = structure_in(input, kGroupProvider);
  const auto* const managed = structure_in(input, kManagedProvider);
  if ((group == nullptr) == (managed == nullptr)) {
    return bad_parameter(
        "Exactly one of autoScalingGroupProvider and managedInstancesProvider must be a "
        "structure.");
  }
  CapacityProvider provider{.tags = TRY(with_tags({}, input))};
  if (managed != nullptr) {
    provider.managed = *managed;
    return create_managed_instances(input, std::move(provider));
  }
  provider.group = default_group();
  merge(provider.group, *group);
  capacity_providers_.emplace(name, provider);
  attach_groups();
  return provider_answer(name, provider);
}

std::string EcsApi::provider_answer(std::string_view name, const CapacityProvider& provider) const {
  json::Writer writer;
  writer.begin_object().name("capacityProvider");
  write_capacity_provider(writer, name, provider, WithTags::Yes);
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::update_capacity_provider(const Input& input, const Caller&) {
  const auto found = capacity_providers_.find(provider_name(place_, input.text("name")));
  if (found == capacity_providers_.end()) {
    return refuse("ClientException", "The specified capacity provider does not exist.");
  }
  auto& [name, provider] = *found;
  const bool is_managed = !provider.managed.empty();
  const auto* const change = structure_in(input, is_managed ? kManagedProvider : kGroupProvider);
  if (change == nullptr) {
    return bad_parameter("The structure of the capacity provider's own type is missing.");
  }
  merge(is_managed ? provider.managed : provider.group, *change);
  if (is_managed) {
    change_managed_instances(name, provider);
  }
  attach_groups();
  return provider_answer(name, provider);
}

ApiAnswer EcsApi::describe_capacity_providers(const Input& input, const Caller& caller) {
  TRY(check_include(input, {"TAGS"}));
  std::vector<std::string_view> names;
  for (const std::string_view text : input.texts("capacityProviders")) {
    names.push_back(provider_name(place_, text));
  }
  if (!input.has("capacityProviders")) {
    names.assign(kFargate.begin(), kFargate.end());
    for (const auto& [name, provider] : capacity_providers_) {
      names.push_back(name);
    }
  }
  json::Writer writer;
  json::Writer failures;
  writer.begin_object().name("capacityProviders").begin_array();
  failures.begin_array();
  for (const std::string_view name : names) {
    const auto found = capacity_providers_.find(name);
    if (found != capacity_providers_.end()) {
      write_capacity_provider(writer, name, found->second, wants_tags(input));
    } else if (listed(kFargate, name)) {
      write_capacity_provider(writer, name, {}, wants_tags(input));
    } else {
      // Unlike that of a provider that is there, with an underscore.
      write_failure(failures,
                    fmt::format("arn:aws:ecs:{}:{}:capacity_provider/{}", caller.region,
                                caller.account, name),
                    "MISSING");
    }
  }
  failures.end_array();
  writer.end_array().name("failures").raw(failures.text()).end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::delete_capacity_provider(const Input& input, const Caller&) {
  const std::string_view name = provider_name(place_, input.text("capacityProvider"));
  const auto found = capacity_providers_.find(name);
  if (found == capacity_providers_.end()) {
    return bad_parameter(listed(kFargate, name)
                             ? "The specified capacity provider cannot be deleted."
                             : "The specified capacity provider does not exist.");
  }
  const std::string quoted = fmt::format("\"{}\"", name);
  for (const auto& [cluster_name, cluster] : world_.clusters()) {
    const auto used = cluster.shown.find("capacityProviders");
    if (place_.has(cluster_name) && cluster.active && used != cluster.shown.end() &&
        used->second.contains(quoted)) {
      return refuse("ClientException",
                    "The specified capacity provider is in use and cannot be removed.");
    }
  }
  std::string answer = provider_answer(name, found->second);
  if (world::InstanceGroup* const managed = world_.find_group(managed_group(name))) {
    world_.delete_group(*managed);
  }
  capacity_providers_.erase(found);
  attach_groups();
  return answer;
}

ApiAnswer EcsApi::put_account_setting(const Input& input, const Caller&) {
  const std::string_view name = input.text("name");
  TRY(check_setting(name));
  account_settings_.insert_or_assign(std::string(name), std::string(input.text("value")));
  json::Writer writer;
  writer.begin_object().name("setting");
  write_setting(writer, name, input.text("value"));
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::list_account_settings(const Input& input, const Caller&) {
  if (input.has("name")) {
    TRY(check_setting(input.text("name")));
  }
  json::Writer writer;
  writer.begin_object().name("settings").begin_array();
  for (const auto& [name, otherwise] : kSettings) {
    const auto found = account_settings_.find(name);
    const bool set = found != account_settings_.end();
    const std::string_view value = set ? std::string_view(found->second) : otherwise;
    if ((set || input.flag("effectiveSettings")) &&
        (!input.has("name") || input.text("name") == name) &&
        (!input.has("value") || input.text("value") == value)) {
      write_setting(writer, name, value);
    }
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

ApiAnswer EcsApi::delete_account_setting(const Input& input, const Caller&) {
  const std::string_view name = input.text("name");
  TRY(check_setting(name));
  const auto found = account_settings_.find(name);
  json::Writer writer;
  writer.begin_object().name("setting");
  write_setting(writer, name, found == account_settings_.end() ? "" : found->second);
  writer.end_object();
  account_settings_.erase(std::string(name));
  return std::move(writer).text();
}

ApiAnswer EcsApi::discover_poll_endpoint(const Input&, const Caller& caller) {
  json::Writer writer;
  writer.begin_object();
  for (const std::string_view name : {"endpoint", "telemetryEndpoint"}) {
    writer.field(name, fmt::format("https://ecs.{}.amazonaws.com/", caller.region));
  }
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
