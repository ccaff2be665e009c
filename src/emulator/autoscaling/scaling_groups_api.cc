#include "emulator/autoscaling/scaling_groups_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "emulator/sqs/digests.h"
#include "ground/base/text.h"
#include "ground/json/members.h"

// The part of ScalingGroupsApi in which groups are made and changed.

namespace scaler::emulator {
namespace {

using enum FieldKind;
constexpr auto kNeeded = Presence::Required;
constexpr Field kGroup{"AutoScalingGroupName"};
constexpr Field kOfGroup{"AutoScalingGroupName", Text, kNeeded};
constexpr Field kLimit{"MaxRecords", Integer};
constexpr Field kToken{"NextToken"};
constexpr Field kTags{"Tags", Objects};

/// Fields of Create- and UpdateAutoScalingGroup that are kept and told, and have no other effect.
constexpr std::array<Field, 14> kKept{{{"LaunchConfigurationName"},
                                       {"LaunchTemplate", Any},
                                       {"MixedInstancesPolicy", Any},
                                       {"DefaultCooldown", Integer},
                                       {"AvailabilityZones", Texts},
                                       {"HealthCheckType"},
                                       {"HealthCheckGracePeriod", Integer},
                                       {"PlacementGroup"},
                                       {"VPCZoneIdentifier"},
                                       {"TerminationPolicies", Texts},
                                       {"ServiceLinkedRoleARN"},
                                       {"MaxInstanceLifetime", Integer},
                                       {"CapacityRebalance", Flag},
                                       {"DefaultInstanceWarmup", Integer}}};

std::vector<Field> with_kept(std::vector<Field> fields) {
  fields.insert(fields.end(), {kOfGroup,
                               {"MinSize", Integer},
                               {"MaxSize", Integer},
                               {"DesiredCapacity", Integer},
                               {"NewInstancesProtectedFromScaleIn", Flag}});
  fields.insert(fields.end(), kKept.begin(), kKept.end());
  return fields;
}

std::vector<Field> pool_fields() {
  return {kOfGroup,
          {"MaxGroupPreparedCapacity", Integer},
          {"MinSize", Integer},
          {"PoolState"},
          {"InstanceReusePolicy", Any}};
}

void keep(json::Object& shown, const Input& input) {
  for (const Field& field : kKept) {
    if (const json::Value* const value = input.member(field.name)) {
      std::erase_if(shown, [&](const auto& member) { return member.first == field.name; });
      shown.emplace_back(std::string(field.name), *value);
    }
  }
}

/// The cluster that user data of the ECS AMI name: "ECS_CLUSTER=main" in /etc/ecs/ecs.config.
std::string cluster_of(std::string_view user_data) {
  constexpr std::string_view kName = "ECS_CLUSTER=";
  const std::string text = decode_base64(user_data).value_or("");
  const std::size_t at = text.find(kName);
  if (at == std::string::npos) {
    return "";
  }
  const std::string rest = text.substr(at + kName.size());
  return rest.substr(0, rest.find_first_of(" \t\r\n\"'>;"));
}

void set_tags(world::InstanceGroup& group, const json::Array& tags) {
  for (const json::Value& tag : tags) {
    group.tags.insert_or_assign(std::string(json::text_in(tag, "Key")),
                                std::string(json::text_in(tag, "Value")));
  }
}

/// The group that a tag of CreateOrUpdateTags or DeleteTags is for.
ApiResult<world::InstanceGroup*> group_of_tag(world::World& world, const json::Value& tag) {
  world::InstanceGroup* const group = world.find_group(json::text_in(tag, "ResourceId"));
  if (group == nullptr) {
    return validation_error(
        fmt::format("AutoScalingGroup not found: {}", json::text_in(tag, "ResourceId")));
  }
  return group;
}

}  // namespace

std::unexpected<ApiError> validation_error(std::string message) {
  return refuse("ValidationError", std::move(message));
}

const std::unordered_map<std::string_view, ScalingGroupsApi::Operation>&
ScalingGroupsApi::operations() {
  using Api = ScalingGroupsApi;
  static const std::unordered_map<std::string_view, Operation> table{
      {"CreateLaunchConfiguration",
       {{{"LaunchConfigurationName", Text, kNeeded},
         {"ImageId"},
         {"InstanceType"},
         {"UserData"},
         {"KeyName"},
         {"SecurityGroups", Texts},
         {"IamInstanceProfile"},
         {"SpotPrice"},
         {"EbsOptimized", Flag},
         {"AssociatePublicIpAddress", Flag}},
        &Api::create_launch_configuration}},
      {"CreateAutoScalingGroup", {with_kept({kTags}), &Api::create_group}},
      {"UpdateAutoScalingGroup", {with_kept({}), &Api::update_group}},
      {"DeleteAutoScalingGroup", {{kOfGroup, {"ForceDelete", Flag}}, &Api::delete_group}},
      {"DescribeAutoScalingGroups",
       {{{"AutoScalingGroupNames", Texts},
         {"IncludeInstances", Flag},
         {"Filters", Objects},
         kLimit,
         kToken},
        &Api::describe_groups}},
      {"DescribeAutoScalingInstances",
       {{{"InstanceIds", Texts}, kLimit, kToken}, &Api::describe_instances}},
      {"DescribeScalingActivities",
       {{kGroup,
         {"ActivityIds", Texts},
         {"IncludeDeletedGroups", Flag},
         {"Filters", Objects},
         kLimit,
         kToken},
        &Api::describe_activities}},
      {"PutWarmPool", {pool_fields(), &Api::put_warm_pool}},
      {"DeleteWarmPool", {{kOfGroup, {"ForceDelete", Flag}}, &Api::delete_warm_pool}},
      {"DescribeWarmPool", {{kOfGroup, kLimit, kToken}, &Api::describe_warm_pool}},
      {"PutScalingPolicy",
       {{kOfGroup,
         {"PolicyName", Text, kNeeded},
         {"PolicyType"},
         {"AdjustmentType"},
         {"ScalingAdjustment", Integer},
         {"Cooldown", Integer},
         {"EstimatedInstanceWarmup", Integer},
         {"TargetTrackingConfiguration", Any},
         {"Enabled", Flag}},
        &Api::put_policy}},
      {"DeletePolicy", {{kGroup, {"PolicyName", Text, kNeeded}}, &Api::delete_policy}},
      {"DescribePolicies",
       {{kGroup, {"PolicyNames", Texts}, {"PolicyTypes", Texts}, kLimit, kToken},
        &Api::describe_policies}},
      {"CreateOrUpdateTags", {{kTags}, &Api::tag}},
      {"DeleteTags", {{kTags}, &Api::untag}},
      {"SetDesiredCapacity",
       {{kOfGroup, {"DesiredCapacity", Integer, kNeeded}, {"HonorCooldown", Flag}},
        &Api::set_desired_capacity}},
      {"TerminateInstanceInAutoScalingGroup",
       {{{"InstanceId", Text, kNeeded}, {"ShouldDecrementDesiredCapacity", Flag, kNeeded}},
        &Api::terminate_instance}},
      {"SetInstanceProtection",
       {{kOfGroup, {"InstanceIds", Texts, kNeeded}, {"ProtectedFromScaleIn", Flag, kNeeded}},
        &Api::set_instance_protection}},
      {"SuspendProcesses", {{kOfGroup, {"ScalingProcesses", Texts}}, &Api::suspend_processes}},
      {"ResumeProcesses", {{kOfGroup, {"ScalingProcesses", Texts}}, &Api::resume_processes}}};
  return table;
}

ApiAnswer ScalingGroupsApi::handle(const JsonCall& call) {
  const auto operation = operations().find(call.operation);
  if (operation == operations().end()) {
    return refuse(
        "UnknownOperationException",
        fmt::format("The emulator does not model {} of EC2 Auto Scaling.", call.operation));
  }
  const Input input = TRY(Input::read(call.body, operation->second.fields, "ValidationError"));
  return (this->*operation->second.method)(input, call.caller);
}

ApiResult<world::InstanceGroup*> ScalingGroupsApi::find_group(const Input& input) {
  world::InstanceGroup* const group = world_.find_group(input.text("AutoScalingGroupName"));
  if (group == nullptr || is_hidden(*group)) {
    return validation_error("AutoScalingGroup name not found - null");
  }
  return group;
}

const ScalingGroupsApi::Kept& ScalingGroupsApi::kept(const world::InstanceGroup& group) const {
  static const Kept nothing;
  const auto found = kept_.find(group.name());
  return found == kept_.end() ? nothing : found->second;
}

ApiAnswer ScalingGroupsApi::create_launch_configuration(const Input& input, const Caller&) {
  const std::string name(input.text("LaunchConfigurationName"));
  if (launch_configurations_.contains(name)) {
    return refuse("AlreadyExists",
                  fmt::format("Launch Configuration by this name already exists - A launch "
                              "configuration already exists with the name {}",
                              name));
  }
  launch_configurations_.emplace(name, std::get<json::Object>(input.value().data()));
  return std::string();
}

/// Of the launch configuration, or of the first override of a mixed group. A launch template is
/// EC2's, which is not here.
ApiResult<std::string> ScalingGroupsApi::instance_type_of(const Input& input) const {
  if (input.has("LaunchConfigurationName")) {
    const auto found = launch_configurations_.find(input.text("LaunchConfigurationName"));
    if (found == launch_configurations_.end()) {
      return validation_error("Launch configuration name not found - null");
    }
    return std::string(json::text_in(json::Value(found->second), "InstanceType"));
  }
  const json::Value* at = input.member("MixedInstancesPolicy");
  for (const std::string_view name : {"LaunchTemplate", "Overrides"}) {
    at = at == nullptr ? nullptr : at->find(name);
  }
  const auto* const overrides = at == nullptr ? nullptr : std::get_if<json::Array>(&at->data());
  return overrides == nullptr || overrides->empty()
             ? std::string()
             : std::string(json::text_in(overrides->front(), "InstanceType"));
}

ApiResult<world::GroupSettings> ScalingGroupsApi::sizes_of(const Input& input,
                                                           world::GroupSettings settings) const {
  settings.min = input.integer("MinSize").value_or(settings.min);
  settings.max = input.integer("MaxSize").value_or(settings.max);
  if (settings.min < 0 || settings.max < 0) {
    return validation_error("The sizes of a group cannot be negative.");
  }
  if (settings.min > settings.max) {
    return validation_error(
        fmt::format("Max bound, {}, must be greater than or equal to min "
                    "bound, {}",
                    settings.max, settings.min));
  }
  if (const auto desired = input.integer("DesiredCapacity")) {
    if (*desired > settings.max) {
      return validation_error(fmt::format(
          "Desired capacity:{} must be between the specified min size:{} and max size:{}", *desired,
          settings.min, settings.max));
    }
    if (*desired < settings.min) {
      return validation_error(fmt::format(
          "Desired capacity:{} must be between the specified min size:{} and max size:{}", *desired,
          settings.min, settings.max));
    }
  }
  if (input.has("NewInstancesProtectedFromScaleIn")) {
    settings.protects_new = input.flag("NewInstancesProtectedFromScaleIn");
  }
  if (const std::string type = TRY(instance_type_of(input)); !type.empty()) {
    settings.instance_type = type;
    settings.resources = types_.find(type);
  }
  if (!input.texts("AvailabilityZones").empty()) {
    settings.zones = input.texts("AvailabilityZones").size();
  }
  return settings;
}

ApiAnswer ScalingGroupsApi::create_group(const Input& input, const Caller&) {
  const std::string name(input.text("AutoScalingGroupName"));
  if (name.empty() || name.contains(':')) {
    return validation_error("A group's name has 1 to 255 characters and no colon.");
  }
  if (!input.has("MinSize") || !input.has("MaxSize")) {
    return validation_error("MinSize and MaxSize are required.");
  }
  if (world_.find_group(name) != nullptr) {
    return refuse("AlreadyExists",
                  "AutoScalingGroup by this name already exists - A group with the name " + name +
                      " already exists");
  }
  if (!input.has("LaunchConfigurationName") && !input.has("LaunchTemplate") &&
      !input.has("MixedInstancesPolicy")) {
    return validation_error(
        "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or "
        "MixedInstancesPolicy parameter.");
  }
  if (input.texts("AvailabilityZones").empty() && !input.has("VPCZoneIdentifier")) {
    return validation_error("At least one Availability Zone or VPC Subnet is required.");
  }
  const auto configuration = launch_configurations_.find(input.text("LaunchConfigurationName"));
  world::GroupSettings settings = TRY(sizes_of(
      input,
      {.name = name,
       .cluster = configuration == launch_configurations_.end()
                      ? std::string()
                      : cluster_of(json::text_in(json::Value(configuration->second), "UserData")),
       .instance_type = std::string(kPlainInstance),
       .resources = types_.find(kPlainInstance),
       .launch = times_.launch,
       .agent = times_.agent,
       .termination = times_.termination}));
  const std::int64_t desired = input.integer("DesiredCapacity").value_or(settings.min);
  if (settings.cluster.empty()) {
    settings.cluster = "default";
  }
  world::InstanceGroup& group = world_.create_group(std::move(settings));
  set_tags(group, input.objects("Tags"));
  keep(kept_[name].shown, input);
  group.set_desired(desired, "a user request created the group", world_.now());
  return std::string();
}

ApiAnswer ScalingGroupsApi::update_group(const Input& input, const Caller&) {
  world::InstanceGroup* const group = TRY(find_group(input));
  world::GroupSettings settings = TRY(sizes_of(input, group->settings()));
  Kept& kept = kept_[group->name()];
  keep(kept.shown, input);
  if (settings.warm_pool && !kept.pool_is_bounded) {
    settings.warm_pool->prepared_max = settings.max;
  }
  group->change(std::move(settings), world_.now());
  if (const auto desired = input.integer("DesiredCapacity")) {
    group->set_desired(*desired, "a user request update of the group", world_.now());
  }
  return std::string();
}

ApiAnswer ScalingGroupsApi::delete_group(const Input& input, const Caller&) {
  world::InstanceGroup* const group = TRY(find_group(input));
  if (!input.flag("ForceDelete") && (!group->instances().empty() || group->desired() > 0)) {
    return refuse("ResourceInUse",
                  "You cannot delete an AutoScalingGroup while there are instances or pending Spot "
                  "instance request(s) still in the group.");
  }
  kept_.erase(group->name());
  world_.delete_group(*group);
  return std::string();
}

ApiAnswer ScalingGroupsApi::put_policy(const Input& input, const Caller& caller) {
  const world::InstanceGroup* const group = TRY(find_group(input));
  const std::string name(input.text("PolicyName"));
  const std::string arn = fmt::format(
      "arn:aws:autoscaling:{}:{}:scalingPolicy:{}:autoScalingGroupName/{}:policyName/{}",
      caller.region, kAccount, md5_hex(group->name() + name), group->name(), name);
  json::Object policy = std::get<json::Object>(input.value().data());
  policy.emplace_back("PolicyARN", json::Value(arn));
  if (!input.has("PolicyType")) {
    policy.emplace_back("PolicyType", json::Value(std::string("SimpleScaling")));
  }
  kept_[group->name()].policies.insert_or_assign(name, std::move(policy));
  json::Writer writer;
  writer.begin_object().field("PolicyARN", arn).name("Alarms").begin_array().end_array();
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer ScalingGroupsApi::delete_policy(const Input& input, const Caller&) {
  const world::InstanceGroup* const group = TRY(find_group(input));
  if (kept_[group->name()].policies.erase(std::string(input.text("PolicyName"))) == 0) {
    return validation_error("PolicyName not found");
  }
  return std::string();
}

ApiAnswer ScalingGroupsApi::tag(const Input& input, const Caller&) {
  for (const json::Value& tag : input.objects("Tags")) {
    set_tags(*TRY(group_of_tag(world_, tag)), {tag});
  }
  return std::string();
}

ApiAnswer ScalingGroupsApi::untag(const Input& input, const Caller&) {
  for (const json::Value& tag : input.objects("Tags")) {
    TRY(group_of_tag(world_, tag))->tags.erase(std::string(json::text_in(tag, "Key")));
  }
  return std::string();
}

}  // namespace scaler::emulator
