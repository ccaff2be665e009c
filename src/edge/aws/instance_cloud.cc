#include "edge/aws/instance_cloud.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "edge/aws/ecs.h"
#include "edge/aws/retry.h"

namespace scaler::aws {
namespace {

using To = ContainerInstances::To;

std::string key_of(const GroupRequest& request) {
  const ServiceId& id = request.services.front().id;
  return std::string(region_of(id)) + "\n" + id.role.arn + "\n" + id.role.external_id + "\n" +
         request.cluster + "\n" + request.provider;
}

GroupState state_of(const std::string& lifecycle) {
  if (lifecycle == "InService") {
    return GroupState::InService;
  }
  return lifecycle.starts_with("Pending") ? GroupState::Pending : GroupState::Leaving;
}

Registration registration_of(const std::string& status) {
  if (status == "ACTIVE") {
    return Registration::Active;
  }
  if (status == "DRAINING") {
    return Registration::Draining;
  }
  return status == "REGISTERING" ? Registration::Registering : Registration::Other;
}

bool suspends(const AutoScalingGroup& group, std::string_view process) {
  return std::ranges::find(group.suspended, process) != group.suspended.end();
}

/// Those that failed before any that did not; newest first.
LaunchFailures failures_in(const std::vector<ScalingActivity>& activities) {
  LaunchFailures failures;
  for (const ScalingActivity& activity : activities) {
    if (!activity.description.starts_with("Launching")) {
      continue;
    }
    if (activity.status == "Successful") {
      break;
    }
    if (activity.status == "Failed" && activity.started) {
      failures.last = failures.in_a_row == 0 ? *activity.started : failures.last;
      failures.reason = failures.in_a_row == 0 ? activity.message : failures.reason;
      ++failures.in_a_row;
    }
  }
  return failures;
}

/// What AWS drives by itself, and what that costs.
std::string without_group(const CapacityProvider& provider) {
  const std::string text = "the capacity provider " + provider.name + " has no Auto Scaling group";
  if (provider.type != "MANAGED_INSTANCES") {
    return text;
  }
  const auto& after = provider.scale_in_after;
  return text + (!after       ? ": Managed Instances end without a task when AWS sees fit "
                                "(scaleInAfter is not set)"
                 : *after < 0 ? ": its Managed Instances never end for want of tasks (scaleInAfter "
                                "is -1)"
                              : ": its Managed Instances end " + std::to_string(*after) +
                                    " s after their last task");
}

/// The group of a capacity provider, reached as the cluster's services are.
Result<GroupId> group_of(const CapacityProvider& provider, const GroupRequest& request) {
  GroupId id = TRY(parse_group_arn(provider.group_arn));
  id.role = request.services.front().id.role;
  return id;
}

}  // namespace

struct InstanceCloud::Looking {
  const GroupRequest& request;
  Deadline deadline = {};
  ContainerInstances cluster;
  GroupSeen seen = {};
  std::map<std::string, std::string> containers = {};  ///< ARNs by EC2 id
};

Result<void> InstanceCloud::read_group(Looking& looking) const {
  const CapacityProvider provider =
      TRY(looking.cluster.provider(looking.request.provider, looking.deadline));
  if (provider.group_arn.empty()) {
    return fail(ErrorKind::Rejected, without_group(provider));
  }
  const GroupId id = TRY(group_of(provider, looking.request));
  AutoScaling groups(*client_);
  GroupSeen& seen = looking.seen;
  const AutoScalingGroup group = TRY(groups.describe(id, looking.deadline));
  seen.scaling_policies = TRY(groups.count_policies(id, looking.deadline));
  const auto activities = TRY(groups.activities(id, looking.deadline));
  seen.name = id.name;
  seen.min = group.min;
  seen.max = group.max;
  seen.desired = group.desired;
  seen.managed_scaling = provider.managed_scaling;
  seen.new_instances_protected = group.new_instances_protected;
  seen.weighted = group.weighted;
  seen.launch_suspended = suspends(group, "Launch");
  seen.terminate_suspended = suspends(group, "Terminate");
  seen.failures = failures_in(activities);
  for (const GroupInstance& instance : group.instances) {
    const auto launch = std::ranges::find(activities, instance.id, launched_instance);
    seen.instances.push_back(
        {.id = instance.id,
         .type = instance.type,
         .state = state_of(instance.lifecycle),
         .healthy = instance.healthy,
         .protected_from_scale_in = instance.protected_from_scale_in,
         .launched = launch == activities.end() ? std::nullopt : launch->started,
         .registration = Registration::None,
         .connected = false});
  }
  return {};
}

Result<void> InstanceCloud::read_instances(Looking& looking) {
  for (ContainerInstance& instance : TRY(looking.cluster.all(looking.deadline))) {
    const auto found =
        std::ranges::find(looking.seen.instances, instance.ec2_id, &InstanceSeen::id);
    if (found == looking.seen.instances.end()) {
      continue;  // Of another group of the cluster.
    }
    found->type = instance.type.empty() ? found->type : instance.type;
    found->registration = registration_of(instance.status);
    found->connected = instance.connected;
    found->registered = std::move(instance.registered);
    found->remaining = std::move(instance.remaining);
    found->running = instance.running;
    found->pending = instance.pending;
    found->mark = instance.mark;
    looking.containers[instance.ec2_id] = instance.arn;
  }
  return {};
}

/// Takes the tasks of DAEMON services out of the counts, and counts those that are still stopping
/// on instances that look empty.
void InstanceCloud::read_tasks(Looking& looking) const {
  const auto could_not = [&looking](const Error& error) {
    looking.seen.complete = false;
    looking.seen.unread = error.message;
  };
  const auto daemons = looking.cluster.daemons(looking.deadline);
  if (!daemons) {
    could_not(daemons.error());
  }
  const auto is_daemon = [&daemons](const TaskPlace& task) {
    constexpr std::string_view kService = "service:";
    return daemons && task.group.starts_with(kService) &&
           std::ranges::find(*daemons, task.group.substr(kService.size())) != daemons->end();
  };
  for (InstanceSeen& instance : looking.seen.instances) {
    const auto container = looking.containers.find(instance.id);
    if (container == looking.containers.end()) {
      continue;
    }
    if (daemons && !daemons->empty() && instance.running + instance.pending > 0) {
      const auto tasks = looking.cluster.tasks_on(container->second, To::Run, looking.deadline);
      if (!tasks) {
        instance.looked = false;
        could_not(tasks.error());
        continue;
      }
      const std::int64_t others = std::ssize(*tasks) - std::ranges::count_if(*tasks, is_daemon);
      // Whatever the two calls disagree on counts as a task.
      const std::int64_t counted = instance.running + instance.pending - std::ssize(*tasks);
      instance.running = others + std::max<std::int64_t>(counted, 0);
      instance.pending = 0;
    }
    if (instance.running + instance.pending == 0) {
      const auto tasks = looking.cluster.tasks_on(container->second, To::Stop, looking.deadline);
      if (!tasks) {
        instance.looked = false;
        could_not(tasks.error());
        continue;
      }
      instance.lingering = std::ranges::count_if(*tasks, [&](const TaskPlace& task) {
        return task.last_status != "STOPPED" && !is_daemon(task);
      });
    }
  }
}

Result<TaskNeed> InstanceCloud::need_of(const Looking& looking, const ServiceOnGroup& service) {
  TaskNeed worst;
  for (const std::string& definition : service.task_definitions) {
    auto known = needs_.find(definition);
    if (known == needs_.end()) {
      ContainerInstances cluster = looking.cluster;
      const TaskNeed need = TRY(cluster.need_of(definition, looking.deadline));
      known = needs_.emplace(definition, need).first;
    }
    worst = worst_of(worst, known->second);
  }
  return worst;
}

/// The service was read before the instances: a task that was placed since takes room there, and
/// must not ask for another instance. Of what the two looks say the most tasks have a place.
Result<void> InstanceCloud::read_places(const Looking& looking, const ServiceId& id,
                                        GroupService& counts) const {
  ContainerInstances own(*client_, id);
  const auto tasks = TRY(own.tasks_of_service(looking.deadline));
  counts.provisioning = std::ranges::count(tasks, std::string(), &TaskPlace::instance_arn);
  const std::int64_t placed =
      counts.running + std::max<std::int64_t>(counts.pending - counts.provisioning, 0);
  counts.running = std::max(placed, std::ssize(tasks) - counts.provisioning);
  counts.pending = counts.provisioning;
  return {};
}

Result<void> InstanceCloud::read_services(Looking& looking) {
  for (const ServiceOnGroup& service : looking.request.services) {
    GroupService counts = service.counts;
    counts.need = TRY(need_of(looking, service));
    const bool moving = counts.pending > 0 || counts.running < counts.desired;
    if (moving && !looking.seen.managed_scaling) {
      TRY(read_places(looking, service.id, counts));
    }
    looking.seen.services.push_back(std::move(counts));
  }
  return {};
}

Result<GroupSeen> InstanceCloud::look(const GroupRequest& request, Deadline deadline) {
  Pace& pace = paces_[key_of(request)];
  const Deadline begun = client_->clock().steady();
  if (begun < pace.again) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(pace.again - begun);
    return fail(ErrorKind::Unavailable,
                fmt::format("the group of the capacity provider {} did not answer in time: it is "
                            "asked again in {} s",
                            request.provider, left.count()));
  }
  const Deadline until = begun + pace.patience;
  Result<GroupSeen> seen = look_at(request, std::min(deadline, until));
  const Deadline ended = client_->clock().steady();
  const auto took = std::chrono::ceil<Duration>(ended - begun);
  if (seen) {
    pace = {.patience = std::clamp(2 * took, kPatienceLeast, kPatienceMost)};
  } else if (ended >= until) {
    pace.patience = std::min(2 * pace.patience, kPatienceMost);  // Perhaps it has only grown.
    pace.pause = std::clamp(2 * pace.pause, kFirstPause, kLongestPause);
    pace.again = ended + pace.pause;
  }
  return seen;
}

