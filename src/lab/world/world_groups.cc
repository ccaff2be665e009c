#include <algorithm>
#include <utility>

#include "ground/base/check.h"
#include "lab/world/world.h"

// The part of World that deals with groups of instances.

namespace scaler::world {
namespace {

/// Instances of all groups have numbers of their own.
constexpr std::uint64_t kInstancesPerGroup = 1'000'000'000;

}  // namespace

InstanceGroup& World::create_group(GroupSettings settings) {
  const std::uint64_t rank = next_rank_++;
  std::string name = settings.name;
  GroupObserver& observer = *this;
  auto group = std::make_unique<InstanceGroup>(std::move(settings), now_, *random_, observer,
                                               rank * kInstancesPerGroup + 1);
  const auto [at, inserted] = groups_.emplace(std::move(name), std::move(group));
  CHECK(inserted);
  at->second->rank = rank;
  group_changed(*at->second);
  return *at->second;
}

InstanceGroup* World::find_group(std::string_view name) {
  const auto found = groups_.find(name);
  return found == groups_.end() ? nullptr : found->second.get();
}

void World::delete_group(InstanceGroup& group) {
  GroupSettings none = group.settings();
  none.min = 0;
  none.max = 0;
  none.managed.reset();
  none.scale_in_after.reset();
  none.drains = false;
  for (const auto& [number, instance] : group.instances()) {
    group.protect(instance, false);
  }
  group.suspend("Terminate", false, now_);
  group.change(std::move(none), now_);
  const auto found = groups_.find(group.name());
  deleted_groups_.push_back(std::move(found->second));
  groups_.erase(found);
}

World::FoundInstance World::find_instance(std::string_view id) const {
  for (const auto& [name, group] : groups_) {
    if (const Instance* const instance = group->find(id)) {
      return {.group = group.get(), .instance = instance};
    }
  }
  return {};
}

std::vector<World::FoundInstance> World::instances_of(const Cluster& cluster) const {
  std::vector<FoundInstance> found;
  for (const auto& [name, group] : groups_) {
    for (const auto& [number, instance] : group->instances()) {
      if (group->settings().cluster == cluster.name &&
          instance.registration != AgentRegistration::None) {
        found.push_back({.group = group.get(), .instance = &instance});
      }
    }
  }
  return found;
}

std::vector<InstanceGroup*> World::groups_of(const ServiceDefinition& definition) const {
  std::vector<InstanceGroup*> groups;
  for (const std::string& name : definition.groups) {
    const auto found = groups_.find(name);
    CHECK(found != groups_.end());
    groups.push_back(found->second.get());
  }
  return groups;
}

/// It settles when the world next does: the call may come from within a service.
void World::group_changed(InstanceGroup& group) {
  if (group.rank != 0) {
    group_agenda_.plan(group, group.rank, now_);
  }
}

void World::room_came(const InstanceGroup& group) {
  Cluster* const cluster = find_cluster(group.settings().cluster);
  if (cluster == nullptr) {
    return;
  }
  for (Service* const service : cluster->task_holders()) {
    if (service->waits_for_room()) {
      settle_soon(*service);
    }
  }
}

void World::instance_drains(const InstanceGroup& group, const Instance& instance) {
  if (Cluster* const cluster = find_cluster(group.settings().cluster)) {
    for (Service* const service : cluster->task_holders()) {
      service->leave(instance.number, instance.registration == AgentRegistration::Draining, now_);
      settle_soon(*service);
    }
  }
}

void World::instance_ended(const InstanceGroup& group, const Instance& instance, bool by_spot) {
  if (options_.on_instance_end) {
    options_.on_instance_end(group, instance);
  }
  if (Cluster* const cluster = find_cluster(group.settings().cluster)) {
    for (Service* const service : cluster->task_holders()) {
      service->lose(instance, by_spot, now_);
      settle_soon(*service);
    }
  }
}

}  // namespace scaler::world
