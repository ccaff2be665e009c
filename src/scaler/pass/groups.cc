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

/// A look, and what follows from it.
constexpr Duration kReserve = std::chrono::seconds(2);
/// It is so many calls, one after another: a far region needs more than that.
constexpr int kReserveTrips = 15;
/// A group at rest is looked at now and then all the same: somebody may have set it by hand.
constexpr Duration kRestMost = std::chrono::minutes(5);

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

bool is_paused(const Item& item) {
  const std::optional<Instant>& until = item.record->reading->service.paused_until;
  return policy_of(item).paused || (until && *until > item.record->at);
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

/// Why the service holds the instances of its group; empty: it does not.
std::string hold_of(const Item& item) {
  if (is_paused(item) || policy_of(item).scale_in_paused) {
    return "is paused, or its scale-in is";
  }
  return item.record->described_at ? "rests, and was looked at by its queues alone" : "";
}

/// By names alone: where they do not tell, the two are taken for different ones.
bool in_one_cluster(const ServiceId& a, const ServiceId& b) {
  return plain_name(a.cluster) == plain_name(b.cluster) && region_of(a) == region_of(b) &&
         a.role == b.role;
}

/// Of a service that was not read.
bool may_be_on(const std::string& group, const Item& item, const ServiceId& member) {
  const GroupMemory& memory = item.service->group;
  return memory.known ? memory.group == group
                      : plain_name(item.service->id.cluster) == plain_name(member.cluster);
}

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
  Duration longest = Duration::zero();
  for (const Item& item : items_) {
    if (enabled() && policy_of(item).capacity == Capacity::Own) {
      const Duration trip = surroundings_.ports.reader.round_trip(look_at_all_of(*item.service));
      longest = std::max(longest, std::clamp(kReserveTrips * trip, kReserve, kLookMost));
    }
  }
  return longest;
}

Group Groups::group_of(const Item& item) const {
  const ServiceId& id = item.record->id;
  Group group{.key = key_of(*item.record)};
  if (std::ranges::find(surroundings_.options.split_clusters, plain_name(id.cluster)) !=
      surroundings_.options.split_clusters.end()) {
    group.held = "other passes look at services of the cluster, too";
  }
  for (Item& other : items_) {
    if (in_one_cluster(other.service->id, id)) {
      group.fleet.emplace_back(plain_name(other.service->id.service));
    }
    std::string held;
    if (counts(other) && key_of(*other.record) == group.key) {
      group.members.push_back(&other);
      group.owned = group.owned || policy_of(other).capacity == Capacity::Own;
      group.paused = group.paused && is_paused(other);
      held = hold_of(other);
    } else if (!other.record->decision && may_be_on(group.key, other, id)) {
      held = "was not read in this pass, and may be on the group";
    }
    if (!held.empty() && group.held.empty()) {
      group.held = fmt::format("{} {}", plain_name(other.service->id.service), held);
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
        seen = GroupDriver::look(group_of(*item).request(), surroundings_.ports,
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
std::vector<Group> Groups::groups() const {
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
    GroupDriver(group, permission, surroundings_).run();
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
