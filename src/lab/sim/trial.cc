#include "lab/sim/trial.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "ground/base/check.h"

namespace scaler::sim {
namespace {

constexpr std::uint64_t kFnvBasis = 0xcbf29ce484222325U;
constexpr std::uint64_t kFnvPrime = 0x100000001b3U;

std::uint64_t hash(std::uint64_t state, std::string_view text) {
  for (const char c : text) {
    state = (state ^ static_cast<unsigned char>(c)) * kFnvPrime;
  }
  return state;
}

/// Watches one run for what must never happen in the middle of it, and judges its end.
/// A ring whose invocation failed comes back so much later at most, and says that a message came.
constexpr Duration kLatestRing = std::chrono::minutes(5);

class Watch {
 public:
  Watch(const Scenario& scenario, const Policy& policy)
      : scenario_(&scenario),
        policy_(&policy),
        quiet_from_(scenario.begin + scenario.length + scenario.queue.count_lag +
                    (scenario.triggers.doorbell ? kLatestRing : Duration(0))) {}

  Hooks hooks() {
    return {
        .on_pass = [this](const PassRecord& record, Trigger trigger) { passed(record, trigger); },
        .on_change = [this](const Change& change) { changed(change); },
        .on_instance_change = [this](const InstanceChange& change) { changed(change); }};
  }

  Trial judged(const Run& run) {
    trial_.run = run;
    judge_messages(run.score);
    judge_end(run);
    if (scenario_->group) {
      judge_instances(run);
    }
    return std::move(trial_);
  }

 private:
  void violate(Invariant invariant, std::string what) {
    trial_.violations.push_back({.invariant = invariant, .what = std::move(what)});
  }

  void passed(const PassRecord& record, Trigger trigger) {
    trial_.journal = hash(trial_.journal, journal_line(record, trigger));
    trial_.journal = hash(trial_.journal, "\n");
  }

  void changed(const Change& change) {
    const std::string what =
        fmt::format("{} {} -> {}", format_instant(change.at), change.before, change.after);
    const bool out = change.after > change.before;
    const std::int64_t min = (*policy_)->tasks_min;
    const std::int64_t max = policy_->tasks_max();
    // Of two scale-ins that overlap the smaller one may come last, and raise what the other set. A
    // scale-out may meet a count that a person has raised since its look.
    if (out ? change.after > max && !change.meant_in : change.after < min && !change.meant_out) {
      violate(Invariant::Bounds, fmt::format("{} leaves {}..{}", what, min, max));
    }
    if (!out && !change.meant_out && !change.told) {
      violate(Invariant::NotBlind, what + " after a look that failed");
    }
    if (!out && change.meant_out && change.stood >= std::chrono::seconds(1)) {
      violate(Invariant::NoCountFalls,
              fmt::format("{} was meant as a scale-out, and {} had stood for {}", what,
                          change.before, format_duration(change.stood)));
    }
    judge_kills(change, what);
    if (change.at >= quiet_from_) {
      if (out && scaled_in_ && (*policy_)->count_in_flight) {
        violate(Invariant::NoOscillation, what + " though nothing came since the last scale-in");
      }
      scaled_in_ = scaled_in_ || !out;
    }
  }

  /// Instances, by the bounds of group and policy.
  std::int64_t lowest() const {
    const GroupModel& group = *scenario_->group;
    return std::min(std::max(group.min, (*policy_)->instance_min), group.max);
  }

  void changed(const InstanceChange& change) {
    const std::string what = fmt::format("{} {}: {} -> {} instances", format_instant(change.at),
                                         to_string(change.kind), change.before, change.after);
    if (change.kind == InstanceAction::Kind::End && change.tasks > 0) {
      violate(Invariant::NoBusyInstanceEnds,
              fmt::format("{} with {} tasks on the one that ends", what, change.tasks));
    }
    const bool low = change.after < change.before && change.after < lowest();
    if (low || change.after > scenario_->group->max) {
      violate(Invariant::InstanceBounds,
              fmt::format("{} leaves {}..{}", what, lowest(), scenario_->group->max));
    }
    // Two passes may set a size in the same moment, or while the call of one of them is under way.
    // Protection keeps EC2 from acting on the lower.
    const bool sets = change.kind == InstanceAction::Kind::SetDesired;
    const Duration stood = change.left - sized_at_;
    if (sets && change.after < change.before && stood >= std::chrono::seconds(1)) {
      violate(Invariant::InstanceBounds, what + " by a size that leaves the choice to EC2");
    }
    sized_at_ = change.after == change.before ? sized_at_ : change.at;
  }

