#include "scaler/pass/groups.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "scaler/core/names.h"

namespace scaler {
namespace {

/// What is decided on a look must leave long before another pass may end what this one puts back
/// (kEndFrom): so no look may take longer.
constexpr Duration kLookMost = std::chrono::seconds(5);
/// A look, and what follows from it.
constexpr Duration kReserve = std::chrono::seconds(2);
/// So often a group is looked at again in one pass while its actions need more than one look's
/// time.
constexpr int kLooksPerPass = 20;
/// A group at rest is looked at now and then all the same: somebody may have set it by hand.
constexpr Duration kRestMost = std::chrono::minutes(5);
constexpr Duration kTellEach = std::chrono::hours(1);

bool is_fargate(std::string_view provider) {
  return provider == "FARGATE" || provider == "FARGATE_SPOT";
}

/// Why the service's instances are no group that could be driven.
std::string unfit(const RunsOn& on) {
  if (on.launch_type == "FARGATE" || std::ranges::any_of(on.providers, is_fargate)) {
    return "it runs on Fargate, which has no instances";
  }
  return on.providers.empty()
             ? "it has no capacity provider, which alone tells its group"
             : fmt::format("it has {} capacity providers, and a group is driven for one alone",
                           on.providers.size());
}

/// Place, cluster and provider; empty without a group.
std::string key_of(const PassRecord& record) {
  const ServiceReading& reading = *record.reading;
  if (reading.runs_on.providers.size() != 1 || is_fargate(reading.runs_on.providers.front())) {
    return {};
  }
  const Arn arn = parse_arn(reading.arn).value_or(Arn{});
  return fmt::format("{}:{}:{}/{}", arn.region, arn.account, plain_name(record.id.cluster),
                     reading.runs_on.providers.front());
}

bool counts(const Item& item) {
  return item.record->decision && item.record->reading &&
         item.record->reading->service.scheduling == SchedulingStrategy::Replica &&
         item.record->reading->service.status == ServiceStatus::Active;
}

const PolicyOptions& policy_of(const Item& item) {
  return *item.service->policy.operator->();
}

bool is_paused(const Item& item) {
  const std::optional<Instant>& until = item.record->reading->service.paused_until;
  return policy_of(item).paused || (until && *until > item.record->at);
}

/// A change that was not made keeps its tasks; one that is to come needs them already.
std::int64_t wanted_tasks(const Item& item) {
  const Decision& decision = item.decision();
  const bool decides =
      decision.action == Action::ScaleOut || item.record->outcome == Outcome::Applied;
  const std::int64_t desired = decides ? decision.desired : item.record->reading->service.desired;
  return desired + decision.waiting;
}

bool wants_nothing(const Item& item) {
  const ServiceObservation& service = item.record->reading->service;
  return wanted_tasks(item) == 0 && service.desired + service.running + service.pending == 0;
}

bool rested_lately(const GroupMemory& memory, Instant at) {
  return memory.rested && *memory.rested <= at && at - *memory.rested < kRestMost;
}

/// The state, which all processes share, tells of tasks that another one started since.
bool at_rest(const Item& item) {
  const std::optional<Instant>& rested = item.service->group.rested;
  const ServiceState& state = item.record->state;
  return rested_lately(item.service->group, item.record->at) && wants_nothing(item) &&
         std::max(state.last_scale_out, state.last_scale_in).value_or(Instant::min()) <= rested;
}

/// Woken by this pass, or by one that were none of show.
bool woken(const Item& item, Permission permission) {
  return item.record->from_zero && item.action() == Action::ScaleOut &&
         (item.record->outcome == Outcome::Applied || permission == Permission::Nothing);
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

GroupRequest request_of(Items members) {
  GroupRequest request{.cluster = members.front()->record->id.cluster,
                       .provider = members.front()->record->reading->runs_on.providers.front()};
  for (const Item* item : members) {
    request.services.push_back(
        on_group(item->record->id, *item->record->reading, wanted_tasks(*item)));
  }
  return request;
}

/// Once an hour, unless there is something else to complain of.
void complain(Item& item, std::string text) {
  std::optional<Instant>& told = item.service->group.told;
  const Instant at = item.record->at;
  if (item.record->complaint.empty() && (!told || at < *told || at - *told >= kTellEach)) {
    item.record->complaint = std::move(text);
    told = at;
  }
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

/// One group in one pass: looks, decides, acts.
class Driver {
 public:
  Driver(Items members, bool owned, bool may_end, Permission permission,
         const Surroundings& surroundings)
      : members_(members),
        owned_(owned),
        may_end_(may_end),
        permission_(permission),
        ports_(surroundings.ports),
        options_(surroundings.options),
        policy_(worst_case(members)),
        request_(request_of(members)) {
    record_.provider = request_.provider;
  }

  void run() {
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

  static Result<GroupSeen> look(const GroupRequest& request, const Ports& ports,
                                const PassOptions& options) {
    return ports.instances->look(request,
                                 std::min(options.deadline, ports.clock.steady() + kLookMost));
  }

 private:
  /// Whether another look may bring it further.
  bool act_on(GroupSeen seen) {
    record_.at = seen.at;
    partial_ = partial_ || !seen.complete;
    seen.complete = seen.complete && may_end_;
    const InstanceDecision decision =
        owned_ ? decide_instances(policy_, seen) : decide_kick(policy_, seen);
    take_in(seen, decision, record_);
    at_rest_ = owned_ && seen.complete && seen.instances.empty() && seen.desired == 0 &&
               decision.actions.empty() &&
               std::ranges::all_of(members_, [](const Item* item) { return wants_nothing(*item); });
    const Deadline looked = ports_.clock.steady();
    bool some = false;
    for (const InstanceAction& action : decision.actions) {
      if (!may(permission_, action.kind)) {
        continue;
      }
      const Result<void> result = ports_.instance_scaler->carry_out(
          request_, action, looked + action.within, options_.deadline);
      if (result) {
        carried_out(action);
        some = true;
      } else if (result.error().kind == ErrorKind::Overdue) {
        return some;
      } else if (result.error().kind != ErrorKind::Conflict) {  // The group is busy: next time.
        errors_.push_back(result.error().message);
      }
    }
    return false;
  }

  void carried_out(const InstanceAction& action) {
    record_.done.push_back(action);
    if (action.kind == InstanceAction::Kind::SetDesired) {
      record_.desired = action.desired;
    } else if (action.kind == InstanceAction::Kind::End) {
      --record_.desired;
    }
  }

  void failed(const Error& error) {
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

  void conclude() {
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
  void tell(const GroupRecord& record) {
    for (Item* item : members_) {
      if (policy_of(*item).capacity == Capacity::Own) {
        item->record->errors.insert(item->record->errors.end(), errors_.begin(), errors_.end());
      } else if (!errors_.empty() && !owned_) {
        complain(*item, "the first instances could not be asked for: " + errors_.front());
      }
    }
    const auto first = std::ranges::find_if(members_, [this](const Item* item) {
      return (policy_of(*item).capacity == Capacity::Own) == owned_;
    });
    const auto wrong = std::ranges::find_if(record.steps, [this](const InstanceStep& step) {
      return step.reason == InstanceReason::NobodyDrives ||
             (owned_ && (step.reason == InstanceReason::Refused ||
                         step.reason == InstanceReason::ScaledByOthers ||
                         (partial_ && step.reason == InstanceReason::NotAllRead)));
    });
    if (wrong != record.steps.end() && first != members_.end()) {
      complain(**first, fmt::format("capacity={}, capacity provider {}: {}",
                                    owned_ ? "own" : "follow", record.provider, explain(*wrong)));
    }
  }

  Items members_;
  bool owned_;
  bool may_end_;
  Permission permission_;
  const Ports& ports_;
  const PassOptions& options_;
  InstancePolicy policy_;
  GroupRequest request_;
  GroupRecord record_ = {};
  std::vector<std::string> errors_ = {};
  bool at_rest_ = false;
  bool partial_ = false;  ///< some look
};

/// Of a service that is to own its group and has none.
void refuse(Item& item, const std::string& why) {
  item.record->group = std::make_shared<const GroupRecord>(GroupRecord{
      .at = item.record->at, .steps = {{.reason = InstanceReason::Refused, .about = why}}});
  complain(item, fmt::format("capacity=own, but no instances are driven: {}", why));
}

}  // namespace

bool group_rests(const ManagedService& service, Instant at) {
  const GroupMemory& memory = service.group;
  const bool owned = memory.owned || service.policy->capacity == Capacity::Own;
  return memory.group.empty() || !owned || rested_lately(memory, at);
}

Groups::Groups(std::span<Item> items, const Surroundings& surroundings)
    : items_(items), surroundings_(surroundings) {}

Duration Groups::reserve() const {
  const bool some = enabled() && std::ranges::any_of(items_, [](const Item& item) {
                      return policy_of(item).capacity == Capacity::Own;
                    });
  return some ? kReserve : Duration::zero();
}

Groups::Group Groups::group_of(const Item& item) const {
  Group group{.key = key_of(*item.record)};
  group.may_end = std::ranges::find(surroundings_.options.split_clusters,
                                    plain_name(item.record->id.cluster)) ==
                  surroundings_.options.split_clusters.end();
  for (Item& other : items_) {
    const GroupMemory& memory = other.service->group;
    if (counts(other) && key_of(*other.record) == group.key) {
      const PolicyOptions& policy = policy_of(other);
      group.members.push_back(&other);
      group.owned = group.owned || policy.capacity == Capacity::Own;
      group.paused = group.paused && is_paused(other);
      group.may_end = group.may_end && !is_paused(other) && !policy.scale_in_paused &&
                      !other.record->described_at;
    } else if (!other.record->decision) {
      const bool may_be_on_it = memory.known ? memory.group == group.key
                                             : plain_name(other.service->id.cluster) ==
                                                   plain_name(item.record->id.cluster);
      group.may_end = group.may_end && !may_be_on_it;
    }
  }
  return group;
}

void Groups::hold_back(Items decided) const {
  std::map<std::string, Result<GroupSeen>> looks;
  std::vector<std::function<void()>> works;
  std::vector<Item*> held;
  for (Item* item : decided) {
    const PolicyOptions& policy = policy_of(*item);
    if (!enabled() || policy.capacity != Capacity::Own ||
        policy.capacity_order != CapacityOrder::InstancesFirst ||
        item->action() != Action::ScaleOut || !counts(*item) || key_of(*item->record).empty()) {
      continue;
    }
    held.push_back(item);
    const auto [look, first] = looks.try_emplace(key_of(*item->record));
    if (first) {
      works.emplace_back([this, item, &seen = look->second] {
        seen = Driver::look(request_of(group_of(*item).members), surroundings_.ports,
                            surroundings_.options);
      });
    }
  }
  if (!works.empty()) {
    surroundings_.ports.instances->together(works);
  }
  for (Item* item : held) {
    const Group group = group_of(*item);
    const Result<GroupSeen>& seen = looks.at(group.key);
    // Tasks do not wait for instances that nobody would start.
    if (!seen || !refusal_of(*seen).empty()) {
      continue;
    }
    const auto place = std::ranges::find(group.members, item) - group.members.begin();
    item->room = tasks_with_room(worst_case(group.members), *seen,
                                 seen->services.at(static_cast<std::size_t>(place)));
    item->record->decision = within_room(*item->record->decision, *item->room);
  }
}

bool Groups::concerned(const Item& item) const {
  if (!counts(item) || item.service->group.group.empty()) {
    return false;
  }
  switch (policy_of(item).capacity) {
    case Capacity::Own:
      return true;
    case Capacity::Follow:
      return surroundings_.options.all_groups ||
             (!item.service->group.not_a_group && woken(item, surroundings_.options.permission));
    case Capacity::Off:
      return false;
  }
  return false;
}

/// Of all services on a group, whether or not they own it themselves.
void Groups::note_owned() const {
  std::set<std::string_view> owned;
  for (const Item& item : items_) {
    if (policy_of(item).capacity == Capacity::Own) {
      owned.insert(item.service->group.group);
    }
  }
  for (Item& item : items_) {
    item.service->group.owned = owned.contains(item.service->group.group);
  }
}

/// Those that this pass has something to do with, the longest unseen first.
std::vector<Groups::Group> Groups::groups() const {
  std::set<std::string> keys;
  std::vector<Item*> first;
  for (Item& item : items_) {
    if (!item.record->decision || !item.record->reading) {
      continue;
    }
    GroupMemory& memory = item.service->group;
    if (std::string key = key_of(*item.record); !memory.known || memory.group != key) {
      memory = {.known = true, .group = std::move(key), .told = memory.told};
    }
    if (memory.group.empty() && counts(item) && policy_of(item).capacity == Capacity::Own) {
      refuse(item, unfit(item.record->reading->runs_on));
    }
    if (concerned(item) && keys.insert(memory.group).second) {
      first.push_back(&item);
    }
  }
  note_owned();
  std::ranges::stable_sort(first, {},
                           [](const Item* item) { return item->service->group.looked_at; });
  std::vector<Group> groups;
  std::ranges::transform(first, std::back_inserter(groups),
                         [this](const Item* item) { return group_of(*item); });
  return groups;
}

void Groups::drive(const Group& group) const {
  Items members(group.members);
  const bool rests = !surroundings_.options.all_groups &&
                     std::ranges::all_of(members, [](const Item* item) { return at_rest(*item); });
  for (Item* item : members) {
    if (rests) {
      item->record->group = item->service->group.at_rest;
    } else {
      item->service->group.looked_at = surroundings_.ports.clock.steady();
    }
  }
  if (!rests) {
    const Permission permission =
        group.paused ? Permission::Nothing : surroundings_.options.permission;
    Driver(members, group.owned, group.may_end, permission, surroundings_).run();
  }
}

void Groups::act() const {
  if (!enabled()) {
    return;
  }
  const std::vector<Group> all = groups();
  std::vector<std::function<void()>> works;
  for (const Group& group : all) {
    works.emplace_back([this, &group] {
      // Otherwise the longest unseen are first in the next pass.
      if (surroundings_.ports.clock.steady() < surroundings_.options.deadline) {
        drive(group);
      }
    });
  }
  if (!works.empty()) {
    surroundings_.ports.instances->together(works);
  }
}

}  // namespace scaler
