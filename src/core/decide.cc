#include "core/decide.h"

#include <algorithm>

#include "core/arithmetic.h"
#include "core/rules.h"

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
Decision begun(const ServiceObservation& service, const Backlog& backlog, Instant at) {
  Decision decision;
  decision.before = service.desired;
  decision.at = at;
  decision.empty = backlog.empty();
  decision.blind = backlog.readable == 0;
  decision.partial = backlog.unreadable > 0;
  decision.starting = service.running < service.desired;
  return decision;
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
    return context.tell({.rule = Rule::Blind,
                         .reason = Reason::BlindHold,
                         .tasks = context.desired(),
                         .numbers = {failures}});
  }
  const Bounds bounds = policy.bounds_at(context.at);
  const std::int64_t allowed = std::clamp(*wanted, bounds.tasks_min, bounds.tasks_max);
  const std::int64_t tasks = std::max(context.desired(), allowed);
  return context.tell({.rule = Rule::Blind,
                       .reason = Reason::BlindFallback,
                       .tasks = tasks,
                       .numbers = {failures, *wanted}});
}

std::int64_t need(Context& context) {
  std::int64_t proposal = backlog(context);
  proposal = arrivals(context, proposal);
  return activation(context, proposal);
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
  return overridden(context, proposal);
}

std::optional<Instant> not_after(std::optional<Instant> instant, Instant at) {
  return instant ? std::optional(std::min(*instant, at)) : std::nullopt;
}

/// The need that the windows remember. What could not be read needs at least what is there; so does
/// a past that is not known.
std::int64_t recommendation(const ServiceState& state, const Decision& decision) {
  const bool known = !decision.partial && !state.recommendations.empty();
  const std::int64_t need = known ? decision.demand : std::max(decision.demand, decision.before);
  return std::min(need, kTasksLimit);
}

void advance_empty(ServiceState& state, const Decision& decision) {
  if (!decision.empty) {
    state.empty_since.reset();
    state.empty_observations = 0;
    return;
  }
  state.empty_observations = saturating_add(state.empty_since ? state.empty_observations : 0, 1);
  state.empty_since = std::min(state.empty_since.value_or(decision.at), decision.at);
}

void advance_manual(ServiceState& state, const Policy& policy, const Decision& decision) {
  const bool foreign = policy->manual_hold > Duration::zero() && state.last_set &&
                       *state.last_set != decision.before;
  if (!foreign) {
    state.manual.reset();
  } else if (!state.manual || state.manual->tasks != decision.before) {
    state.manual = {.at = decision.at, .tasks = decision.before};
  } else {
    state.manual->at = std::min(state.manual->at, decision.at);
  }
}

void advance_shortage(ServiceState& state, const Decision& decision) {
  if (!decision.starting) {
    state.short_since.reset();
  } else {
    state.short_since = std::min(state.short_since.value_or(decision.at), decision.at);
  }
}

}  // namespace

Decision decide(const Policy& policy, const ServiceState& state, const Observation& observation) {
  const Backlog backlog = count_backlog(policy, observation);
  if (backlog.readable == 0) {
    return decide_blind(policy, state, observation.service, observation.at);
  }
  Decision decision = begun(observation.service, backlog, observation.at);
  Context context{.policy = policy,
                  .state = state,
                  .service = observation.service,
                  .at = observation.at,
                  .backlog = backlog,
                  .arrivals = observation.arrivals,
                  .decision = decision};
  decision.demand = need(context);
  if (const auto reason = untouchable(context.service)) {
    conclude(
        decision,
        context.tell({.rule = Rule::Deployment, .reason = *reason, .tasks = context.desired()}));
  } else {
    conclude(decision, allowed(context, decision.demand));
  }
  return decision;
}

Decision decide_blind(const Policy& policy, const ServiceState& state,
                      const ServiceObservation& service, Instant at) {
  Decision decision = begun(service, {.unreadable = 1}, at);
  Context context{
      .policy = policy, .state = state, .service = service, .at = at, .decision = decision};
  decision.demand = fallback(context);
  if (const auto reason = untouchable(service)) {
    conclude(
        decision,
        context.tell({.rule = Rule::Deployment, .reason = *reason, .tasks = context.desired()}));
  } else {
    conclude(decision, overridden(context, decision.demand));
  }
  return decision;
}

Decision held(Decision decision, std::int64_t desired, Reason reason, std::int64_t number) {
  decision.action = Action::Hold;
  decision.desired = desired;
  decision.steps.add(
      {.rule = Rule::Trigger, .reason = reason, .tasks = desired, .numbers = {number}});
  return decision;
}

ServiceState advance(ServiceState state, const Policy& policy, const Decision& decision,
                     Outcome outcome) {
  const bool changed = outcome == Outcome::Applied && decision.action != Action::Hold;
  const bool unknown = state == ServiceState{};
  const Duration window = policy.longest_window();
  if (window > Duration::zero()) {
    remember_recommendation(state.recommendations,
                            {.at = decision.at, .tasks = recommendation(state, decision)},
                            policy->scale_in_window, policy->scale_out_window);
  } else {
    state.recommendations.clear();
  }
  remember_change(state.changes,
                  {.at = decision.at, .tasks = changed ? decision.desired - decision.before : 0},
                  policy.longest_period());
  state.failures = decision.blind ? saturating_add(state.failures, 1) : 0;
  state.last_scale_out = not_after(state.last_scale_out, decision.at);
  state.last_scale_in = not_after(state.last_scale_in, decision.at);
  advance_empty(state, decision);
  advance_manual(state, policy, decision);
  advance_shortage(state, decision);
  if (changed) {
    (decision.action == Action::ScaleOut ? state.last_scale_out : state.last_scale_in) =
        decision.at;
    state.last_set = decision.desired;
    state.manual.reset();
  } else if (unknown && policy->scale_in_cooldown > Duration::zero()) {
    state.last_scale_in = decision.at;  // The cooldown's own "nothing is known".
  }
  return state;
}

}  // namespace scaler