  void judge_instances(const Run& run) {
    if (run.score.instances.tasks_lost > 0) {
      violate(Invariant::NoBusyInstanceEnds, fmt::format("{} tasks were lost with their instances",
                                                         run.score.instances.tasks_lost));
    }
    const bool quiet = run.depth.visible + run.depth.in_flight + run.depth.delayed == 0;
    const bool driven = scenario_->group->driver == GroupModel::Driver::Scaler;
    if (quiet && driven && run.idle > 0 && run.instances > lowest()) {
      violate(Invariant::InstancesEnd,
              fmt::format("{} instances are left, {} of them without a task, of a minimum of {}",
                          run.instances, run.idle, lowest()));
    }
  }

  void judge_kills(const Change& change, const std::string& what) {
    const KilledScore& killed = change.killed;
    const bool spares = (*policy_)->scale_in_when != ScaleInWhen::Any;
    const bool sqs_errs = scenario_->faults.per_day > 0 || scenario_->queue.count_lag > Duration(0);
    if (spares && (killed.by_scaler > 0 || (killed.misled > 0 && !sqs_errs))) {
      violate(Invariant::NoBusyTaskStops,
              fmt::format("{} stops {} busy tasks", what, killed.by_scaler + killed.misled));
    }
  }

  void judge_messages(const Score& score) {
    const MessageScore& messages = score.messages;
    if (messages.lost != 0) {
      violate(Invariant::NothingLost, fmt::format("{} messages are lost", messages.lost));
    }
    const std::int64_t causes = score.faults[Fault::PoisonMessage] + score.killed.by_crash +
                                score.killed.in_race + score.killed.misled +
                                score.killed.by_scaler + score.killed.by_deployment +
                                score.killed.by_person;
    if (messages.dead_lettered > 0 && causes == 0) {
      violate(Invariant::NothingLost,
              fmt::format("{} messages are dead letters without a cause", messages.dead_lettered));
    }
  }

  void judge_end(const Run& run) {
    const std::int64_t left = run.depth.visible + run.depth.in_flight + run.depth.delayed;
    const bool may_rest = left < (*policy_)->activation_backlog && run.desired == 0;
    if (left > 0 && !may_rest && run.desired < policy_->tasks_max()) {
      violate(Invariant::Drains, fmt::format("{} messages are left at {} tasks of {}", left,
                                             run.desired, policy_->tasks_max()));
    }
    if (left == 0 && run.desired != (*policy_)->tasks_min) {
      violate(Invariant::ReachesZero,
              fmt::format("{} tasks of a minimum of {} are left without any message", run.desired,
                          (*policy_)->tasks_min));
    }
  }

  const Scenario* scenario_;
  const Policy* policy_;
  Instant quiet_from_;
  bool scaled_in_ = false;
  Instant sized_at_ = {};  ///< when the scaler last changed the group's size
  Trial trial_ = {.journal = kFnvBasis};
};

Policy policy_of(const Scenario& scenario) {
  const Result<Policy> policy = Policy::create(scenario.policy);
  if (!policy) {
    std::fputs((policy.error().message + "\n").c_str(), stderr);
  }
  CHECK(policy.has_value());  // random_scenario() makes valid ones only.
  return *policy;
}

}  // namespace

std::string_view to_string(Invariant invariant) {
  constexpr std::array<std::string_view, kInvariants> kNames{
      "nothing_lost",    "no_busy_task_stops", "bounds",
      "no_count_falls",  "not_blind",          "drains",
      "reaches_zero",    "no_oscillation",     "no_busy_instance_ends",
      "instance_bounds", "instances_end"};
  return kNames.at(static_cast<std::size_t>(invariant));
}

Trial try_passes(const Scenario& scenario, std::uint64_t seed, const RunPass& pass) {
  const Policy policy = policy_of(scenario);
  Watch watch(scenario, policy);
  return watch.judged(*simulate(scenario, seed, watch.hooks(), pass));
}

Trial try_scaler(const Scenario& scenario, std::uint64_t seed, Scaler& scaler) {
  const Policy policy = policy_of(scenario);
  Watch watch(scenario, policy);
  return watch.judged(simulate(scenario, seed, scaler, watch.hooks()));
}

}  // namespace scaler::sim
