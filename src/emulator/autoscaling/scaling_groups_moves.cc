#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "emulator/autoscaling/scaling_groups_api.h"

// The part of ScalingGroupsApi in which instances come and go.

namespace scaler::emulator {
namespace {

constexpr std::size_t kProtectedMax = 50;
constexpr std::array<std::string_view, 9> kProcesses{
    {"Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck",
     "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions"}};

}  // namespace

ApiAnswer ScalingGroupsApi::set_desired_capacity(const Input& input, const Caller&) {
  world::InstanceGroup* const group = TRY(find_group(input));
  const std::int64_t desired = *input.integer("DesiredCapacity");
  const world::GroupSettings& settings = group->settings();
  if (desired > settings.max) {
    return validation_error(fmt::format(
        "New SetDesiredCapacity value {} is above max value {} for the AutoScalingGroup.", desired,
        settings.max));
  }
  if (desired < settings.min) {
    return validation_error(fmt::format(
        "New SetDesiredCapacity value {} is below min value {} for the AutoScalingGroup.", desired,
        settings.min));
  }
  if (input.flag("HonorCooldown") && !group->activities().empty() &&
      group->activities().front().status == "InProgress") {
    return refuse("ScalingActivityInProgress",
                  fmt::format("Scaling activity {} is in progress and blocks this action",
                              group->activities().front().id));
  }
  group->set_desired(desired,
                     fmt::format("a user request explicitly set group desired capacity changing "
                                 "the desired capacity from {} to {}",
                                 group->desired(), desired),
                     world_.now());
  return std::string();
}

ApiAnswer ScalingGroupsApi::terminate_instance(const Input& input, const Caller& caller) {
  const std::string_view id = input.text("InstanceId");
  const world::World::FoundInstance found = world_.find_instance(id);
  if (found.instance == nullptr || found.instance->id != id) {
    return validation_error(
        fmt::format("Instance Id not found - No managed instance found for "
                    "instance ID: {}",
                    id));
  }
  const bool decrement = input.flag("ShouldDecrementDesiredCapacity");
  const std::int64_t min = found.group->settings().min;
  if (decrement && found.group->desired() <= min) {
    return validation_error(fmt::format(
        "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will "
        "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to "
        "false or lower group's min size.",
        min));
  }
  const world::Activity activity = found.group->terminate(*found.instance, decrement, world_.now());
  json::Writer writer;
  writer.begin_object().name("Activity");
  write_activity(writer, *found.group, activity, caller);
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer ScalingGroupsApi::set_instance_protection(const Input& input, const Caller&) {
  world::InstanceGroup* const group = TRY(find_group(input));
  const std::vector<std::string_view> ids = input.texts("InstanceIds");
  if (ids.size() > kProtectedMax) {
    return validation_error(fmt::format("At most {} instances.", kProtectedMax));
  }
  std::vector<const world::Instance*> instances;
  for (const std::string_view id : ids) {
    const world::Instance* const instance = group->find(id);
    if (instance == nullptr || instance->id != id) {
      return validation_error(
          fmt::format("The instance {} is not part of Auto Scaling group {}.", id, group->name()));
    }
    instances.push_back(instance);
  }
  for (const world::Instance* const instance : instances) {
    group->protect(*instance, input.flag("ProtectedFromScaleIn"));
  }
  return std::string();
}

ApiAnswer ScalingGroupsApi::suspend_processes(const Input& input, const Caller&) {
  return suspend(input, true);
}

ApiAnswer ScalingGroupsApi::resume_processes(const Input& input, const Caller&) {
  return suspend(input, false);
}

/// Without names all of them.
ApiAnswer ScalingGroupsApi::suspend(const Input& input, bool is_suspended) {
  world::InstanceGroup* const group = TRY(find_group(input));
  std::vector<std::string_view> names = input.texts("ScalingProcesses");
  for (const std::string_view name : names) {
    if (!listed(kProcesses, name)) {
      return validation_error(fmt::format("Invalid scaling process(es): {}", name));
    }
  }
  if (names.empty()) {
    names.assign(kProcesses.begin(), kProcesses.end());
  }
  for (const std::string_view name : names) {
    group->suspend(std::string(name), is_suspended, world_.now());
  }
  return std::string();
}

}  // namespace scaler::emulator
