#include "scaler/pass/group_driver.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace scaler {
namespace {

/// So often a group is looked at again in one pass while its actions need more than one look's
/// time.
constexpr int kLooksPerPass = 20;
constexpr Duration kTellEach = std::chrono::hours(1);
/// In so many passes in a row all actions came too late: that is worth a word.
constexpr int kLatePassesTold = 3;

/// A change that was not made keeps its tasks; one that is to come needs them already. What ECS
/// denies never comes: instances were started for it, and stayed.
std::int64_t wanted_tasks(const Item& item) {
  const Decision& decision = item.decision();
  const bool decides = (decision.action == Action::ScaleOut && !item.denied) ||
                       item.record->outcome == Outcome::Applied;
  const std::int64_t desired = decides ? decision.desired : item.record->reading->service.desired;
  return desired + decision.waiting;
}

/// A pass that may only scale out ends nothing, and does not prepare it.
bool may(Permission permission, InstanceAction::Kind kind) {
  using Kind = InstanceAction::Kind;
  return permission == Permission::Everything ||
         (permission == Permission::ScaleOutOnly &&
          (kind == Kind::Undrain || kind == Kind::SetDesired || kind == Kind::Recall ||
           kind == Kind::Unmark));
}

void take_in(const GroupSeen& seen, const InstanceDecision& decision, GroupRecord& record) {
  const auto count = [&seen](const auto& of) { return std::ranges::count_if(seen.instances, of); };
  record.group = seen.name;
  record.max = seen.max;
  record.desired = seen.desired;
  record.in_service =
      std::ranges::count(seen.instances, GroupState::InService, &InstanceSeen::state);
  record.idle = count([](const InstanceSeen& instance) {
    return instance.state == GroupState::InService && instance.empty() &&
           instance.registration == Registration::Active;
  });
  record.draining =
      std::ranges::count(seen.instances, Registration::Draining, &InstanceSeen::registration);
  record.launch_failures = seen.failures.in_a_row;
  for (const InstanceStep& step : decision.steps) {
    const bool told = std::ranges::any_of(record.steps, [&step](const InstanceStep& other) {
      return other.reason == step.reason && other.about == step.about;
    });
    if (!told) {
      record.steps.push_back(step);
    }
  }
}

}  // namespace

const PolicyOptions& policy_of(const Item& item) {
  return *item.service->policy.operator->();
}

bool wants_nothing(const Item& item) {
  const ServiceObservation& service = item.record->reading->service;
  return wanted_tasks(item) == 0 && service.desired + service.running + service.pending == 0;
}

// One group cannot be driven by two settings. The cautious one of each counts: what it costs is
// told by `explain`, where a refusal would leave the tasks of one service without instances.
InstancePolicy worst_case(Items members) {
  InstancePolicy worst{.idle = Duration::zero()};
  for (const Item* item : members) {
    const PolicyOptions& policy = policy_of(*item);
    if (policy.capacity == Capacity::Own) {
      worst.idle = std::max(worst.idle, policy.instance_idle);
      worst.min = std::max(worst.min, policy.instance_min);
    }
    if (policy.instance_tasks) {
      worst.tasks_most =
          std::min(worst.tasks_most.value_or(*policy.instance_tasks), *policy.instance_tasks);
    }
  }
  return worst;
}

void complain(Item& item, std::string text) {
  std::optional<Instant>& told = item.service->group.told;
  const Instant at = item.record->at;
  if (item.record->complaint.empty() && (!told || at < *told || at - *told >= kTellEach)) {
    item.record->complaint = std::move(text);
    told = at;
  }
}

GroupRequest Group::request() const {
  GroupRequest request{.cluster = members.front()->record->id.cluster,
                       .provider = members.front()->record->reading->runs_on.providers.front(),
                       .fleet = fleet};
  for (const Item* item : members) {
    request.services.push_back(
        on_group(item->record->id, *item->record->reading, wanted_tasks(*item)));
  }
  return request;
}

GroupDriver::GroupDriver(const Group& group, Permission permission,
                         const Surroundings& surroundings)
    : members_(group.members),
      group_(group),
      permission_(permission),
      ports_(surroundings.ports),
      options_(surroundings.options),
      policy_(worst_case(members_)),
      request_(group.request()) {
  record_.provider = request_.provider;
}

void GroupDriver::run() {
  for (int looks = 0; looks < kLooksPerPass; ++looks) {
    const Result<GroupSeen> seen = look(request_, ports_, options_);
    if (!seen) {
      failed(seen.error());
      break;
    }
    if (!act_on(*seen)) {
      break;
    }
  }
  conclude();
}

Result<GroupSeen> GroupDriver::look(const GroupRequest& request, const Ports& ports,
                                    const PassOptions& options) {
  return ports.instances->look(request,
                               std::min(options.deadline, ports.clock.steady() + kLookMost));
}

