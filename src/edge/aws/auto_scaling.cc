#include "edge/aws/auto_scaling.h"

#include <algorithm>
#include <utility>

#include "edge/aws/error_table.h"
#include "edge/aws/xml.h"
#include "ground/base/text.h"
#include "ground/net/url.h"

namespace scaler::aws {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

ApiCall call_of(const GroupId& id, std::string operation, const Parameters& more) {
  Parameters parameters{{"Action", operation}, {"Version", "2011-01-01"}};
  parameters.insert(parameters.end(), more.begin(), more.end());
  return {.service = AwsService::Ec2AutoScaling,
          .region = id.region,
          .operation = std::move(operation),
          .subject = id.name,
          .body = net::query_string(parameters),
          .role = id.role};
}

std::string result_of(const ApiCall& call) {
  return call.operation + "Result";
}

/// What the operation's Result element holds.
Result<XmlElement> ask(Client& client, const ApiCall& call, Deadline deadline) {
  const ApiReply reply = TRY(client.call(call, deadline));
  const Result<XmlElement> root = parse_xml(reply.text);
  const XmlElement* const result = root ? root->child(result_of(call)) : nullptr;
  if (result == nullptr) {
    return fail(ErrorKind::Malformed,
                describe(call) + ": " +
                    (root ? "the reply has no " + result_of(call) : root.error().message));
  }
  return *result;
}

Result<GroupInstance> read_instance(const XmlElement& element) {
  GroupInstance instance{.id = element.text_of("InstanceId"),
                         .type = element.text_of("InstanceType"),
                         .lifecycle = element.text_of("LifecycleState"),
                         .healthy = element.text_of("HealthStatus") != "Unhealthy"};
  if (instance.id.empty() || instance.lifecycle.empty()) {
    return fail(ErrorKind::Malformed, "an instance lacks InstanceId or LifecycleState");
  }
  instance.protected_from_scale_in = TRY(element.flag_of("ProtectedFromScaleIn"));
  return instance;
}

bool have_weights(const XmlElement& element, std::string_view list) {
  return std::ranges::any_of(element.members(list), [](const XmlElement* member) {
    return !member->text_of("WeightedCapacity").empty();
  });
}

/// Weights of types, or a desired capacity in vCPUs or memory. A group without instances has its
/// weights in its policy alone: started unseen, its first instance would be left alone for good.
bool is_weighted(const XmlElement& element) {
  const std::string unit = element.text_of("DesiredCapacityType");
  const XmlElement* const policy = element.child("MixedInstancesPolicy");
  const XmlElement* const types = policy == nullptr ? nullptr : policy->child("LaunchTemplate");
  return (!unit.empty() && unit != "units") || have_weights(element, "Instances") ||
         (types != nullptr && have_weights(*types, "Overrides"));
}

Result<AutoScalingGroup> read_group(const XmlElement& element) {
  AutoScalingGroup group{.arn = element.text_of("AutoScalingGroupARN"),
                         .weighted = is_weighted(element)};
  group.min = TRY(element.count_of("MinSize"));
  group.max = TRY(element.count_of("MaxSize"));
  group.desired = TRY(element.count_of("DesiredCapacity"));
  group.new_instances_protected = element.text_of("NewInstancesProtectedFromScaleIn") == "true";
  for (const XmlElement* const process : element.members("SuspendedProcesses")) {
    group.suspended.push_back(process->text_of("ProcessName"));
  }
  for (const XmlElement* const instance : element.members("Instances")) {
    group.instances.push_back(TRY(read_instance(*instance)));
  }
  if (const XmlElement* const pool = element.child("WarmPoolConfiguration")) {
    group.warm_pool = true;
    const XmlElement* const reuse = pool->child("InstanceReusePolicy");
    group.reuses_instances = reuse != nullptr && reuse->text_of("ReuseOnScaleIn") == "true";
  }
  return group;
}

}  // namespace

