#include "emulator/front/scaling_groups_query.h"

#include <algorithm>
#include <array>

namespace scaler::emulator {
namespace {

using enum Shape;

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

constexpr Member kName = one("AutoScalingGroupName");
constexpr Member kToken = one("NextToken");
constexpr Member kLimit = one("MaxRecords", Integer);

constexpr std::array kTag{one("ResourceId"), one("ResourceType"), one("Key"), one("Value"),
                          flag("PropagateAtLaunch")};
constexpr std::array kTags{list("Tags", kTag)};
constexpr std::array kFilter{one("Name"), texts("Values")};
constexpr std::array kTemplate{one("LaunchTemplateId"), one("LaunchTemplateName"), one("Version")};
constexpr Member kLaunchTemplate = structure("LaunchTemplate", kTemplate);
constexpr std::array kOverride{one("InstanceType"), one("WeightedCapacity")};
constexpr std::array kMixedTemplate{structure("LaunchTemplateSpecification", kTemplate),
                                    list("Overrides", kOverride)};
constexpr std::array kDistribution{one("OnDemandAllocationStrategy"),
                                   one("OnDemandBaseCapacity", Integer),
                                   one("OnDemandPercentageAboveBaseCapacity", Integer),
                                   one("SpotAllocationStrategy"),
                                   one("SpotInstancePools", Integer),
                                   one("SpotMaxPrice")};
constexpr std::array kMixed{structure("LaunchTemplate", kMixedTemplate),
                            structure("InstancesDistribution", kDistribution)};

constexpr std::array kLaunchConfiguration{one("LaunchConfigurationName"),
                                          one("ImageId"),
                                          one("InstanceType"),
                                          one("UserData"),
                                          one("KeyName"),
                                          texts("SecurityGroups"),
                                          one("IamInstanceProfile"),
                                          one("SpotPrice"),
                                          flag("EbsOptimized"),
                                          flag("AssociatePublicIpAddress")};
constexpr std::array kInstance{one("InstanceId"),       one("InstanceType"),
                               one("AvailabilityZone"), one("LifecycleState"),
                               one("HealthStatus"),     flag("ProtectedFromScaleIn")};
constexpr std::array kProcess{one("ProcessName"), one("SuspensionReason")};
constexpr std::array kReuse{flag("ReuseOnScaleIn")};
constexpr Member kReusePolicy = structure("InstanceReusePolicy", kReuse);
constexpr std::array kPool{one("MaxGroupPreparedCapacity", Integer), one("MinSize", Integer),
                           one("PoolState"), kReusePolicy};
constexpr std::array kPutWarmPool{kName, one("MaxGroupPreparedCapacity", Integer),
                                  one("MinSize", Integer), one("PoolState"), kReusePolicy};
constexpr Member kPoolConfiguration = structure("WarmPoolConfiguration", kPool);
constexpr std::array kGroup{kName,
                            one("AutoScalingGroupARN"),
                            one("LaunchConfigurationName"),
                            kLaunchTemplate,
                            structure("MixedInstancesPolicy", kMixed),
                            one("MinSize", Integer),
                            one("MaxSize", Integer),
                            one("DesiredCapacity", Integer),
                            one("DefaultCooldown", Integer),
                            texts("AvailabilityZones"),
                            one("HealthCheckType"),
                            one("HealthCheckGracePeriod", Integer),
                            list("Instances", kInstance),
                            one("CreatedTime"),
                            list("SuspendedProcesses", kProcess),
                            one("PlacementGroup"),
                            one("VPCZoneIdentifier"),
                            texts("TerminationPolicies"),
                            flag("NewInstancesProtectedFromScaleIn"),
                            one("ServiceLinkedRoleARN"),
                            one("MaxInstanceLifetime", Integer),
                            flag("CapacityRebalance"),
                            one("DefaultInstanceWarmup", Integer),
                            kPoolConfiguration,
                            one("WarmPoolSize", Integer),
                            list("Tags", kTag)};
/// Of Update-; CreateAutoScalingGroup takes tags, too.
constexpr std::array kChange{kName,
                             one("LaunchConfigurationName"),
                             kLaunchTemplate,
                             structure("MixedInstancesPolicy", kMixed),
                             one("MinSize", Integer),
                             one("MaxSize", Integer),
                             one("DesiredCapacity", Integer),
                             one("DefaultCooldown", Integer),
                             texts("AvailabilityZones"),
                             one("HealthCheckType"),
                             one("HealthCheckGracePeriod", Integer),
                             one("PlacementGroup"),
                             one("VPCZoneIdentifier"),
                             texts("TerminationPolicies"),
                             flag("NewInstancesProtectedFromScaleIn"),
                             one("ServiceLinkedRoleARN"),
                             one("MaxInstanceLifetime", Integer),
                             flag("CapacityRebalance"),
                             one("DefaultInstanceWarmup", Integer)};
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
                                    one("InstanceId"),
                                    one("InstanceType"),
                                    one("AvailabilityZone"),
                                    one("LifecycleState"),
                                    one("HealthStatus"),
                                    one("LaunchConfigurationName"),
                                    kLaunchTemplate,
                                    flag("ProtectedFromScaleIn")};
constexpr std::array kInstances{list("AutoScalingInstances", kGroupInstance), kToken};
constexpr std::array kDescribeWarmPool{kName, kLimit, kToken};
constexpr std::array kWarmPool{kPoolConfiguration, list("Instances", kInstance), kToken};
constexpr std::array kDescribeActivities{
    kName, texts("ActivityIds"), flag("IncludeDeletedGroups"), list("Filters", kFilter), kLimit,
    kToken};
constexpr std::array kActivity{
    one("ActivityId"),        kName,          one("Description"),        one("Cause"),
    one("StartTime"),         one("EndTime"), one("StatusCode"),         one("StatusMessage"),
    one("Progress", Integer), one("Details"), one("AutoScalingGroupARN")};
constexpr std::array kActivities{list("Activities", kActivity), kToken};

constexpr std::array kMetric{one("PredefinedMetricType"), one("ResourceLabel")};
constexpr std::array kTarget{structure("PredefinedMetricSpecification", kMetric),
                             Member{"TargetValue", "TargetValue", Number}, flag("DisableScaleIn")};
constexpr Member kTargetTracking = structure("TargetTrackingConfiguration", kTarget);
constexpr std::array kPutPolicy{kName,
                                one("PolicyName"),
                                one("PolicyType"),
                                one("AdjustmentType"),
                                one("ScalingAdjustment", Integer),
                                one("Cooldown", Integer),
                                one("EstimatedInstanceWarmup", Integer),
                                kTargetTracking,
                                flag("Enabled")};
constexpr std::array kPolicy{kName,
                             one("PolicyName"),
                             one("PolicyARN"),
                             one("PolicyType"),
                             one("AdjustmentType"),
                             one("ScalingAdjustment", Integer),
                             one("Cooldown", Integer),
                             one("EstimatedInstanceWarmup", Integer),
                             kTargetTracking,
                             flag("Enabled")};
constexpr std::array kAlarm{one("AlarmName"), one("AlarmARN")};
constexpr std::array kPolicyPut{one("PolicyARN"), list("Alarms", kAlarm)};
constexpr std::array kDeletePolicy{kName, one("PolicyName")};
constexpr std::array kDescribePolicies{kName, texts("PolicyNames"), texts("PolicyTypes"), kLimit,
                                       kToken};
constexpr std::array kPolicies{list("ScalingPolicies", kPolicy), kToken};

constexpr std::array kSetDesired{kName, one("DesiredCapacity", Integer), flag("HonorCooldown")};
constexpr std::array kTerminate{one("InstanceId"), flag("ShouldDecrementDesiredCapacity")};
constexpr std::array kTerminated{structure("Activity", kActivity)};
constexpr std::array kProtect{kName, texts("InstanceIds"), flag("ProtectedFromScaleIn")};
/// A result without members, which stands in the answer all the same.
constexpr std::array kNothing{one("")};
constexpr std::array kProcesses{kName, texts("ScalingProcesses")};

constexpr std::array<QueryOperation, 20> kScalingGroupOperations{
    {{"CreateLaunchConfiguration", kLaunchConfiguration, {}},
     {"CreateAutoScalingGroup", kCreate, {}},
     {"UpdateAutoScalingGroup", kChange, {}},
     {"DeleteAutoScalingGroup", kDelete, {}},
     {"DescribeAutoScalingGroups", kDescribeGroups, kGroups},
     {"DescribeAutoScalingInstances", kDescribeInstances, kInstances},
     {"DescribeScalingActivities", kDescribeActivities, kActivities},
     {"PutWarmPool", kPutWarmPool, kNothing},
     {"DeleteWarmPool", kDelete, kNothing},
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
                                           "2011-01-01", kScalingGroupOperations};

}  // namespace scaler::emulator