Result<GroupSeen> InstanceCloud::look_at(const GroupRequest& request, Deadline deadline) {
  ServiceId of = request.services.front().id;
  of.cluster = request.cluster;
  Looking looking{.request = request,
                  .deadline = deadline,
                  .cluster = ContainerInstances(*client_, of),
                  .seen = {.at = client_->clock().now()}};
  TRY(read_group(looking));
  // What AWS drives is left alone, whatever its instances do.
  if (!looking.seen.instances.empty() && !looking.seen.managed_scaling) {
    TRY(read_instances(looking));
    read_tasks(looking);
  }
  TRY(read_services(looking));
  for (const auto& [id, arn] : looking.containers) {
    containers_[id] = arn;
  }
  return std::move(looking.seen);
}

Result<void> InstanceCloud::carry_out(const GroupRequest& request, const InstanceAction& action,
                                      Deadline leave_by, Deadline deadline) {
  using Kind = InstanceAction::Kind;
  ServiceId of = request.services.front().id;
  of.cluster = request.cluster;
  ContainerInstances cluster(*client_, of);
  if (action.kind == Kind::SetDesired || action.kind == Kind::End) {
    const CapacityProvider provider = TRY(cluster.provider(request.provider, deadline));
    const GroupId id = TRY(group_of(provider, request));
    AutoScaling groups(*client_);
    if (action.kind == Kind::End) {
      return groups.end(id, action.instance, leave_by, deadline);
    }
    // By now another pass, or a person, may have set more.
    const AutoScalingGroup group = TRY(groups.describe(id, deadline));
    const std::int64_t desired = std::min(action.desired, group.max);
    return desired > group.desired ? groups.set_desired(id, desired, leave_by, deadline)
                                   : Result<void>();
  }
  const auto found = containers_.find(action.instance);
  if (found == containers_.end()) {
    return fail(ErrorKind::NotFound, "no look has seen " + action.instance + " in the cluster");
  }
  const std::string& container = found->second;
  const std::string key(kInstanceTag);
  Ecs ecs(*client_);
  if (action.kind == Kind::Undrain) {
    TRY(cluster.set_state(container, "ACTIVE", leave_by, deadline));
  }
  if (action.kind == Kind::Undrain || action.kind == Kind::Unmark) {
    return ecs.untag(container, std::span(&key, 1), deadline, of.role);
  }
  const Tag tag{.key = key, .value = mark_text(action.mark)};
  TRY(ecs.tag(container, std::span(&tag, 1), deadline, of.role));
  return action.kind == Kind::Drain ? cluster.set_state(container, "DRAINING", leave_by, deadline)
                                    : Result<void>();
}

}  // namespace scaler::aws
