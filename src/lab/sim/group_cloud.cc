#include "lab/sim/group_cloud.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

namespace scaler::sim {
namespace {

using Act = InstanceAction::Kind;

constexpr const char* kType = "any";

GroupState state_of(world::Lifecycle lifecycle) {
  switch (lifecycle) {
    case world::Lifecycle::Pending:
      return GroupState::Pending;
    case world::Lifecycle::InService:
      return GroupState::InService;
    case world::Lifecycle::TerminatingWait:
    case world::Lifecycle::Terminating:
      return GroupState::Leaving;
  }
  std::unreachable();
}

Registration registration_of(world::AgentRegistration registration) {
  switch (registration) {
    case world::AgentRegistration::None:
      return Registration::None;
    case world::AgentRegistration::Active:
      return Registration::Active;
    case world::AgentRegistration::Draining:
      return Registration::Draining;
  }
  std::unreachable();
}

bool by(const std::optional<Instant>& at, Instant then) {
  return at && *at <= then;
}

}  // namespace

/// As they are, or as they were a moment ago.
GroupCloud::CountsByInstance GroupCloud::count_tasks() {
  const bool lags = engine_->strikes(Fault::LaggingTasks);
  const Duration most = engine_->scenario().faults.task_lag_max;
  const Instant then =
      engine_->now() -
      (lags ? Duration(engine_->chance_of_calls().between(0, most.count())) : Duration(0));
  CountsByInstance counts;
  const auto count = [&counts, then](const world::Task& task) {
    if (!by(task.placed_at, then) || by(task.stopped_at, then)) {
      return;
    }
    TaskCounts& on = counts[task.container_instance];
    ++(by(task.stopping_at, then)  ? on.lingering
       : by(task.started_at, then) ? on.running
                                   : on.pending);
  };
  for (const auto& [number, task] : engine_->service().tasks()) {
    count(task);
  }
  if (lags) {
    std::ranges::for_each(engine_->service().stopped_tasks(), count);
  }
  return counts;
}

Result<GroupSeen> GroupCloud::look(const GroupRequest& request, Deadline /*deadline*/) {
  GroupSeen seen{.at = cloud_->now(), .name = Engine::kGroup};
  TRY(cloud_->perform("DescribeCapacityProviders", [] {}));
  if (engine_->group()->settings().scale_in_after) {
    return fail(ErrorKind::Rejected, "the capacity provider has no Auto Scaling group");
  }
  TRY(read_group(seen));
  if (!seen.instances.empty()) {
    CountsByInstance counts;
    TRY(cloud_->perform("ListContainerInstances", [] {}));
    TRY(cloud_->perform("DescribeContainerInstances", [&] { counts = count_tasks(); }));
    TRY(read_instances(seen, counts));
  }
  TRY(read_services(seen, request));
  return seen;
}

Result<void> GroupCloud::read_group(GroupSeen& seen) {
  const world::InstanceGroup& group = *engine_->group();
  TRY(cloud_->perform("DescribeAutoScalingGroups", [&] {
    seen.min = group.settings().min;
    seen.max = group.settings().max;
    seen.desired = group.desired();
    seen.managed_scaling = group.settings().managed.has_value();
    seen.new_instances_protected = group.settings().protects_new;
    for (const auto& [number, instance] : group.instances()) {
      seen.instances.push_back({.id = instance.id,
                                .type = kType,
                                .state = state_of(instance.lifecycle),
                                .protected_from_scale_in = instance.is_protected,
                                .launched = told(instance.launched_at),
                                .registration = Registration::None,
                                .connected = false});
    }
  }));
  TRY(cloud_->perform("DescribePolicies", [] {}));
  return cloud_->perform("DescribeScalingActivities", [&] {
    for (const world::Activity& activity : group.activities()) {
      if (activity.status == "Failed") {
        LaunchFailures& failures = seen.failures;
        failures.last = failures.in_a_row == 0 ? told(activity.started_at) : failures.last;
        failures.reason = failures.in_a_row == 0 ? activity.message : failures.reason;
        ++failures.in_a_row;
      } else if (activity.status == "Successful" && activity.description.starts_with("Launching")) {
        return;
      }
    }
  });
}

/// What is not registered any more since the group was read is not counted on.
Result<void> GroupCloud::read_instances(GroupSeen& seen, const CountsByInstance& counts) {
  for (InstanceSeen& instance : seen.instances) {
    const world::Instance* const real = engine_->group()->find(instance.id);
    if (real == nullptr || real->registration == world::AgentRegistration::None) {
      continue;
    }
    const auto found = counts.find(real->container_id);
    const TaskCounts tasks = found == counts.end() ? TaskCounts() : found->second;
    const std::int64_t used = tasks.running + tasks.pending + tasks.lingering;
    instance.registration = registration_of(real->registration);
    instance.connected = real->agent_connected;
    instance.registered = {.cpu = real->resources.cpu};
    instance.remaining = {.cpu = real->resources.cpu - used * Engine::kTaskNeeds.cpu};
    instance.running = tasks.running;
    instance.pending = tasks.pending;
    if (const auto mark = engine_->marks().find(instance.id); mark != engine_->marks().end()) {
      instance.mark = mark->second;
    }
  }
  read_stopping(seen, counts);
  return {};
}

/// Asks for those that are still stopping where no others are.
void GroupCloud::read_stopping(GroupSeen& seen, const CountsByInstance& counts) {
  for (InstanceSeen& instance : seen.instances) {
    if (instance.registration == Registration::None || instance.running + instance.pending > 0) {
      continue;
    }
    const world::Instance* const real = engine_->group()->find(instance.id);
    const auto found = real == nullptr ? counts.end() : counts.find(real->container_id);
    instance.looked = cloud_->perform("ListTasks", [] {}).has_value();
    if (instance.looked && found != counts.end() && found->second.lingering > 0) {
      instance.looked = cloud_->perform("DescribeTasks", [] {}).has_value();
      instance.lingering = found->second.lingering;
    }
  }
}

/// As the AWS client has it: of what the two looks say the most tasks have a place, for one that
/// was placed since the service was read takes room already.
void GroupCloud::count_places(GroupService& counts) const {
  std::int64_t there = 0;
  std::int64_t waiting = 0;
  for (const auto& [number, task] : engine_->service().tasks()) {
    there += task.state < world::TaskState::Stopping ? 1 : 0;
    waiting += task.state == world::TaskState::Provisioning ? 1 : 0;
  }
  const std::int64_t placed = counts.running + std::max<std::int64_t>(counts.pending - waiting, 0);
  counts.provisioning = waiting;
  counts.running = std::max(placed, there - waiting);
  counts.pending = waiting;
}

Result<void> GroupCloud::read_services(GroupSeen& seen, const GroupRequest& request) {
  for (const ServiceOnGroup& service : request.services) {
    GroupService counts = service.counts;
    counts.need = {.cpu = Engine::kTaskNeeds.cpu};
    const bool moving = counts.pending > 0 || counts.running < counts.desired;
    if (moving && !seen.managed_scaling) {
      TRY(cloud_->perform("ListTasks", [] {}));
      TRY(cloud_->perform("DescribeTasks", [&] { count_places(counts); }));
    }
    seen.services.push_back(std::move(counts));
  }
  return {};
}

Result<void> GroupCloud::in_time(Deadline leave_by, std::string_view what) const {
  return leave_by < cloud_->steady() ? fail(ErrorKind::Overdue, fmt::format("{}: not sent", what))
                                     : Result<void>();
}

Result<void> GroupCloud::carry_out(const GroupRequest& /*request*/, const InstanceAction& action,
                                   Deadline leave_by, Deadline /*deadline*/) {
  switch (action.kind) {
    case Act::SetDesired:
      return set_desired(action.desired, leave_by);
    case Act::End:
      return end(action.instance, leave_by);
    case Act::Undrain:
      TRY(set_state(action, leave_by));
      return mark(action.instance, {});
    case Act::Recall:
    case Act::Mark:
    case Act::Unmark:
      return mark(action.instance, action.mark);
    case Act::Drain:
      TRY(mark(action.instance, action.mark));
      TRY(look_again(action.instance));
      return set_state(action, leave_by);
  }
  std::unreachable();
}

/// As the AWS client does before it drains: that would stop a task that was placed since. What the
/// client looks at besides, and before an end again, is left out here: trials are to show that the
/// three tests and the wait after draining are enough by themselves.
Result<void> GroupCloud::look_again(const std::string& id) {
  CountsByInstance counts;
  TRY(cloud_->perform("DescribeContainerInstances", [&] { counts = count_tasks(); }));
  TRY(cloud_->perform("ListTasks", [] {}));
  const world::Instance* const real = engine_->group()->find(id);
  const TaskCounts tasks = real == nullptr ? TaskCounts() : counts[real->container_id];
  return tasks.running + tasks.pending > 0
             ? fail(ErrorKind::Conflict, id + " has changed since it was seen")
             : Result<void>();
}

/// Up alone: the group is read again just before.
Result<void> GroupCloud::set_desired(std::int64_t desired, Deadline leave_by) {
  constexpr std::string_view kCall = "SetDesiredCapacity";
  world::InstanceGroup& group = *engine_->group();
  std::int64_t present = 0;
  TRY(cloud_->perform("DescribeAutoScalingGroups", [&] { present = group.desired(); }));
  const std::int64_t wanted = std::min(desired, group.settings().max);
  if (wanted <= present) {
    return {};
  }
  TRY(in_time(leave_by, kCall));
  const Instant left = engine_->now();
  return cloud_->perform(kCall, [&] {
    engine_->change_instances(Act::SetDesired, nullptr, left, [&] {
      group.set_desired(wanted, "a user request set the desired capacity", engine_->now());
    });
  });
}

Result<void> GroupCloud::end(const std::string& id, Deadline leave_by) {
  constexpr std::string_view kCall = "TerminateInstanceInAutoScalingGroup";
  TRY(in_time(leave_by, kCall));
  world::InstanceGroup& group = *engine_->group();
  const Instant left = engine_->now();
  Result<void> answer;
  TRY(cloud_->perform(kCall, [&] {
    const world::Instance* const instance = group.find(id);
    if (instance == nullptr) {
      answer = fail(ErrorKind::NotFound, fmt::format("{}: no instance {}", kCall, id));
    } else if (group.desired() <= group.settings().min) {
      answer = fail(ErrorKind::Rejected, fmt::format("{}: the minimum would be violated", kCall));
    } else {
      engine_->change_instances(Act::End, instance, left,
                                [&] { group.terminate(*instance, true, engine_->now()); });
    }
  }));
  return answer;
}

Result<void> GroupCloud::mark(const std::string& id, const InstanceMark& mark) {
  return cloud_->perform("TagResource", [&] { engine_->marks()[id] = mark; });
}

Result<void> GroupCloud::set_state(const InstanceAction& action, Deadline leave_by) {
  constexpr std::string_view kCall = "UpdateContainerInstancesState";
  TRY(in_time(leave_by, kCall));
  world::InstanceGroup& group = *engine_->group();
  const Instant left = engine_->now();
  Result<void> answer;
  TRY(cloud_->perform(kCall, [&] {
    const world::Instance* const instance = group.find(action.instance);
    if (instance == nullptr || instance->registration == world::AgentRegistration::None) {
      answer = fail(ErrorKind::NotFound, fmt::format("{}: no {}", kCall, action.instance));
      return;
    }
    engine_->change_instances(action.kind, instance, left, [&] {
      group.set_draining(*instance, action.kind == Act::Drain, engine_->now());
    });
  }));
  return answer;
}

}  // namespace scaler::sim
