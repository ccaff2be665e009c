// The rules for instances, in the order in which decide_instances() uses them.
#include "scaler/core/instances.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include <fmt/ranges.h>

#include "scaler/core/arithmetic.h"
#include "scaler/core/instance_context.h"
#include "scaler/core/instance_room.h"
#include "scaler/core/state.h"

namespace scaler {
namespace {

using Act = InstanceAction::Kind;
using Mark = InstanceMark::Kind;

void tell_of(InstanceContext& context, InstanceReason reason, Registration registration) {
  const auto matches = [registration](const InstanceMember& member) {
    return member.use == InstanceUse::Useless && member.seen->registration == registration;
  };
  const auto found = std::ranges::find_if(context.members, matches);
  if (found != context.members.end()) {
    context.tell({.reason = reason,
                  .numbers = {std::ranges::count_if(context.members, matches)},
                  .about = found->seen->id});
  }
}

void tell_held(InstanceContext& context) {
  constexpr std::size_t kNamed = 3;
  std::vector<std::string> held;
  for (const InstanceSeen& instance : context.group.instances) {
    if (!instance.lifecycle.empty()) {
      held.push_back(instance.id + " " + instance.lifecycle);
    }
  }
  if (!held.empty()) {
    const std::int64_t count = std::ssize(held);
    held.resize(std::min(held.size(), kNamed));
    context.tell({.reason = InstanceReason::NotInService,
                  .numbers = {count},
                  .about = fmt::format("{}", fmt::join(held, ", "))});
  }
}

/// Instances that cost and hold no task that this program could count on.
void useless(InstanceContext& context) {
  const std::vector<InstanceSeen>& instances = context.group.instances;
  const std::string& why = context.group.unread;
  const std::string about = why.empty() ? "" : " (" + why + ")";
  if (!context.group.complete) {
    context.tell({.reason = InstanceReason::NotAllRead, .about = about});
  } else if (const auto missed = std::ranges::count(instances, false, &InstanceSeen::looked);
             missed > 0) {
    context.tell({.reason = InstanceReason::NotLookedAt, .numbers = {missed}, .about = about});
  }
  if (!context.group.held.empty()) {
    context.tell({.reason = InstanceReason::Held, .about = context.group.held});
  }
  if (!context.group.scaled_by_others.empty()) {
    context.tell({.reason = InstanceReason::ScaledByOthers,
                  .about = fmt::format("{}", fmt::join(context.group.scaled_by_others, ", "))});
  }
  tell_of(context, InstanceReason::NeverRegistered, Registration::None);
  tell_of(context, InstanceReason::NeverRegistered, Registration::Registering);
  tell_of(context, InstanceReason::Disconnected, Registration::Active);
  tell_of(context, InstanceReason::DrainedByOthers, Registration::Draining);
  tell_held(context);
}

/// Those that have an instance.
std::int64_t placed_tasks(const GroupService& service) {
  return service.running + service.pending - std::min(service.provisioning, service.pending);
}

/// The tasks that have no instance: those that ECS is still to make, and those that it has made and
/// could not place.
void to_place(InstanceContext& context) {
  for (const GroupService& service : context.group.services) {
    const std::int64_t wanted = tasks_wanted(service);
    const std::int64_t placed = placed_tasks(service);
    const std::int64_t missing = wanted - placed;
    if (missing > 0) {
      context.tell({.reason = InstanceReason::TasksToPlace,
                    .numbers = {wanted, placed, missing},
                    .about = service.name});
      context.unplaced.push_back({.need = service.need, .tasks = missing});
    }
  }
  // Those that take most first: what is small fits beside them.
  std::ranges::stable_sort(context.unplaced, [](const Unplaced& a, const Unplaced& b) {
    return std::tie(a.need.gpus, a.need.memory, a.need.cpu) >
           std::tie(b.need.gpus, b.need.memory, b.need.cpu);
  });
}

void fill_open(InstanceContext& context) {
  std::int64_t tasks = 0;
  for (InstanceMember& member : context.members) {
    if (member.use == InstanceUse::Open) {
      const std::int64_t more = context.put_on(*member.seen);
      member.kept = member.kept || more > 0;
      tasks += more;
    }
  }
  if (tasks > 0) {
    context.tell({.reason = InstanceReason::FitWhereTheyAre, .numbers = {tasks}});
  }
}

/// A task on an instance that this program drained: it was placed in the moment before.
void return_busy(InstanceContext& context) {
  for (InstanceMember& member : context.members) {
    const InstanceSeen& instance = *member.seen;
    const bool ours = member.use == InstanceUse::Drained || member.use == InstanceUse::Recalled;
    if (ours && instance.running + instance.pending > 0) {
      context.tell({.reason = InstanceReason::TaskAppeared, .about = instance.id});
      context.act({.kind = Act::Undrain, .instance = instance.id});
      context.put_on(instance);
      member.use = InstanceUse::Open;
    }
  }
}

/// Of two sizes that passes set in one moment the lower may come last. The instances above it are
/// protected and stay, and at the group's minimum AWS lets none end: so the size follows them.
void follow_up(InstanceContext& context) {
  const auto alive =
      static_cast<std::int64_t>(context.members.size()) - context.count(InstanceUse::Leaving);
  const std::int64_t size = std::min(alive, context.group.max);
  if (context.desired > context.lowest || size <= context.desired) {
    return;
  }
  const std::int64_t above = size - context.desired;
  context.desired = size;
  context.act({.kind = Act::SetDesired, .desired = size});
  context.tell({.reason = InstanceReason::MoreThanDesired, .numbers = {above}});
}

/// Whether an instance that this program drained is to go back, with the tasks that fit on it.
bool goes_back(InstanceContext& context, const InstanceMember& member) {
  const InstanceSeen& instance = *member.seen;
  const bool drained = member.use == InstanceUse::Drained;
  if ((!drained && member.use != InstanceUse::Recalled) || !instance.connected ||
      !instance.healthy) {
    return member.use == InstanceUse::Recalled;
  }
  return context.put_on(instance) > 0 || !drained || context.staying() < context.lowest;
}

/// Puts it back, where no pass can be about to end it; or recalls it, so that soon none can. False
/// while it waits for that.
bool put_back(InstanceContext& context, InstanceMember& member) {
  const InstanceSeen& instance = *member.seen;
  const Instant at = context.group.at;
  const Duration age = since(instance.mark.at, at);
  const bool recalled = member.use == InstanceUse::Recalled && instance.mark.at <= at;
  if (recalled ? age >= kRecalledFor : member.use == InstanceUse::Drained && age < kUndrainUntil) {
    const Duration within = InstanceAction{}.within;
    context.act({.kind = Act::Undrain,
                 .instance = instance.id,
                 .within = recalled ? within : std::min(kUndrainUntil - age, within)});
    member.use = InstanceUse::Open;
    member.kept = true;
    return true;
  }
  if (!recalled) {
    context.act(
        {.kind = Act::Recall, .instance = instance.id, .mark = {.kind = Mark::Recalled, .at = at}});
  }
  context.tell({.reason = InstanceReason::Recalled,
                .numbers = {recalled ? age.count() : 0, kRecalledFor.count()},
                .about = instance.id});
  member.use = InstanceUse::Recalled;
  return false;
}

void undrain(InstanceContext& context) {
  std::int64_t count = 0;
  for (InstanceMember& member : context.members) {
    if (goes_back(context, member) && put_back(context, member)) {
      ++count;
    }
  }
  if (count > 0) {
    context.tell({.reason = InstanceReason::UndrainedFirst, .numbers = {count}});
  }
}

/// Puts tasks onto an instance of the type that takes the fewest of them, and any at all. False
/// when there is none.
bool put_on_new(InstanceContext& context) {
  constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
  const std::vector<Room> shapes =
      context.shapes.empty() ? std::vector{Room{.cpu = kAny, .memory = kAny, .gpus = kAny}}
                             : context.shapes;
  std::int64_t fewest = 0;
  std::vector<Unplaced> left;
  for (const Room& shape : shapes) {
    std::vector<Unplaced> tried = context.unplaced;
    InstanceSpace place = context.place_of(shape, 0);
    const std::int64_t tasks = put(tried, place);
    if (tasks > 0 && (fewest == 0 || tasks < fewest)) {
      fewest = tasks;
      left = std::move(tried);
    }
  }
  if (fewest > 0) {
    context.unplaced = std::move(left);
  }
  return fewest > 0;
}

/// How many instances, `most` and no more, the tasks without a place take.
std::int64_t instances_for(InstanceContext& context, std::int64_t most) {
  std::int64_t count = 0;
  while (count < most && put_on_new(context)) {
    ++count;
  }
  return count;
}

/// Whether launches have failed a moment ago; one more attempt is worth it only after a pause.
bool pausing(InstanceContext& context) {
  constexpr Duration kFirst = std::chrono::minutes(1);
  constexpr std::int64_t kDoublings = 5;
  const LaunchFailures& failures = context.group.failures;
  if (failures.in_a_row == 0) {
    return false;
  }
  const Duration pause = kFirst * (1 << std::min(failures.in_a_row - 1, kDoublings));
  const Duration ago = since(failures.last, context.group.at);
  context.tell_once({.reason = InstanceReason::LaunchesFail,
                     .numbers = {failures.in_a_row, ago.count(), pause.count()},
                     .about = failures.reason});
  return ago < pause;
}

bool launch_suspended(InstanceContext& context) {
  if (context.group.launch_suspended) {
    context.tell_once({.reason = InstanceReason::LaunchSuspended});
  }
  return context.group.launch_suspended;
}

void wait_for_coming(InstanceContext& context) {
  const std::int64_t coming = context.coming();
  if (coming > 0 && tasks_in(context.unplaced) > 0) {
    const std::int64_t used = instances_for(context, coming);
    context.tell({.reason = InstanceReason::OnTheirWay, .numbers = {coming, used}});
    // They are counted on, so nothing below asks for others, or tells why these do not come.
    if (context.missing() > 0 && !launch_suspended(context)) {
      pausing(context);
    }
  }
}

/// New instances for the tasks that are left, within the group's maximum.
std::int64_t for_tasks(InstanceContext& context) {
  const std::int64_t tasks = tasks_in(context.unplaced);
  if (tasks == 0) {
    return 0;
  }
  const std::int64_t room = std::max<std::int64_t>(context.group.max - context.desired, 0);
  if (context.shapes.empty() && !context.policy.tasks_most) {
    if (context.coming() > 0) {
      return 0;
    }
    const InstanceReason reason =
        room > 0 ? InstanceReason::OneFirst : InstanceReason::AboveMaximum;
    context.tell({.reason = reason,
                  .numbers = {room > 0 ? tasks : context.group.max, room > 0 ? 0 : tasks}});
    return std::min<std::int64_t>(1, room);
  }
  const std::int64_t count = instances_for(context, room);
  const std::int64_t left = tasks_in(context.unplaced);
  if (left > 0 && put_on_new(context)) {
    context.tell({.reason = InstanceReason::AboveMaximum, .numbers = {context.group.max, left}});
  } else if (left > 0) {
    context.tell({.reason = InstanceReason::TooLarge, .numbers = {left}});
  }
  return count;
}

void launch(InstanceContext& context) {
  std::int64_t count = for_tasks(context);
  const std::int64_t lacking = context.lowest - context.staying();
  if (count < lacking) {
    count = std::min(lacking, context.group.max - context.desired);
    context.tell({.reason = InstanceReason::BelowMinimum, .numbers = {context.lowest}});
  }
  if (count <= 0 || launch_suspended(context) || pausing(context)) {
    return;
  }
  context.desired += count;
  context.act({.kind = Act::SetDesired, .desired = context.desired});
  context.tell({.reason = InstanceReason::Launched, .numbers = {count}});
}

/// An instance without tasks, and none to come: its time runs, and at its end it is drained.
void idle(InstanceContext& context, InstanceMember& member) {
  const InstanceSeen& instance = *member.seen;
  const Instant at = context.group.at;
  const bool counts = instance.mark.kind == Mark::Idle && instance.mark.at <= at;
  const Duration idle_for = counts ? since(instance.mark.at, at) : Duration::zero();
  const bool just_drained =
      instance.mark.kind == Mark::Drained && since(instance.mark.at, at) < kUndrainUntil;
  if (just_drained && instance.mark.at <= at) {
    return;  // Another pass is about to, or has just put it back.
  }
  if (idle_for < context.policy.idle) {
    if (!counts) {
      context.act(
          {.kind = Act::Mark, .instance = instance.id, .mark = {.kind = Mark::Idle, .at = at}});
    }
    context.tell({.reason = InstanceReason::Idle,
                  .numbers = {idle_for.count(), context.policy.idle.count()},
                  .about = instance.id});
    return;
  }
  if (context.staying() <= context.lowest) {
    context.tell({.reason = InstanceReason::KeptForMinimum,
                  .numbers = {context.lowest},
                  .about = instance.id});
    return;
  }
  // Drained, it could not end, and after a while not be put back either: its place would be lost.
  if (context.group.terminate_suspended) {
    context.tell({.reason = InstanceReason::TerminateSuspended, .about = instance.id});
    return;
  }
  context.act({.kind = Act::Drain,
               .instance = instance.id,
               .mark = {.kind = Mark::Drained, .at = at},
               .within = kEmptyWithin});
  context.tell(
      {.reason = InstanceReason::Draining, .numbers = {idle_for.count()}, .about = instance.id});
  member.use = InstanceUse::Drained;
}

/// An instance that an earlier pass drained. It ends when a look that is late enough finds no task.
void end(InstanceContext& context, const InstanceSeen& instance) {
  const Instant at = context.group.at;
  const Duration age = since(instance.mark.at, at);
  if (instance.mark.at > at) {  // A clock was set back: the wait begins anew.
    context.act(
        {.kind = Act::Mark, .instance = instance.id, .mark = {.kind = Mark::Drained, .at = at}});
  } else if (!instance.empty() || !instance.connected || age < kEndFrom) {
    context.tell({.reason = InstanceReason::WaitsToEnd,
                  .numbers = {age.count(), kEndFrom.count(), instance.lingering},
                  .about = instance.id});
  } else if (context.group.terminate_suspended) {
    context.tell({.reason = InstanceReason::TerminateSuspended, .about = instance.id});
  } else if (context.desired <= context.lowest) {
    context.tell({.reason = InstanceReason::KeptForMinimum,
                  .numbers = {context.lowest},
                  .about = instance.id});
  } else {
    --context.desired;
    context.act({.kind = Act::End, .instance = instance.id, .within = kEmptyWithin});
    context.tell({.reason = InstanceReason::Ending, .about = instance.id});
  }
}

void way_in(InstanceContext& context) {
  const bool may_end = context.group.complete && context.group.held.empty() &&
                       context.group.scaled_by_others.empty();
  for (InstanceMember& member : context.members) {
    const InstanceSeen& instance = *member.seen;
    const bool open = member.use == InstanceUse::Open && instance.state == GroupState::InService;
    if (open && member.kept && instance.looked && instance.registration == Registration::Active) {
      const bool young = since(instance.mark.at, context.group.at) < kUndrainUntil;
      if (instance.mark.kind != Mark::None && (instance.mark.kind != Mark::Drained || !young)) {
        context.act({.kind = Act::Unmark, .instance = instance.id});
      }
    } else if (open && may_end && !member.kept) {
      idle(context, member);
    } else if (member.use == InstanceUse::Drained && may_end) {
      end(context, instance);
    }
  }
}

}  // namespace

// ECS rounds the upper limit of a deployment down.
std::int64_t tasks_wanted(const GroupService& service) {
  constexpr std::int64_t kWhole = 100;
  const std::int64_t percent = service.maximum_percent;
  const std::int64_t most =
      service.desired / kWhole * percent + service.desired % kWhole * percent / kWhole;
  return service.deploying ? std::max(service.desired, most) : service.desired;
}

InstanceDecision decide_instances(const InstancePolicy& policy, const GroupSeen& group) {
  InstanceContext context = context_of(policy, group);
  if (const std::string refusal = refusal_of(group); !refusal.empty()) {
    context.tell({.reason = InstanceReason::Refused, .about = refusal});
    return std::move(context.decision);
  }
  useless(context);
  to_place(context);
  fill_open(context);
  return_busy(context);
  follow_up(context);
  undrain(context);
  wait_for_coming(context);
  launch(context);
  way_in(context);
  context.decision.wanted = context.desired;
  return std::move(context.decision);
}

InstanceDecision decide_kick(const InstancePolicy& policy, const GroupSeen& group) {
  constexpr std::int64_t kAtOnce = 2;
  constexpr Duration kStays = std::chrono::minutes(15);
  InstanceContext context = context_of(policy, group);
  if (!group.managed_scaling) {
    context.tell({.reason = InstanceReason::NobodyDrives});
    return std::move(context.decision);
  }
  context.tell({.reason = InstanceReason::ManagedScaling,
                .numbers = {std::min(kAtOnce, group.max), kStays.count()}});
  if (group.desired == 0 && group.instances.empty()) {
    to_place(context);
    launch(context);
    context.decision.wanted = context.desired;
  }
  return std::move(context.decision);
}

std::int64_t tasks_with_room(const InstancePolicy& policy, const GroupSeen& group,
                             const GroupService& service) {
  InstanceContext context = context_of(policy, group);
  context.unplaced = {{.need = service.need, .tasks = std::numeric_limits<std::int64_t>::max()}};
  std::int64_t room = placed_tasks(service);
  for (const InstanceMember& member : context.members) {
    room = saturating_add(room, member.use == InstanceUse::Open ? context.put_on(*member.seen) : 0);
  }
  return room;
}

}  // namespace scaler
