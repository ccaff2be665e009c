// The rules that guard: tasks that may be working, deployments, bounds, what people said.
#include <algorithm>
#include <tuple>

#include "core/rules.h"

namespace scaler {
namespace {

std::int64_t hold(Context& context, Rule rule, Reason reason) {
  return context.tell({.rule = rule, .reason = reason, .tasks = context.desired()});
}

std::int64_t tasks_in_flight(const Context& context) {
  return divide_rounding_up(context.backlog.depth.in_flight, context.policy->concurrency_per_task);
}

std::array<std::int64_t, 5> bound_numbers(std::int64_t proposal, std::int64_t bound,
                                          const std::optional<Bounds::Source>& from) {
  if (!from) {
    return {proposal, bound};
  }
  return {proposal, bound, static_cast<std::int64_t>(from->schedule) + 1,
          from->window.since.time_since_epoch().count(),
          from->window.until.time_since_epoch().count()};
}

/// How much longer another's desired count is respected, if it is.
std::optional<Duration> manual_hold_left(const Context& context) {
  const auto& [last_set, manual] = std::tie(context.state.last_set, context.state.manual);
  const bool wakes = context.desired() == 0 && context.decision.demand > 0;
  if (!last_set || *last_set == context.desired() || wakes) {
    return std::nullopt;
  }
  const bool noticed = manual && manual->tasks == context.desired();
  const Duration held = noticed ? since(manual->at, context.at) : Duration::zero();
  return held < context.policy->manual_hold ? std::optional(context.policy->manual_hold - held)
                                            : std::nullopt;
}

}  // namespace

std::int64_t busy_floor(const Context& context) {
  const std::int64_t guarded = std::min(context.service.protected_tasks, context.desired());
  if (context.backlog.depth.in_flight == 0) {
    return guarded;
  }
  return context.policy->scale_in_when == ScaleInWhen::Idle
             ? context.desired()
             : std::max(guarded, std::min(tasks_in_flight(context), context.desired()));
}

std::int64_t busy(Context& context, std::int64_t proposal) {
  const std::int64_t floor = busy_floor(context);
  if (proposal >= floor) {
    return proposal;
  }
  const bool in_flight = context.backlog.depth.in_flight > 0;
  Step step{.rule = Rule::Busy,
            .reason = Reason::TasksProtected,
            .tasks = floor,
            .numbers = {context.backlog.depth.in_flight, floor}};
  if (in_flight && context.policy->scale_in_when == ScaleInWhen::Idle) {
    step.reason = Reason::MessagesInFlight;
  } else if (in_flight && floor > context.service.protected_tasks) {
    step.reason = Reason::TasksNeededInFlight;
  }
  return context.tell(step);
}

std::int64_t deployment(Context& context, std::int64_t proposal) {
  return context.service.deploying && proposal < context.desired()
             ? hold(context, Rule::Deployment, Reason::DeploymentInProgress)
             : proposal;
}

std::int64_t shortage(Context& context, std::int64_t proposal) {
  if (!context.decision.starting || !context.state.short_since) {
    return proposal;
  }
  const Duration short_for = since(*context.state.short_since, context.at);
  if (short_for < context.policy->shortage_after) {
    return proposal;
  }
  context.decision.shortage = true;
  const bool held = context.policy->hold_on_shortage && proposal > context.desired();
  return context.tell({.rule = Rule::Shortage,
                       .reason = held ? Reason::CapacityShortageHold : Reason::CapacityShortage,
                       .tasks = held ? context.desired() : proposal,
                       .numbers = {context.service.running, context.desired(), short_for.count()}});
}

std::int64_t bounds(Context& context, std::int64_t proposal) {
  const Bounds bounds = context.policy.bounds_at(context.at);
  if (proposal < bounds.tasks_min) {
    return context.tell({.rule = Rule::Bounds,
                         .reason = Reason::BelowMinimum,
                         .tasks = bounds.tasks_min,
                         .numbers = bound_numbers(proposal, bounds.tasks_min, bounds.min_from)});
  }
  const std::int64_t max = bounds.tasks_max;
  if (proposal <= max) {
    return proposal;
  }
  // Somebody else set the count above the maximum: it comes down, but never on a task that may be
  // working.
  const bool known = context.backlog.unreadable == 0 && !context.service.deploying;
  const std::int64_t floor = known ? busy_floor(context) : context.desired();
  return context.tell({.rule = Rule::Bounds,
                       .reason = floor > max ? Reason::AboveMaximumButBusy : Reason::AboveMaximum,
                       .tasks = std::max(floor, max),
                       .numbers = bound_numbers(proposal, max, bounds.max_from)});
}

std::int64_t overridden(Context& context, std::int64_t proposal) {
  const std::int64_t desired = context.desired();
  if (context.policy->paused) {
    return hold(context, Rule::Override, Reason::Paused);
  }
  if (const std::optional<Duration> left = manual_hold_left(context); left && proposal != desired) {
    return context.tell({.rule = Rule::Override,
                         .reason = Reason::ManualHold,
                         .tasks = desired,
                         .numbers = {desired, *context.state.last_set, left->count()}});
  }
  if (context.policy->scale_in_paused && proposal < desired) {
    return hold(context, Rule::Override, Reason::ScaleInPaused);
  }
  if (context.policy->scale_out_paused && proposal > desired) {
    return hold(context, Rule::Override, Reason::ScaleOutPaused);
  }
  return proposal;
}

}  // namespace scaler
