#include "lab/sim/rest.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace scaler::sim {
namespace {

/// Beats that are simulated before something comes. A cold start that was left out may have made
/// the beat after it a call longer, and its ticks as much later. Of those one may be a cold start
/// then, or none, so that the beat after that one differs, too; hardly ever the third.
constexpr std::int64_t kBeatsBefore = 3;
/// A pass and its tick are late by this much at most. Ticks that are closer may come together, and
/// one that is due so shortly before a beat may come after it: then beats differ.
constexpr Duration kLateAtMost = std::chrono::seconds(3);
/// The state of a service looks back at least this far, whatever the policy.
constexpr Duration kMemoryMin = std::chrono::minutes(3);

bool beats_are_alike(const Triggers& triggers) {
  if (!triggers.schedule || !triggers.tick) {
    return triggers.schedule.has_value();
  }
  const Duration last = (*triggers.schedule - Duration(1)) / *triggers.tick * *triggers.tick;
  return *triggers.tick >= kLateAtMost && *triggers.schedule - last >= kLateAtMost;
}

/// Every instance has a task, and nobody is about to end one or to launch another.
bool group_is_quiet(const world::InstanceGroup& group) {
  return std::ssize(group.instances()) == group.desired() &&
         std::ranges::all_of(group.instances(), [](const auto& numbered) {
           return numbered.second.registration == world::AgentRegistration::Active &&
                  numbered.second.tasks > 0;
         });
}

/// Who watches every pass must see every pass, and faults strike passes.
bool possible_in(const Scenario& scenario, const Hooks& hooks) {
  return !hooks.on_pass && scenario.faults.none() && scenario.policy.schedules.empty() &&
         beats_are_alike(scenario.triggers);
}

}  // namespace

RestingBeats::RestingBeats(const Engine& engine, const Policy& policy, const Hooks& hooks)
    : engine_(&engine), policy_(policy), possible_(possible_in(engine.scenario(), hooks)) {}

/// How far back the rules and the saved state look. At zero nothing is waited for: all of them look
/// from the latest change on, at once. With tasks one may begin to count where another has ended,
/// so the sum of all.
Duration RestingBeats::memory(Duration every) const {
  const std::array all{policy_.longest_window(), policy_.longest_period(),
                       policy_->scale_in_cooldown, policy_->scale_out_cooldown,
                       policy_->manual_hold};
  const Duration lag = engine_->scenario().queue.count_lag;
  if (engine_->service().desired() == 0) {
    return lag + std::ranges::max(all) + every;
  }
  return kMemoryMin + policy_->scale_down_threshold + (policy_->zero_confirmations + 1) * every +
         std::accumulate(all.begin(), all.end(), lag);
}

/// All tasks that are wanted run, and no others are left.
bool RestingBeats::quiet() const {
  const world::Service& service = engine_->service();
  return (engine_->group() == nullptr || group_is_quiet(*engine_->group())) &&
         service.running() == service.desired() &&
         std::ssize(service.tasks()) == service.desired() && service.deployments().size() == 1;
}

std::int64_t RestingBeats::beats(Duration every, bool mapping_enabled, bool under_way) {
  if (!possible_ || engine_->queue() == nullptr) {
    return 0;
  }
  const ActionScore& actions = engine_->actions();
  const world::Service& service = engine_->service();
  const Seen seen{.messages = engine_->queue()->revision(),
                  .changes = actions.scale_outs + actions.scale_ins,
                  .tasks = std::ssize(service.tasks()),
                  .tasks_started = service.totals().tasks_started,
                  .mapping_enabled = mapping_enabled};
  passes_ = {.all = actions.passes - before_.all, .failed = actions.failed_passes - before_.failed};
  before_ = {.all = actions.passes, .failed = actions.failed_passes};
  if (seen != seen_ || under_way || !quiet()) {
    seen_ = seen;
    since_ = engine_->now();
    return 0;
  }
  if (engine_->now() - since_ <= memory(every)) {
    return 0;
  }
  const std::int64_t beats =
      std::max<std::int64_t>((engine_->next_change() - engine_->now()) / every - kBeatsBefore, 0);
  before_.all += beats * passes_.all;
  before_.failed += beats * passes_.failed;
  return beats;
}

}  // namespace scaler::sim
