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

Decision concluded(const Context& context, std::int64_t desired, std::int64_t wanted) {
  const std::int64_t current = context.desired();
  return {.action = desired > current   ? Action::ScaleOut
                    : desired < current ? Action::ScaleIn
                                        : Action::Hold,
          .desired = desired,
          .demand = wanted,
          .empty = context.backlog.empty(),
          .partial = context.backlog.unreadable > 0,
          .at = context.at,
          .steps = context.steps};
}

std::int64_t fallback(Context& context) {
  const Policy& policy = context.policy;
  const std::int64_t failures = saturating_add(context.state.failures, 1);
  if (!policy->fallback_tasks || failures < policy->failures_before_fallback) {
    return context.tell({.rule = Rule::Blind,
                         .reason = Reason::BlindHold,
                         .tasks = context.desired(),
                         .numbers = {failures}});
  }
  const std::int64_t wanted =
      std::clamp(*policy->fallback_tasks, policy->tasks_min, policy.tasks_max());
  return context.tell({.rule = Rule::Blind,
                       .reason = Reason::BlindFallback,
                       .tasks = std::max(context.desired(), wanted),
                       .numbers = {failures, *policy->fallback_tasks}});
}

std::optional<Instant> not_after(std::optional<Instant> instant, Instant at) {
  return instant ? std::optional(std::min(*instant, at)) : std::nullopt;
}

}  // namespace

Decision decide(const Policy& policy, const ServiceState& state, const Observation& observation) {
  const Backlog backlog = count_backlog(policy, observation);
  if (backlog.readable == 0) {
    return decide_blind(policy, state, observation.service, observation.at);
  }
  Context context{.policy = policy,
                  .state = state,
                  .service = observation.service,
                  .at = observation.at,
                  .backlog = backlog};
  const std::int64_t wanted = activated(context, demand(context));
  if (const auto reason = untouchable(context.service)) {
    context.tell({.rule = Rule::Deployment, .reason = *reason, .tasks = context.desired()});
    return concluded(context, context.desired(), wanted);
  }
  std::int64_t proposal = idle(context, wanted);
  proposal = partial(context, proposal);
  proposal = busy(context, proposal);
  proposal = deployment(context, proposal);
  proposal = cooldown(context, proposal);
  proposal = wake(context, proposal, wanted);
  proposal = bounds(context, proposal);
  proposal = overridden(context, proposal);
  return concluded(context, proposal, wanted);
}

Decision decide_blind(const Policy& policy, const ServiceState& state,
                      const ServiceObservation& service, Instant at) {
  Context context{
      .policy = policy, .state = state, .service = service, .at = at, .backlog = {.unreadable = 1}};
  std::int64_t proposal = fallback(context);
  if (const auto reason = untouchable(service)) {
    proposal =
        context.tell({.rule = Rule::Deployment, .reason = *reason, .tasks = service.desired});
  } else {
    proposal = overridden(context, proposal);
  }
  Decision decision = concluded(context, proposal, proposal);
  decision.blind = true;
  return decision;
}

Decision held(Decision decision, std::int64_t desired, Reason reason) {
  decision.action = Action::Hold;
  decision.desired = desired;
  decision.steps.add({.rule = Rule::Trigger, .reason = reason, .tasks = desired});
  return decision;
}

ServiceState advance(const ServiceState& state, const Decision& decision, Outcome outcome) {
  ServiceState next = state;
  next.failures = decision.blind ? saturating_add(state.failures, 1) : 0;
  next.last_scale_out = not_after(state.last_scale_out, decision.at);
  next.last_scale_in = not_after(state.last_scale_in, decision.at);
  if (decision.empty) {
    next.empty_since = std::min(state.empty_since.value_or(decision.at), decision.at);
    next.empty_observations = saturating_add(state.empty_since ? state.empty_observations : 0, 1);
  } else {
    next.empty_since.reset();
    next.empty_observations = 0;
  }
  if (outcome == Outcome::Applied && decision.action != Action::Hold) {
    (decision.action == Action::ScaleOut ? next.last_scale_out : next.last_scale_in) = decision.at;
    next.last_set = decision.desired;
  }
  return next;
}

}  // namespace scaler
