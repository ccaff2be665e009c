#include "scaler/core/instance_context.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "scaler/core/state.h"

namespace scaler {
namespace {

using Mark = InstanceMark::Kind;

/// Of one that is DRAINING. Only what the mark says is this program's doing.
InstanceUse use_drained(const InstanceSeen& instance) {
  if (instance.state != GroupState::InService) {
    return InstanceUse::Useless;
  }
  switch (instance.mark.kind) {
    case Mark::Drained:
      return InstanceUse::Drained;
    case Mark::Recalled:
      return InstanceUse::Recalled;
    case Mark::None:
    case Mark::Idle:
      return InstanceUse::Useless;
  }
  return InstanceUse::Useless;
}

InstanceUse use_of(const InstanceSeen& instance, Instant at) {
  if (instance.state == GroupState::Leaving) {
    return InstanceUse::Leaving;
  }
  const bool late = instance.launched && since(*instance.launched, at) >= kRegisterWithin;
  switch (instance.registration) {
    case Registration::None:
    case Registration::Registering:
      return late ? InstanceUse::Useless : InstanceUse::Coming;
    case Registration::Active:
      return instance.connected && instance.healthy ? InstanceUse::Open : InstanceUse::Useless;
    case Registration::Draining:
      return use_drained(instance);
    case Registration::Other:
      return InstanceUse::Useless;
  }
  return InstanceUse::Useless;
}

}  // namespace

void InstanceContext::tell(InstanceStep step) {
  step.instances = desired;
  decision.steps.push_back(std::move(step));
}

void InstanceContext::tell_once(InstanceStep step) {
  const auto told = std::ranges::find(decision.steps, step.reason, &InstanceStep::reason);
  if (told == decision.steps.end()) {
    tell(std::move(step));
  }
}

void InstanceContext::act(InstanceAction action) {
  decision.actions.push_back(std::move(action));
}

std::int64_t InstanceContext::count(InstanceUse use) const {
  return std::ranges::count(members, use, &InstanceMember::use);
}

std::int64_t InstanceContext::missing() const {
  const auto alive = static_cast<std::int64_t>(members.size()) - count(InstanceUse::Leaving);
  return std::max<std::int64_t>(group.desired - alive, 0);
}

InstanceSpace InstanceContext::place_of(const Room& room, std::int64_t tasks) const {
  constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
  return {.room = room, .tasks_left = policy.tasks_most ? *policy.tasks_most - tasks : kNoLimit};
}

std::int64_t InstanceContext::put_on(const InstanceSeen& instance) {
  InstanceSpace place = place_of(instance.remaining, instance.running + instance.pending);
  return put(unplaced, place);
}

InstanceContext context_of(const InstancePolicy& policy, const GroupSeen& group) {
  InstanceContext context{.policy = policy, .group = group};
  for (const InstanceSeen& instance : group.instances) {
    context.members.push_back(
        {.seen = &instance, .use = use_of(instance, group.at), .kept = !instance.empty()});
  }
  // Those with tasks are filled first, so that an empty one has its chance to end.
  std::ranges::stable_sort(context.members, [](const InstanceMember& a, const InstanceMember& b) {
    return a.kept && !b.kept;
  });
  context.shapes = shapes_of(group.instances);
  context.lowest = std::min(std::max(group.min, policy.min), group.max);
  context.desired = group.desired;
  context.decision.wanted = group.desired;
  return context;
}

}  // namespace scaler
