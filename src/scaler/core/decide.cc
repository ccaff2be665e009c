#include "scaler/core/decide.h"

#include <algorithm>

#include "scaler/core/arithmetic.h"
#include "scaler/core/rules.h"

namespace scaler {
namespace {

/// A service that must be left alone has the reason for it.
std::optional<Reason> untouchable(const ServiceObservation& service) {
  if (service.status != ServiceStatus::Active) {
    return Reason::ServiceNotActive;
  }
  if (service.scheduling == SchedulingStrategy::Daemon) {
    return Reason::DaemonService;
  }
  return std::nullopt;
}

/// What was seen goes into the decision first: the rules look at it there.
Decision begun(const Observation& observation, const Backlog& backlog) {
  const ServiceObservation& service = observation.service;
  Decision decision;
  decision.before = service.desired;
  decision.at = observation.at;
  decision.empty = backlog.empty();
  decision.blind = backlog.readable == 0 && backlog.gone < backlog.unreadable;
  decision.partial = backlog.unreadable > 0;
  decision.starting = service.running < service.desired;
  decision.deploying = service.deploying;
  decision.deploying_since = service.deploying_since;
  decision.gone = backlog.gone;
  decision.counted = backlog.counted;
  decision.look_every = observation.look_every;
  decision.tick = observation.tick;
  return decision;
}

/// A queue that every look has missed for long is one without messages, and no longer one that
/// could not be read.
void forgive_gone(Backlog& backlog, const ServiceState& state, const Past& past, Instant at) {
  const std::optional<QueuesGone>& gone = state.gone;
  if (past.continuous && gone && gone->queues >= backlog.gone &&
      since(gone->since, at) >= kGoneForLong) {
    backlog.unreadable -= backlog.gone;
    backlog.readable += backlog.gone;
    backlog.forgiven = backlog.gone;
  }
}

void conclude(Decision& decision, std::int64_t desired) {
  decision.desired = desired;
  decision.action = desired > decision.before   ? Action::ScaleOut
                    : desired < decision.before ? Action::ScaleIn
                                                : Action::Hold;
}

std::int64_t fallback(Context& context) {
  const Policy& policy = context.policy;
  const std::int64_t failures = saturating_add(context.state.failures, 1);
  const std::optional<std::int64_t> wanted = policy->fallback_tasks;
  if (!wanted || failures < policy->failures_before_fallback) {
    return context.tell(
        {.reason = Reason::BlindHold, .tasks = context.desired(), .numbers = {failures}});
  }
  const Bounds& bounds = context.bounds;
  const std::int64_t allowed = std::clamp(*wanted, bounds.tasks_min, bounds.tasks_max);
  const std::int64_t tasks = std::max(context.desired(), allowed);
  return context.tell(
      {.reason = Reason::BlindFallback, .tasks = tasks, .numbers = {failures, *wanted}});
}

std::int64_t need(Context& context) {
  return activation(context, backlog(context));
}

std::int64_t allowed(Context& context, std::int64_t proposal) {
  proposal = idle(context, proposal);
  proposal = partial(context, proposal);
  proposal = tolerance(context, proposal);
  proposal = stabilization(context, proposal);
  proposal = busy(context, proposal);
  proposal = deployment(context, proposal);
  proposal = budget(context, proposal);
  proposal = cooldown(context, proposal);
  proposal = shortage(context, proposal);
  proposal = bounds(context, proposal);
  proposal = quota(context, proposal);
  return overridden(context, proposal);
}

std::optional<Instant> not_after(std::optional<Instant> instant, Instant at) {
  return instant ? std::optional(std::min(*instant, at)) : std::nullopt;
}

/// What the windows remember. What could not be read needs at least what is there; so does a past
/// that is not known. Looks that found the queue empty throughout know it.
std::int64_t recommendation(const ServiceState& state, const Policy& policy,
                            const Decision& decision, const Past& past) {
  const bool known =
      !decision.partial && (past.empty_throughout(policy.scale_in_window(), decision.at) ||
                            !state.recommendations.empty());
  const std::int64_t need =
      known ? decision.occupied : std::max(decision.occupied, decision.before);
  return std::min(need, kTasksLimit);
}

void advance_empty(ServiceState& state, const Decision& decision, const Past& past) {
  if (!decision.empty) {
    state.empty_since.reset();
    state.empty_observations = 0;
    return;
  }
  state.empty_observations = saturating_add(past.empty_since ? state.empty_observations : 0, 1);
  state.empty_since = past.empty_since.value_or(decision.at);
}

void advance_manual(ServiceState& state, const Policy& policy, const Decision& decision) {
  if (policy->manual_hold == Duration::zero() || !state.is_foreign(decision.before)) {
    state.manual.reset();
  } else if (!state.manual || state.manual->tasks != decision.before) {
    state.manual = {.at = decision.at, .tasks = decision.before};
  } else {
    state.manual->at = std::min(state.manual->at, decision.at);
  }
}

/// What was announced is found to have been set, or was not within a minute: an UpdateService may
/// still be under way, in a process that is gone before it could tell.
void advance_announced(ServiceState& state, const Decision& decision) {
  constexpr Duration kUnderWay = std::chrono::minutes(1);
  if (!state.announced) {
    return;
  }
  if (state.announced->tasks == decision.before) {
    state.last_set = decision.before;
    state.announced.reset();
  } else if (since(state.announced->at, decision.at) > kUnderWay) {
    state.announced.reset();
  }
}

/// Since when something holds without a break; nothing once it does not.
void advance_since(std::optional<Instant>& since, bool holds, Instant at) {
  since = holds ? std::optional(std::min(since.value_or(at), at)) : std::nullopt;
}

/// A deployment that follows another at once has a wait of its own.
void advance_deploying(ServiceState& state, const Decision& decision) {
  advance_since(state.deploying_since, decision.deploying, decision.at);
  if (state.deploying_since) {
    state.deploying_since =
        std::max(state.deploying_since, not_after(decision.deploying_since, decision.at));
  }
}

void advance_gone(ServiceState& state, const Decision& decision) {
  if (decision.gone == 0) {
    state.gone.reset();
  } else if (!state.gone || state.gone->queues < decision.gone) {
    state.gone = {.since = decision.at, .queues = decision.gone};
  } else {
    state.gone = {.since = std::min(state.gone->since, decision.at), .queues = decision.gone};
  }
}

void advance_full(ServiceState& state, const Decision& decision) {
  if (!decision.full) {
    state.full.reset();
  } else if (!state.full || decision.counted <= state.full->messages) {
    state.full = {.at = decision.at, .messages = decision.counted};
  } else {
    state.full->at = std::min(state.full->at, decision.at);
  }
}

/// Forgets what a past with a gap says nothing about.
void forget_waits(ServiceState& state) {
  state.recommendations.clear();
  state.deploying_since.reset();
  state.short_since.reset();
  state.gone.reset();
  state.stray_since.reset();
  state.kept_since.reset();
  state.full.reset();
}

void advance_refused(ServiceState& state, const Decision& decision) {
  if (state.refused && (decision.before >= state.refused->tasks ||
                        since(state.refused->at, decision.at) >= kRefusalForgotten)) {
    state.refused.reset();
  } else if (state.refused) {
    state.refused->at = std::min(state.refused->at, decision.at);
  }
}

}  // namespace

Decision decide(const Policy& policy, const ServiceState& state, const Observation& observation) {
  const Past past = past_of(state, observation.at, observation.look_every);
  Backlog backlog = count_backlog(policy, observation);
  forgive_gone(backlog, state, past, observation.at);
  Decision decision = begun(observation, backlog);
  decision.gap = past.gap;
  Context context{.policy = policy,
                  .state = state,
                  .service = observation.service,
                  .at = observation.at,
                  .bounds = policy.bounds_at(observation.at),
                  .past = past,
                  .backlog = backlog,
                  .decision = decision};
  decision.demand = backlog.blind() ? fallback(context) : need(context);
  decision.occupied =
      std::max(std::min(decision.demand, context.bounds.tasks_max), busy_floor(context));
  if (const auto reason = untouchable(context.service)) {
    conclude(decision, context.tell({.reason = *reason, .tasks = context.desired()}));
  } else if (backlog.blind()) {
    conclude(decision, overridden(context, quota(context, decision.demand)));
  } else {
    conclude(decision, allowed(context, decision.demand));
  }
  return decision;
}

Decision held(Decision decision, std::int64_t desired, Reason reason,
              std::array<std::int64_t, 2> numbers) {
  decision.action = Action::Hold;
  decision.desired = desired;
  decision.late = reason == Reason::LookedTooLong;
  decision.steps.add({.reason = reason, .tasks = desired, .numbers = {numbers[0], numbers[1]}});
  return decision;
}

Decision last_try(Decision decision) {
  decision.desired = decision.before + 1;
  decision.steps.add({.reason = Reason::RefusedLastTry, .tasks = decision.desired});
  return decision;
}

Decision within_room(Decision decision, std::int64_t tasks) {
  const std::int64_t room = std::max(tasks, decision.before);
  if (decision.action != Action::ScaleOut || decision.desired <= room) {
    return decision;
  }
  const std::int64_t proposal = decision.desired;
  decision.waiting = proposal - room;
  decision.desired = room;
  decision.action = room > decision.before ? Action::ScaleOut : Action::Hold;
  decision.steps.add({.reason = Reason::NoInstanceYet, .tasks = room, .numbers = {proposal}});
  return decision;
}

ServiceState advance(ServiceState state, const Policy& policy, const Decision& decision,
                     Outcome outcome) {
  const bool changed = outcome == Outcome::Applied && decision.action != Action::Hold;
  const Past past = past_of(state, decision.at, decision.look_every);
  if (!past.continuous) {
    forget_waits(state);
  }
  if (policy.longest_window() > Duration::zero()) {
    const TasksAt latest{.at = decision.at, .tasks = recommendation(state, policy, decision, past)};
    if (past.gap > usual_gap(decision.look_every, decision.tick)) {
      bridge_gap(state.recommendations, latest);
    }
    remember_recommendation(state.recommendations, latest, policy.scale_in_window(),
                            policy->scale_out_window);
  } else {
    state.recommendations.clear();
  }
  remember_change(state.changes,
                  {.at = decision.at, .tasks = changed ? decision.desired - decision.before : 0},
                  policy.longest_period());
  state.failures = decision.blind ? saturating_add(state.failures, 1) : 0;
  state.last_scale_out = not_after(state.last_scale_out, decision.at);
  state.last_scale_in = not_after(state.last_scale_in, decision.at);
  advance_empty(state, decision, past);
  advance_announced(state, decision);
  advance_manual(state, policy, decision);
  advance_since(state.short_since, decision.starting, decision.at);
  advance_deploying(state, decision);
  advance_since(state.stray_since, decision.stray, decision.at);
  advance_since(state.kept_since, decision.kept, decision.at);
  advance_gone(state, decision);
  advance_full(state, decision);
  advance_refused(state, decision);
  state.late_looks = decision.late ? saturating_add(state.late_looks, 1) : 0;
  state.last_look = decision.at;
  if (changed) {
    (decision.action == Action::ScaleOut ? state.last_scale_out : state.last_scale_in) =
        decision.at;
    state.last_set = decision.desired;
    state.announced.reset();
    state.manual.reset();
  } else if (!past.known && policy->scale_in_cooldown > Duration::zero()) {
    state.last_scale_in = decision.at;  // The cooldown's own "nothing is known".
  }
  return state;
}

}  // namespace scaler
