#include "edge/iam/iam_groups.h"

#include "scaler/pass/instance_ports.h"

namespace scaler {
namespace {

using Statements = std::vector<IamStatement>;

std::string provider_of(const IamInstances& instances) {
  return "capacity-provider/" + (instances.provider.empty() ? "*" : instances.provider);
}

void add_group(Statements& statements, const IamGroups& groups) {
  statements.push_back(
      {.sid = "ReadGroup",
       .why = "the group, its launches, and what a task takes of an instance; AWS "
              "restricts none of these",
       .actions = {"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies",
                   "autoscaling:DescribeScalingActivities", "ecs:DescribeTaskDefinition"},
       .resources = {"*"}});
  statements.push_back({.sid = "StartInstances",
                        .why = "the desired capacity is raised, never lowered",
                        .actions = {"autoscaling:SetDesiredCapacity"},
                        .resources = groups.groups});
}

void add_own_group(Statements& statements, const IamGroups& groups) {
  statements.push_back({.sid = "ListInstances",
                        .why = "CAPACITY is own: the cluster's instances",
                        .actions = {"ecs:ListContainerInstances"},
                        .resources = groups.clusters});
  statements.push_back({.sid = "ListWorkOnInstances",
                        .why =
                            "tasks, DAEMON services, and services that another process scales; AWS "
                            "restricts it by cluster only",
                        .actions = {"ecs:DescribeServices", "ecs:ListServices", "ecs:ListTasks"},
                        .resources = {"*"},
                        .conditions = {{groups.patterns ? "ArnLike" : "ArnEquals", "ecs:cluster",
                                        groups.clusters}}});
  statements.push_back({.sid = "ReadWorkOnInstances",
                        .why = "no instance ends while a task on it has not stopped",
                        .actions = {"ecs:DescribeTasks"},
                        .resources = groups.tasks});
  statements.push_back(
      {.sid = "DrainInstances",
       .why = "an instance without tasks is drained before it ends",
       .actions = {"ecs:DescribeContainerInstances", "ecs:UpdateContainerInstancesState"},
       .resources = groups.instances});
  statements.push_back(
      {.sid = "MarkInstances",
       .why = "since when it is idle or drained stands in one tag of the instance",
       .actions = {"ecs:TagResource", "ecs:UntagResource"},
       .resources = groups.instances,
       .conditions = {{"ForAllValues:StringEquals", "aws:TagKeys", {std::string(kInstanceTag)}}}});
  statements.push_back({.sid = "EndInstances",
                        .why = "it is ended by name, and the desired capacity is one less",
                        .actions = {"autoscaling:TerminateInstanceInAutoScalingGroup"},
                        .resources = groups.groups});
}

}  // namespace

void IamGroups::add(const ServiceSpec& service, const IamInstances& under, const Arns& arns) {
  const Capacity capacity = service.policy->capacity;
  if (capacity == Capacity::Off || (under.group.empty() && under.provider.empty())) {
    return;
  }
  add_once(providers, arns.of_ecs(service.id, provider_of(under)));
  if (under.group.empty()) {
    return;
  }
  add_once(groups, arns.of_group(under.group));
  if (capacity == Capacity::Own) {
    add_once(clusters, arns.of_cluster(service.id));
    add_once(instances, arns.of_instances(service.id));
    add_once(tasks, arns.of_tasks(service.id));
  }
}

void IamGroups::add(const Ceilings& ceilings, const IamInstances& under, const Arns& arns) {
  if (under.group.empty() && under.provider.empty()) {
    return;
  }
  patterns = true;
  const std::vector<std::string> all{"*"};
  for (const std::string& pattern : ceilings.clusters.empty() ? all : ceilings.clusters) {
    add_once(providers, arns.beside_clusters(pattern, "ecs", provider_of(under)));
    if (!under.group.empty()) {
      add_once(groups,
               arns.beside_clusters(pattern, "autoscaling", Arns::group_resource(under.group)));
      add_once(clusters, arns.of_clusters(pattern, "cluster"));
      add_once(instances, arns.of_clusters(pattern, "container-instance"));
      add_once(tasks, arns.of_clusters(pattern, "task"));
    }
  }
}

void add_instances(Statements& statements, const IamGroups& groups) {
  if (!groups.providers.empty()) {
    statements.push_back({.sid = "ReadCapacityProvider",
                          .why = "which Auto Scaling group the service runs on, and who drives it",
                          .actions = {"ecs:DescribeCapacityProviders"},
                          .resources = groups.providers});
  }
  if (!groups.groups.empty()) {
    add_group(statements, groups);
  }
  if (!groups.clusters.empty()) {
    add_own_group(statements, groups);
  }
}

}  // namespace scaler
