#include "emulator/front/scaling_groups_query.h"

#include <algorithm>
#include <array>

namespace scaler::emulator {
namespace {

using enum Shape;

constexpr Member text(std::string_view name) {
  return {.name = name, .wire = name};
}
constexpr Member integer(std::string_view name) {
  return {.name = name, .wire = name, .shape = Integer};
}
constexpr Member flag(std::string_view name) {
  return {.name = name, .wire = name, .shape = Flag};
}
constexpr Member texts(std::string_view name) {
  return {.name = name, .wire = name, .shape = Texts, .in_member = true};
}
constexpr Member structure(std::string_view name, std::span<const Member> members) {
  return {.name = name, .wire = name, .shape = Structure, .members = members};
}
constexpr Member list(std::string_view name, std::span<const Member> members) {
  return {.name = name, .wire = name, .shape = Structures, .members = members, .in_member = true};
}

constexpr Member kName = text("AutoScalingGroupName");
constexpr Member kToken = text("NextToken");
constexpr Member kLimit = integer("MaxRecords");

constexpr std::array kTag{text("ResourceId"), text("ResourceType"), text("Key"), text("Value"),
                          flag("PropagateAtLaunch")};
constexpr std::array kTags{list("Tags", kTag)};
constexpr std::array kFilter{text("Name"), texts("Values")};
constexpr std::array kTemplate{text("LaunchTemplateId"), text("LaunchTemplateName"),
                               text("Version")};
constexpr Member kLaunchTemplate = structure("LaunchTemplate", kTemplate);
constexpr std::array kOverride{text("InstanceType"), text("WeightedCapacity")};
constexpr std::array kMixedTemplate{structure("LaunchTemplateSpecification", kTemplate),
                                    list("Overrides", kOverride)};
constexpr std::array kDistribution{text("OnDemandAllocationStrategy"),
                                   integer("OnDemandBaseCapacity"),
                                   integer("OnDemandPercentageAboveBaseCapacity"),
                                   text("SpotAllocationStrategy"),
                                   integer("SpotInstancePools"),
                                   text("SpotMaxPrice")};
constexpr std::array kMixed{structure("LaunchTemplate", kMixedTemplate),
                            structure("InstancesDistribution", kDistribution)};

constexpr std::array kLaunchConfiguration{text("LaunchConfigurationName"),
                                          text("ImageId"),
                                          text("InstanceType"),
                                          text("UserData"),
                                          text("KeyName"),
                                          texts("SecurityGroups"),
                                          text("IamInstanceProfile"),
                                          text("SpotPrice"),
                                          flag("EbsOptimized"),
                                          flag("AssociatePublicIpAddress")};
constexpr std::array kInstance{text("InstanceId"),       text("InstanceType"),
                               text("AvailabilityZone"), text("LifecycleState"),
                               text("HealthStatus"),     flag("ProtectedFromScaleIn")};
constexpr std::array kProcess{text("ProcessName"), text("SuspensionReason")};
constexpr std::array kGroup{kName,
                            text("AutoScalingGroupARN"),
                            text("LaunchConfigurationName"),
                            kLaunchTemplate,
                            structure("MixedInstancesPolicy", kMixed),
                            integer("MinSize"),
                            integer("MaxSize"),
                            integer("DesiredCapacity"),
                            integer("DefaultCooldown"),
                            texts("AvailabilityZones"),
                            text("HealthCheckType"),
                            integer("HealthCheckGracePeriod"),
                            list("Instances", kInstance),
                            text("CreatedTime"),
                            list("SuspendedProcesses", kProcess),
                            text("PlacementGroup"),
                            text("VPCZoneIdentifier"),
                            texts("TerminationPolicies"),
                            flag("NewInstancesProtectedFromScaleIn"),
                            text("ServiceLinkedRoleARN"),
                            integer("MaxInstanceLifetime"),
                            flag("CapacityRebalance"),
                            integer("DefaultInstanceWarmup"),
                            list("Tags", kTag)};
/// Of Update-; CreateAutoScalingGroup takes tags, too.
constexpr std::array kChange{kName,
                             text("LaunchConfigurationName"),
                             kLaunchTemplate,
                             structure("MixedInstancesPolicy", kMixed),
                             integer("MinSize"),
                             integer("MaxSize"),
                             integer("DesiredCapacity"),
                             integer("DefaultCooldown"),
                             texts("AvailabilityZones"),
                             text("HealthCheckType"),
                             integer("HealthCheckGracePeriod"),
                             text("PlacementGroup"),
                             text("VPCZoneIdentifier"),
                             texts("TerminationPolicies"),
                             flag("NewInstancesProtectedFromScaleIn"),
                             text("ServiceLinkedRoleARN"),
                             integer("MaxInstanceLifetime"),
                             flag("CapacityRebalance"),
                             integer("DefaultInstanceWarmup")};
constexpr auto kCreate = [] {
  std::array<Member, kChange.size() + 1> members{};
  std::ranges::copy(kChange, members.begin());
  members.back() = kTags.front();
  return members;
}();

constexpr std::array kDelete{kName, flag("ForceDelete")};
constexpr std::array kDescribeGroups{texts("AutoScalingGroupNames"), flag("IncludeInstances"),
                                     list("Filters", kFilter), kLimit, kToken};
constexpr std::array kGroups{list("AutoScalingGroups", kGroup), kToken};
constexpr std::array kDescribeInstances{texts("InstanceIds"), kLimit, kToken};
constexpr std::array kGroupInstance{kName,
                                    text("InstanceId"),
                                    text("InstanceType"),
                                    text("AvailabilityZone"),
                                    text("LifecycleState"),
                                    text("HealthStatus"),
                                    text("LaunchConfigurationName"),
                                    kLaunchTemplate,
                                    flag("ProtectedFromScaleIn")};
constexpr std::array kInstances{list("AutoScalingInstances", kGroupInstance), kToken};
constexpr std::array kDescribeActivities{
    kName, texts("ActivityIds"), flag("IncludeDeletedGroups"), list("Filters", kFilter), kLimit,
    kToken};
constexpr std::array kActivity{
    text("ActivityId"),  kName,           text("Description"),        text("Cause"),
    text("StartTime"),   text("EndTime"), text("StatusCode"),         text("StatusMessage"),
    integer("Progress"), text("Details"), text("AutoScalingGroupARN")};
constexpr std::array kActivities{list("Activities", kActivity), kToken};
constexpr std::array kDescribeWarmPool{kName, kLimit, kToken};
constexpr std::array kWarmPool{list("Instances", kInstance), kToken};

constexpr std::array kMetric{text("PredefinedMetricType"), text("ResourceLabel")};
constexpr std::array kTarget{structure("PredefinedMetricSpecification", kMetric),
                             Member{"TargetValue", "TargetValue", Number}, flag("DisableScaleIn")};
constexpr Member kTargetTracking = structure("TargetTrackingConfiguration", kTarget);
constexpr std::array kPutPolicy{kName,
                                text("PolicyName"),
                                text("PolicyType"),
                                text("AdjustmentType"),
                                integer("ScalingAdjustment"),
                                integer("Cooldown"),
                                integer("EstimatedInstanceWarmup"),
                                kTargetTracking,
                                flag("Enabled")};
constexpr std::array kPolicy{kName,
                             text("PolicyName"),
                             text("PolicyARN"),
                             text("PolicyType"),
                             text("AdjustmentType"),
                             integer("ScalingAdjustment"),
                             integer("Cooldown"),
                             integer("EstimatedInstanceWarmup"),
                             kTargetTracking,
                             flag("Enabled")};
constexpr std::array kAlarm{text("AlarmName"), text("AlarmARN")};
constexpr std::array kPolicyPut{text("PolicyARN"), list("Alarms", kAlarm)};
constexpr std::array kDeletePolicy{kName, text("PolicyName")};
constexpr std::array kDescribePolicies{kName, texts("PolicyNames"), texts("PolicyTypes"), kLimit,
                                       kToken};
constexpr std::array kPolicies{list("ScalingPolicies", kPolicy), kToken};

constexpr std::array kSetDesired{kName, integer("DesiredCapacity"), flag("HonorCooldown")};
constexpr std::array kTerminate{text("InstanceId"), flag("ShouldDecrementDesiredCapacity")};
constexpr std::array kTerminated{structure("Activity", kActivity)};
constexpr std::array kProtect{kName, texts("InstanceIds"), flag("ProtectedFromScaleIn")};
/// A result without members, which stands in the answer all the same.
constexpr std::array kNothing{text("")};
constexpr std::array kProcesses{kName, texts("ScalingProcesses")};

constexpr std::array<QueryOperation, 18> kOperations{
    {{"CreateLaunchConfiguration", kLaunchConfiguration, {}},
     {"CreateAutoScalingGroup", kCreate, {}},
     {"UpdateAutoScalingGroup", kChange, {}},
     {"DeleteAutoScalingGroup", kDelete, {}},
     {"DescribeAutoScalingGroups", kDescribeGroups, kGroups},
     {"DescribeAutoScalingInstances", kDescribeInstances, kInstances},
     {"DescribeScalingActivities", kDescribeActivities, kActivities},
     {"DescribeWarmPool", kDescribeWarmPool, kWarmPool},
     {"PutScalingPolicy", kPutPolicy, kPolicyPut},
     {"DeletePolicy", kDeletePolicy, {}},
     {"DescribePolicies", kDescribePolicies, kPolicies},
     {"CreateOrUpdateTags", kTags, {}},
     {"DeleteTags", kTags, {}},
     {"SetDesiredCapacity", kSetDesired, {}},
     {"TerminateInstanceInAutoScalingGroup", kTerminate, kTerminated},
     {"SetInstanceProtection", kProtect, kNothing},
     {"SuspendProcesses", kProcesses, {}},
     {"ResumeProcesses", kProcesses, {}}}};

}  // namespace

constexpr QueryService kScalingGroupsQuery{"http://autoscaling.amazonaws.com/doc/2011-01-01/",
                                           "2011-01-01", kOperations};

}  // namespace scaler::emulator
