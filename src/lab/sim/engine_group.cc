#include <iterator>
#include <utility>
#include <vector>

#include "lab/sim/engine.h"

// The part of Engine that deals with the instances under the service.

namespace scaler::sim {

using std::chrono::minutes;

void Engine::create_group() {
  const GroupModel& model = *scenario_->group;
  world::GroupSettings settings{.name = kGroup,
                                .cluster = kCluster,
                                .instance_type = "any",
                                .resources = {.cpu = kTaskNeeds.cpu * model.tasks_per_instance},
                                .min = model.min,
                                .max = model.max,
                                .protects_new = true,
                                .launch = model.start,
                                .agent = {},
                                .image_pull = model.image_pull,
                                .zones = model.zones,
                                .drains = true,
                                .warm_pool = model.warm_pool};
  switch (model.driver) {
    case GroupModel::Driver::ManagedScaling:
      settings.managed = world::ManagedScaling{.termination_protection = true};
      break;
    case GroupModel::Driver::ManagedInstances:
      settings.scale_in_after = model.scale_in_after;
      break;
    case GroupModel::Driver::Scaler:
      break;
  }
  group_ = &world_.create_group(std::move(settings));
}

void Engine::change_instances(InstanceAction::Kind kind, const world::Instance* instance,
                              Instant left, const std::function<void()>& effect) {
  const InstanceChange change{.at = now(),
                              .left = left,
                              .kind = kind,
                              .before = group_->desired(),
                              .tasks = instance == nullptr ? 0 : instance->tasks};
  const Who before = std::exchange(acting_, Who::Scaler);
  meant_out_ = false;
  told_.reset();
  integrate();
  effect();
  integrate();
  acting_ = before;
  if (hooks_->on_instance_change) {
    InstanceChange changed = change;
    changed.after = group_->desired();
    hooks_->on_instance_change(changed);
  }
}

void Engine::instance_ended(const world::Instance& instance) {
  marks_.erase(instance.id);
  if (instance.empty_since) {
    score_.instances.idle.add(now() - *instance.empty_since);
  }
}

/// One that takes tasks; nullptr: there is none.
const world::Instance* Engine::any_instance() {
  std::vector<const world::Instance*> there;
  for (const auto& [number, instance] : group_->instances()) {
    if (instance.registration == world::AgentRegistration::Active && instance.agent_connected) {
      there.push_back(&instance);
    }
  }
  return there.empty() ? nullptr
                       : there.at(static_cast<std::size_t>(
                             chances_.faults.between(0, std::ssize(there) - 1)));
}

/// Whether there was something to strike.
bool Engine::begin_on_group(Fault fault, Duration& lasts) {
  if (fault == Fault::NeverRegisters) {
    group_->lose_registrations(1);
    return true;
  }
  if (fault == Fault::ZoneRebalance) {
    group_->rebalance(now());
    return true;
  }
  const world::Instance* const instance = any_instance();
  if (instance == nullptr) {
    return false;
  }
  if (fault == Fault::SpotNotice) {
    group_->reclaim(*instance, now());
  } else {
    group_->set_agent_connected(*instance, false);
    lasts = Duration(chances_.faults.between(1000, Duration(minutes(20)).count()));
  }
  return true;
}

void Engine::judge_group(Run& run) {
  score_.instance_time = group_->instance_time(now());
  InstanceScore& score = score_.instances;
  score.stopped_time = group_->stopped_time(now());
  score.launched = group_->totals().launched;
  score.failed_launches = group_->totals().failed_launches;
  score.tasks_lost = group_->totals().tasks_lost;
  for (const auto& [number, instance] : group_->instances()) {
    if (instance.lifecycle == world::Lifecycle::Terminating) {
      continue;
    }
    const auto mark = marks_.find(instance.id);
    const bool ours = mark != marks_.end() && (mark->second.kind == InstanceMark::Kind::Drained ||
                                               mark->second.kind == InstanceMark::Kind::Recalled);
    const bool drained = instance.registration == world::AgentRegistration::Draining;
    ++run.instances;
    run.idle += instance.tasks == 0 && instance.agent_connected && (!drained || ours) ? 1 : 0;
  }
}

}  // namespace scaler::sim
