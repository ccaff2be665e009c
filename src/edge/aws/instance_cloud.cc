#include "edge/aws/instance_cloud.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "edge/aws/ecs.h"
#include "edge/aws/retry.h"

namespace scaler::aws {
namespace {

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

/// The state's name, unless it is one of those that each instance goes through by itself.
std::string held_in(const std::string& lifecycle) {
  constexpr std::array<std::string_view, 6> kOrdinary{
      "Pending",     "Pending:Proceed",     "InService",
      "Terminating", "Terminating:Proceed", "Terminated"};
  return std::ranges::find(kOrdinary, lifecycle) == kOrdinary.end() ? lifecycle : std::string();
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

/// When the instance was launched. What none of the latest activities tells of is older than they
/// all are; one that has only just come may be ahead of them.
std::optional<Instant> launched_at(const GroupInstance& instance,
                                   const std::vector<ScalingActivity>& activities) {
  const auto launch = std::ranges::find(activities, instance.id, launched_instance);
  if (launch != activities.end()) {
    return launch->started;
  }
  return std::ssize(activities) < AutoScaling::kActivitiesMost ||
                 state_of(instance.lifecycle) != GroupState::InService
             ? std::nullopt
             : activities.back().started;
}

ServiceId cluster_of(const GroupRequest& request) {
  ServiceId of = request.services.front().id;
  of.cluster = request.cluster;
  return of;
}

/// The group of a capacity provider, reached as the cluster's services are.
Result<GroupId> group_of(const CapacityProvider& provider, const GroupRequest& request) {
  GroupId id = TRY(parse_group_arn(provider.group_arn));
  id.role = request.services.front().id.role;
  return id;
}

}  // namespace

Result<void> InstanceCloud::read_group(GroupLook& looking) const {
  const CapacityProvider provider =
      TRY(looking.cluster.provider(looking.request.provider, looking.deadline));
  if (provider.group_arn.empty()) {
    return fail(ErrorKind::Rejected, without_group(provider));
  }
  const GroupId id = TRY(group_of(provider, looking.request));
  AutoScaling groups(*client_);
  GroupSeen& seen = looking.seen;
  // Marks are compared between processes, and with AWS's own times: by AWS's clock, which the
  // latest reply has told.
  seen.at = client_->clock().now() + client_->clock_difference();
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
    seen.instances.push_back({.id = instance.id,
                              .type = instance.type,
                              .state = state_of(instance.lifecycle),
                              .lifecycle = held_in(instance.lifecycle),
                              .healthy = instance.healthy,
                              .protected_from_scale_in = instance.protected_from_scale_in,
                              .launched = launched_at(instance, activities),
                              .registration = Registration::None,
                              .connected = false});
  }
  return {};
}

Result<void> InstanceCloud::read_instances(GroupLook& looking) {
  for (ContainerInstance& instance : TRY(looking.cluster.all(looking.deadline))) {
    take_in(looking, std::move(instance));
  }
  return {};
}

/// An agent that lost its state registers its instance once more. ECS places tasks by the one that
/// is connected, and what runs by the other is not known any more: such an instance is not seen
/// empty until it is registered once.
void InstanceCloud::take_in(GroupLook& looking, ContainerInstance instance) {
  const auto found = std::ranges::find(looking.seen.instances, instance.ec2_id, &InstanceSeen::id);
  if (found == looking.seen.instances.end()) {
    return;  // Of another group of the cluster.
  }
  const bool twice = looking.containers.contains(instance.ec2_id);
  found->running += instance.running;
  found->pending += instance.pending;
  found->looked = found->looked && !twice;
  if (twice && !instance.connected) {
    return;
  }
  found->type = instance.type.empty() ? found->type : instance.type;
  found->registration = registration_of(instance.status);
  found->connected = instance.connected;
  found->registered = std::move(instance.registered);
  found->remaining = std::move(instance.remaining);
  found->mark = instance.mark;
  looking.containers[instance.ec2_id] = instance.arn;
}

Result<TaskNeed> InstanceCloud::need_of(const GroupLook& looking, const ServiceOnGroup& service) {
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
Result<void> InstanceCloud::read_places(const GroupLook& looking, const ServiceId& id,
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

Result<void> InstanceCloud::read_services(GroupLook& looking,
                                          std::span<const ServiceOnGroup> services) {
  for (const ServiceOnGroup& service : services) {
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

/// Services of the group that another process scales. Who they are is asked only where an instance
/// might end, and not each time: that asks for all of the cluster. `known` have been read.
Result<void> InstanceCloud::find_others(GroupLook& looking, std::span<const ServiceId> known) {
  constexpr Duration kTrueFor = std::chrono::minutes(1);
  Others& others = others_[key_of(looking.request)];
  const bool may_end =
      std::ranges::any_of(looking.seen.instances, [](const InstanceSeen& instance) {
        return instance.registration != Registration::None && instance.empty();
      });
  if (!may_end || client_->clock().steady() < others.until) {
    return {};
  }
  others = {.scaled = TRY(looking.cluster.scaled(looking.request.provider, looking.deadline)),
            .until = client_->clock().steady() + kTrueFor};
  std::vector<ServiceId> more = known_others(looking);
  std::erase_if(more, [known](const ServiceId& id) {
    return std::ranges::find(known, id.service, &ServiceId::service) != known.end();
  });
  return read_others(looking, more);
}

std::vector<ServiceId> InstanceCloud::known_others(const GroupLook& looking) const {
  std::vector<ServiceId> found;
  if (const auto others = others_.find(key_of(looking.request)); others != others_.end()) {
    std::ranges::copy_if(others->second.scaled, std::back_inserter(found),
                         [&looking](const ServiceId& id) {
                           const std::vector<ServiceOnGroup>& own = looking.request.services;
                           return std::ranges::none_of(own, [&id](const ServiceOnGroup& service) {
                             return service.counts.name == id.service;
                           });
                         });
  }
  return found;
}

/// Their tasks that wait count, too: the instance that comes for one of them has no room for one
/// of this process, which would wait for a second start. What they will want nobody here knows.
Result<void> InstanceCloud::read_others(GroupLook& looking, std::span<const ServiceId> others) {
  if (others.empty()) {
    return {};
  }
  std::vector<ServiceOnGroup> waiting;
  std::vector<Result<ServiceReading>> readings = Ecs(*client_).describe(others, looking.deadline);
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (readings[i] || readings[i].error().kind != ErrorKind::NotFound) {
      const ServiceReading reading = TRY(std::move(readings[i]));
      waiting.push_back(on_group(others[i], reading, reading.service.desired));
    }
  }
  return read_services(looking, waiting);
}

/// What may be missing and only holds what might end: it comes after all that a new instance is
/// asked for by, and may take what time is left.
void InstanceCloud::read_what_holds(GroupLook& looking) {
  const std::vector<ServiceId> known = known_others(looking);
  const auto read = read_others(looking, known);
  if (!looking.seen.instances.empty()) {
    tasks_.read(looking);
  }
  const auto found = find_others(looking, known);
  for (const Result<void>* result : {&read, &found}) {
    if (!*result) {
      looking.missed(result->error());
    }
  }
  // One of the own fleet may not have been read: its tasks count as those of others do.
  for (const ServiceId& id : known_others(looking)) {
    const std::vector<std::string>& fleet = looking.request.fleet;
    if (std::ranges::find(fleet, id.service) == fleet.end()) {
      looking.seen.scaled_by_others.push_back(id.service);
    }
  }
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
  // So many calls, one after another: a far region needs more than the time that is usual.
  constexpr int kTrips = 15;
  const Duration needed =
      std::min(kTrips * client_->round_trip(place_of(request.services.front().id)), kPatienceMost);
  const Deadline until = begun + std::max(pace.patience, needed);
  Result<GroupSeen> seen = look_at(request, std::min(deadline, until));
  const Deadline ended = client_->clock().steady();
  const auto took = std::chrono::ceil<Duration>(ended - begun);
  if (seen) {
    pace = {.patience = std::clamp(2 * took, kPatienceLeast, kPatienceMost)};
  } else if (ended >= until) {
    pace.patience = std::min(2 * pace.patience, kPatienceMost);  // Perhaps it has only grown.
    pace.pause = next_pause(pace.pause);
    pace.again = ended + pace.pause;
  }
  return seen;
}

Result<GroupSeen> InstanceCloud::look_at(const GroupRequest& request, Deadline deadline) {
  GroupLook looking{.request = request,
                    .deadline = deadline,
                    .cluster = ContainerInstances(*client_, cluster_of(request)),
                    .seen = {}};
  TRY(read_group(looking));
  // What AWS drives is left alone, whatever its instances do.
  if (!looking.seen.instances.empty() && !looking.seen.managed_scaling) {
    TRY(read_instances(looking));
  }
  TRY(read_services(looking, request.services));
  if (!looking.seen.managed_scaling) {
    read_what_holds(looking);
  }
  for (const auto& [id, arn] : looking.containers) {
    containers_[id] = arn;
  }
  return std::move(looking.seen);
}

Result<void> InstanceCloud::carry_out(const GroupRequest& request, const InstanceAction& action,
                                      Deadline leave_by, Deadline deadline) {
  using Kind = InstanceAction::Kind;
  return action.kind == Kind::SetDesired || action.kind == Kind::End
             ? change_group(request, action, leave_by, deadline)
             : change_instance(request, action, leave_by, deadline);
}

/// A size that is only raised needs no look that is fresh, but a reply that is: in a region that is
/// far away, both calls that bring it took longer than any time after the look.
Deadline InstanceCloud::set_by(const GroupRequest& request, const InstanceAction& action,
                               Deadline leave_by) const {
  constexpr int kTrips = 3;
  const Duration trip = client_->round_trip(place_of(request.services.front().id));
  return std::min(leave_by, client_->clock().steady() + std::max(action.within, kTrips * trip));
}

// By now another pass, or a person, may have set more, or AWS may drive the group.
Result<void> InstanceCloud::change_group(const GroupRequest& request, const InstanceAction& action,
                                         Deadline leave_by, Deadline deadline) {
  ContainerInstances cluster(*client_, cluster_of(request));
  const CapacityProvider provider = TRY(cluster.provider(request.provider, deadline));
  const GroupId id = TRY(group_of(provider, request));
  AutoScaling groups(*client_);
  if (action.kind == InstanceAction::Kind::End) {
    if (provider.managed_scaling) {
      return fail(ErrorKind::Conflict, "managed scaling was turned on: no instance ends");
    }
    TRY(look_again(request, action, deadline));
    return groups.end(id, action.instance, leave_by, deadline);
  }
  const AutoScalingGroup group = TRY(groups.describe(id, deadline));
  const std::int64_t desired = std::min(action.desired, group.max);
  const bool others = provider.managed_scaling && group.desired + std::ssize(group.instances) > 0;
  return desired > group.desired && !others
             ? groups.set_desired(id, desired, set_by(request, action, leave_by), deadline)
             : Result<void>();
}

Result<void> InstanceCloud::change_instance(const GroupRequest& request,
                                            const InstanceAction& action, Deadline leave_by,
                                            Deadline deadline) {
  using Kind = InstanceAction::Kind;
  ContainerInstances cluster(*client_, cluster_of(request));
  const std::string container = TRY(container_of(action.instance));
  if (action.kind == Kind::Undrain) {
    TRY(cluster.set_state(container, "ACTIVE", leave_by, deadline));
  }
  if (action.kind == Kind::Undrain || action.kind == Kind::Unmark) {
    return cluster.remove_mark(container, leave_by, deadline);
  }
  TRY(cluster.set_mark(container, action.mark, leave_by, deadline));
  if (action.kind == Kind::Drain) {
    TRY(look_again(request, action, deadline));
    return cluster.set_state(container, "DRAINING", leave_by, deadline);
  }
  return {};
}

Result<std::string> InstanceCloud::container_of(const std::string& instance) const {
  const auto found = containers_.find(instance);
  if (found == containers_.end()) {
    return fail(ErrorKind::NotFound, "no look has seen " + instance + " in the cluster");
  }
  return found->second;
}

/// The look that an end follows from is a moment old, and so is that of a drain, which stops what
/// waits to run. Errors: Conflict when the instance is not as that look saw it.
Result<void> InstanceCloud::look_again(const GroupRequest& request, const InstanceAction& action,
                                       Deadline deadline) {
  const std::string container = TRY(container_of(action.instance));
  GroupLook looking{.request = request,
                    .deadline = deadline,
                    .cluster = ContainerInstances(*client_, cluster_of(request)),
                    .seen = {}};
  looking.seen.instances = {{.id = action.instance, .registration = Registration::None}};
  for (ContainerInstance& instance :
       TRY(looking.cluster.described(std::span(&container, 1), deadline))) {
    take_in(looking, std::move(instance));
  }
  tasks_.read(looking);
  const InstanceSeen& now = looking.seen.instances.front();
  // A mark that was set a moment ago may not show yet. One that is gone another pass has removed,
  // and without it nobody would know the instance for drained by this program.
  using Mark = InstanceMark::Kind;
  const bool ends = action.kind == InstanceAction::Kind::End;
  const bool marked = ends ? now.mark.kind == Mark::Drained : now.mark.kind != Mark::None;
  const bool as_seen = looking.seen.complete && now.empty() && now.connected && marked &&
                       now.registration == (ends ? Registration::Draining : Registration::Active);
  return as_seen ? Result<void>()
                 : fail(ErrorKind::Conflict, action.instance + " has changed since it was seen");
}

}  // namespace scaler::aws