Result<GroupId> parse_group_arn(std::string_view arn) {
  constexpr std::string_view kName = ":autoScalingGroupName/";
  const std::size_t name = arn.find(kName);
  const std::vector<std::string_view> parts = split(arn, ":");
  if (name == std::string_view::npos || parts.size() < 6 || parts[0] != "arn" ||
      parts[2] != "autoscaling" || name + kName.size() == arn.size()) {
    return fail(ErrorKind::Malformed, "'" + std::string(arn) + "' is no ARN of a group");
  }
  return GroupId{.region = std::string(parts[3]),
                 .name = std::string(arn.substr(name + kName.size()))};
}

Result<AutoScalingGroup> AutoScaling::describe(const GroupId& id, Deadline deadline) {
  const ApiCall call =
      call_of(id, "DescribeAutoScalingGroups", {{"AutoScalingGroupNames.member.1", id.name}});
  const XmlElement result = TRY(ask(*client_, call, deadline));
  const auto groups = result.members("AutoScalingGroups");
  if (groups.empty()) {
    return fail(ErrorKind::NotFound, aws::describe(call) + ": there is no such group");
  }
  if (const std::string name = groups.front()->text_of("AutoScalingGroupName");
      groups.size() > 1 || name != id.name) {
    return fail(ErrorKind::Malformed, aws::describe(call) + ": the reply is about '" + name + "'");
  }
  Result<AutoScalingGroup> group = read_group(*groups.front());
  if (!group) {
    return fail(std::move(group).error(), aws::describe(call));
  }
  return group;
}

Result<std::vector<ScalingActivity>> AutoScaling::activities(const GroupId& id, Deadline deadline) {
  const ApiCall call =
      call_of(id, "DescribeScalingActivities",
              {{"AutoScalingGroupName", id.name}, {"MaxRecords", std::to_string(kActivitiesMost)}});
  const XmlElement result = TRY(ask(*client_, call, deadline));
  std::vector<ScalingActivity> activities;
  for (const XmlElement* const element : result.members("Activities")) {
    const Result<Instant> started = element->instant_of("StartTime");
    activities.push_back({.status = element->text_of("StatusCode"),
                          .message = harmless(element->text_of("StatusMessage")),
                          .description = element->text_of("Description"),
                          .started = started ? std::optional(*started) : std::nullopt});
  }
  return activities;
}

Result<std::int64_t> AutoScaling::count_policies(const GroupId& id, Deadline deadline) {
  const ApiCall call = call_of(id, "DescribePolicies", {{"AutoScalingGroupName", id.name}});
  const XmlElement result = TRY(ask(*client_, call, deadline));
  // Those of further pages count as one: a page may be empty and not be the last.
  return std::ssize(result.members("ScalingPolicies")) +
         (result.text_of("NextToken").empty() ? 0 : 1);
}

Result<void> AutoScaling::set_desired(const GroupId& id, std::int64_t desired, Deadline leave_by,
                                      Deadline deadline) {
  ApiCall call = call_of(id, "SetDesiredCapacity",
                         {{"AutoScalingGroupName", id.name},
                          {"DesiredCapacity", std::to_string(desired)},
                          {"HonorCooldown", "false"}});
  call.once = true;
  call.leave_by = leave_by;
  TRY(client_->call(call, deadline));
  return {};
}

Result<void> AutoScaling::end(const GroupId& id, const std::string& instance, Deadline leave_by,
                              Deadline deadline) {
  ApiCall call = call_of(id, "TerminateInstanceInAutoScalingGroup",
                         {{"InstanceId", instance}, {"ShouldDecrementDesiredCapacity", "true"}});
  call.subject += "/" + instance;
  call.once = true;
  call.repeatable = false;
  call.leave_by = leave_by;
  TRY(client_->call(call, deadline));
  return {};
}

std::string launched_instance(const ScalingActivity& activity) {
  constexpr std::string_view kBegin = "Launching a new EC2 instance: ";
  const std::string_view text = activity.description;
  return text.starts_with(kBegin) ? std::string(text.substr(kBegin.size())) : std::string();
}

}  // namespace scaler::aws
