// What the steps of decide_instances() say to people, and which groups it does not touch.
#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/core.h>

#include "ground/base/clock.h"
#include "ground/base/text.h"
#include "scaler/core/instances.h"

namespace scaler {

// The desired capacity is an absolute number, and the group chooses who ends when it falls. Only
// protection on every instance keeps an overlapping pass, a rebalance or another hand from ending
// one at work.
std::string refusal_of(const GroupSeen& group) {
  if (group.managed_scaling) {
    return "its capacity provider has managed scaling on, and two hands on one group undo each "
           "other's work: turn it off, or set capacity=follow";
  }
  if (group.scaling_policies > 0) {
    return fmt::format(
        "it has scaling policies of its own ({}): remove them, or set capacity=follow",
        group.scaling_policies);
  }
  if (group.weighted) {
    return "its desired capacity does not count instances, but weights, vCPUs or memory";
  }
  if (!group.new_instances_protected) {
    return "it does not protect new instances from scale-in: set NewInstancesProtectedFromScaleIn";
  }
  const auto bare = std::ranges::find_if(group.instances, [](const InstanceSeen& instance) {
    return instance.state == GroupState::InService && !instance.protected_from_scale_in;
  });
  if (bare != group.instances.end()) {
    return fmt::format("{} is not protected from scale-in: SetInstanceProtection protects it",
                       bare->id);
  }
  return {};
}

namespace {

struct Note {
  InstanceReason reason = InstanceReason::Count;
  std::string_view name = {};
  std::string_view text = {};
};

// {about} is who it is about; {n0} to {n2} are the numbers as they are, {i0} with "instances", {k0}
// to {k2} with "tasks", {t0} to {t2} as durations; {desired} is the capacity after the step.
constexpr std::array<Note, static_cast<std::size_t>(InstanceReason::Count)> kNotes{{
    {InstanceReason::Refused, "refused", "the group is left alone: {about}"},
    {InstanceReason::NotAllRead, "not_all_read",
     "not everything could be read{about}: no instance ends"},
    {InstanceReason::NotLookedAt, "not_looked_at",
     "{i0} of which not everything is known{about}: not ended"},
    {InstanceReason::Held, "held", "no instance ends: {about}"},
    {InstanceReason::ScaledByOthers, "scaled_by_others",
     "another process scales {about}, on this same group: its tasks count, and what it is about "
     "to want of the group is not known, so no instance ends until one fleet has both (or the tag "
     "ecs-scaler:state is gone there)"},
    {InstanceReason::NeverRegistered, "never_registered",
     "{i0} did not register with the cluster in time ({about}): not counted on"},
    {InstanceReason::Disconnected, "disconnected",
     "{i0} with a silent agent or in bad health ({about}): not counted on, and not ended"},
    {InstanceReason::DrainedByOthers, "drained_by_others",
     "{i0} drained by another hand or interrupted ({about}): not counted on, and left alone"},
    {InstanceReason::NotInService, "not_in_service",
     "{i0} held in another state than InService by a lifecycle hook, a person or AWS ({about}): "
     "not ended by this program"},
    {InstanceReason::TasksToPlace, "tasks_to_place",
     "{about}: {k0} wanted, {n1} placed, {n2} to place"},
    {InstanceReason::FitWhereTheyAre, "fit_where_they_are",
     "{k0} into the room of instances that run"},
    {InstanceReason::TaskAppeared, "task_appeared", "a task appeared on {about}: it is put back"},
    {InstanceReason::UndrainedFirst, "undrained_first", "{i0} that this program drained put back"},
    {InstanceReason::Recalled, "recalled",
     "{about}, which this program drained, is needed: recalled {t0} ago, put back after {t1}"},
    {InstanceReason::OnTheirWay, "on_their_way", "{i0} on the way, of which {n1} needed"},
    {InstanceReason::OneFirst, "one_first",
     "{k0} to place, and no instance has told what it holds: one first (instance_tasks would "
     "tell)"},
    {InstanceReason::AboveMaximum, "above_maximum", "no room for {k1}: the group has {i0} at most"},
    {InstanceReason::TooLarge, "too_large",
     "{k0} fit on no instance that was seen: more would not help"},
    {InstanceReason::BelowMinimum, "below_minimum", "never fewer than {i0}"},
    {InstanceReason::LaunchesFail, "launches_fail",
     "{n0} launches in a row failed, the last {t1} ago ({about}); {t2} of pause after it"},
    {InstanceReason::LaunchSuspended, "launch_suspended",
     "the group's process Launch is suspended"},
    {InstanceReason::Launched, "launched", "{i0} more -> {desired}"},
    {InstanceReason::MoreThanDesired, "more_than_desired",
     "{i0} above the group's size, which none can leave at its minimum: the size follows -> "
     "{desired}"},
    {InstanceReason::Idle, "idle", "{about} without a task for {t0}, drained after {t1}"},
    {InstanceReason::KeptForMinimum, "kept_for_minimum", "{about} is kept: never fewer than {i0}"},
    {InstanceReason::Draining, "draining", "{about} without a task for {t0}: drained"},
    {InstanceReason::WaitsToEnd, "waits_to_end",
     "{about} drained {t0} ago, {k2} of it not stopped yet; it ends after {t1} without any"},
    {InstanceReason::TerminateSuspended, "terminate_suspended",
     "the group's process Terminate is suspended: {about} stays"},
    {InstanceReason::Ending, "ending",
     "{about} is drained and without a task: it ends -> {desired}"},
    {InstanceReason::ManagedScaling, "managed_scaling",
     "AWS drives the group by managed scaling: {i0}, at least {t1} each, on every wake from none"},
    {InstanceReason::NobodyDrives, "nobody_drives",
     "managed scaling is off and capacity is follow, so nothing starts or ends an instance: turn "
     "it on, or set capacity=own"},
}};

consteval bool notes_in_order() {
  for (std::size_t i = 0; i < kNotes.size(); ++i) {
    if (kNotes[i].reason != static_cast<InstanceReason>(i)) {
      return false;
    }
  }
  return true;
}
static_assert(notes_in_order());

}  // namespace

std::string_view to_string(InstanceReason reason) {
  return kNotes.at(static_cast<std::size_t>(reason)).name;
}

std::string_view to_string(InstanceAction::Kind kind) {
  constexpr std::array<std::string_view, 7> kNames{"undrain", "set_desired", "recall", "mark",
                                                   "unmark",  "drain",       "end"};
  return kNames.at(static_cast<std::size_t>(kind));
}

std::string explain(const InstanceStep& step) {
  const auto& [n0, n1, n2] = step.numbers;
  const auto duration = [](std::int64_t count) { return format_duration(Duration(count)); };
  return fmt::format(fmt::runtime(kNotes.at(static_cast<std::size_t>(step.reason)).text),
                     fmt::arg("about", step.about), fmt::arg("desired", step.instances),
                     fmt::arg("n0", n0), fmt::arg("n1", n1), fmt::arg("n2", n2),
                     fmt::arg("i0", plural(n0, "instance")), fmt::arg("k0", plural(n0, "task")),
                     fmt::arg("k1", plural(n1, "task")), fmt::arg("k2", plural(n2, "task")),
                     fmt::arg("t0", duration(n0)), fmt::arg("t1", duration(n1)),
                     fmt::arg("t2", duration(n2)));
}

}  // namespace scaler