/// Whether another look may bring it further.
bool GroupDriver::act_on(GroupSeen seen) {
  record_.at = seen.at;
  seen.held = group_.held;
  const InstanceDecision decision =
      group_.owned ? decide_instances(policy_, seen) : decide_kick(policy_, seen);
  take_in(seen, decision, record_);
  at_rest_ = group_.owned && seen.complete && seen.held.empty() && seen.instances.empty() &&
             seen.desired == 0 && decision.actions.empty() &&
             std::ranges::all_of(members_, [](const Item* item) { return wants_nothing(*item); });
  return carry_out(decision.actions);
}

/// Whether some came too late, after others: these another look may bring.
bool GroupDriver::carry_out(std::span<const InstanceAction> actions) {
  const Deadline looked = ports_.clock.steady();
  bool some = false;
  late_.clear();
  for (const InstanceAction& action : actions) {
    // Slowness withholds no new instance: the group is read again just before.
    const bool launches = action.kind == InstanceAction::Kind::SetDesired;
    if (!launches && late_.empty() && over()) {
      late_ = "the time of the pass was over";  // No failure: the next one goes on.
    }
    if (!may(permission_, action.kind) || (!late_.empty() && !launches)) {
      continue;
    }
    const Result<void> result = ports_.instance_scaler->carry_out(
        request_, action, launches ? options_.deadline : looked + action.within, options_.deadline);
    if (result) {
      carried_out(action);
      some = true;
    } else if (result.error().kind == ErrorKind::Overdue) {
      late_ = result.error().message;
    } else if (result.error().kind != ErrorKind::Conflict) {  // The group is busy: next time.
      errors_.push_back(result.error().message);
    }
  }
  return some && !late_.empty() && !over();
}

void GroupDriver::carried_out(const InstanceAction& action) {
  record_.done.push_back(action);
  if (action.kind == InstanceAction::Kind::SetDesired) {
    record_.desired = action.desired;
  } else if (action.kind == InstanceAction::Kind::End) {
    --record_.desired;
  }
}

void GroupDriver::failed(const Error& error) {
  if (error.kind != ErrorKind::Rejected) {
    errors_.push_back(error.message);
    return;
  }
  // There is no group: what AWS's own instances cost is its word.
  record_.at = members_.front()->record->at;
  record_.steps.push_back({.reason = InstanceReason::Refused, .about = error.message});
  for (Item* item : members_) {
    item->service->group.not_a_group = true;
  }
}

/// Of one pass it says nothing: the next one may do better.
void GroupDriver::note_late() {
  const bool late = !late_.empty() && record_.done.empty();
  int passes = 0;
  for (Item* item : members_) {
    int& count = item->service->group.late_passes;
    count = late ? count + 1 : 0;
    passes = std::max(passes, count);
  }
  if (passes >= kLatePassesTold) {
    errors_.push_back(fmt::format(
        "{} passes in a row had no time for what they decided on the group: {}", passes, late_));
  }
}

void GroupDriver::conclude() {
  note_late();
  const auto record = std::make_shared<const GroupRecord>(std::move(record_));
  for (Item* item : members_) {
    item->record->group = record;
    GroupMemory& memory = item->service->group;
    memory.rested = at_rest_ && errors_.empty() ? std::optional(item->record->at) : std::nullopt;
    memory.at_rest = memory.rested ? record : nullptr;
  }
  tell(*record);
}

/// What fails for a service that owns its group fails its pass; where AWS drives the group, only
/// a head start is lost.
void GroupDriver::tell(const GroupRecord& record) {
  for (Item* item : members_) {
    if (policy_of(*item).capacity == Capacity::Own) {
      item->record->errors.insert(item->record->errors.end(), errors_.begin(), errors_.end());
    } else if (!errors_.empty() && !group_.owned) {
      complain(*item, "the first instances could not be asked for: " + errors_.front());
    }
  }
  const auto first = std::ranges::find_if(members_, [this](const Item* item) {
    return (policy_of(*item).capacity == Capacity::Own) == group_.owned;
  });
  const auto wrong = std::ranges::find_if(record.steps, [this](const InstanceStep& step) {
    return step.reason == InstanceReason::NobodyDrives ||
           (group_.owned && (step.reason == InstanceReason::Refused ||
                             step.reason == InstanceReason::ScaledByOthers ||
                             step.reason == InstanceReason::NotAllRead ||
                             (step.reason == InstanceReason::NotLookedAt && !step.about.empty())));
  });
  if (wrong != record.steps.end() && first != members_.end()) {
    complain(**first,
             fmt::format("capacity={}, capacity provider {}: {}", group_.owned ? "own" : "follow",
                         record.provider, explain(*wrong)));
  }
}

}  // namespace scaler
