// The rules that guard: tasks that may be working, deployments, bounds, what people said.
#include <algorithm>

#include "scaler/core/rules.h"

namespace scaler {
namespace {

std::int64_t hold(Context& context, Reason reason) {
  return context.tell({.reason = reason, .tasks = context.desired()});
}

std::int64_t tasks_in_flight(const Context& context) {
  return divide_rounding_up(context.backlog.depth.in_flight, context.policy->concurrency_per_task);
}

std::array<std::int64_t, kStepNumbers> bound_numbers(std::int64_t proposal, std::int64_t bound,
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
  const std::optional<TasksAt>& manual = context.state.manual;
  const bool wakes = context.desired() == 0 && context.decision.demand > 0;
  if (!context.state.is_foreign(context.desired()) || wakes) {
    return std::nullopt;
  }
  const bool noticed = manual && manual->tasks == context.desired();
  const Duration held = noticed ? since(manual->at, context.at) : Duration::zero();
  return held < context.policy->manual_hold ? std::optional(context.policy->manual_hold - held)
                                            : std::nullopt;
}

/// How long a rollout has been holding scale-in; nothing when none does, or not any more. One that
/// has just been made holds anew, whatever held before it.
std::optional<Duration> rollout_holds(const Context& context) {
  const Instant seen_since = context.state.deploying_since.value_or(context.at);
  const Instant made = context.service.deploying_since.value_or(seen_since);
  const Duration held = since(std::max(seen_since, made), context.at);
  return context.service.deploying && held < context.policy->deployment_hold ? std::optional(held)
                                                                             : std::nullopt;
}

bool fixed_target_keeps(const Context& context) {
  return context.policy->mode == Mode::Fixed && context.backlog.counted > 0;
}

/// The lowest count that stops no task which may be working by all that is known of the last
/// busy_window. Where nothing is known that is the desired count.
std::int64_t occupied_floor(const Context& context) {
  const Duration window = context.policy->busy_window;
  if (!context.past.known || !window_known(context, window) || context.backlog.unreadable > 0 ||
      rollout_holds(context) || fixed_target_keeps(context)) {
    return context.desired();
  }
  const Envelope seen = envelope(context, busy_window(context));
  return std::max(busy_floor(context), std::min(seen.highest.tasks, context.desired()));
}

/// Says when the maximum is what keeps a backlog from being worked off.
std::int64_t growth_at_maximum(Context& context, std::int64_t proposal) {
  const std::optional<MessagesAt>& full = context.state.full;
  const std::int64_t counted = context.backlog.counted;
  if (!context.decision.full || !context.past.continuous || !full || counted <= full->messages ||
      since(full->at, context.at) < kGrowthTold) {
    return proposal;
  }
  return context.tell({.reason = Reason::BacklogGrowsAtMaximum,
                       .tasks = proposal,
                       .numbers = {full->messages, counted, since(full->at, context.at).count(),
                                   context.desired()}});
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

// A person's count, or an earlier target's, is not taken from a backlog that it works off.
std::int64_t busy(Context& context, std::int64_t proposal) {
  if (fixed_target_keeps(context) && proposal < context.desired()) {
    return hold(context, Reason::FixedTargetKept);
  }
  const std::int64_t floor = busy_floor(context);
  if (proposal >= floor) {
    return proposal;
  }
  const bool in_flight = context.backlog.depth.in_flight > 0;
  Step step{.reason = Reason::TasksProtected,
            .tasks = floor,
            .numbers = {context.backlog.depth.in_flight, floor}};
  if (in_flight && context.policy->scale_in_when == ScaleInWhen::Idle) {
    context.decision.kept = true;
    step.reason = Reason::MessagesInFlight;
    step.numbers[2] = floor - proposal;
    step.numbers[3] = since(context.state.kept_since.value_or(context.at), context.at).count();
  } else if (floor > context.service.protected_tasks) {
    step.reason = Reason::TasksNeededInFlight;
  }
  return context.tell(step);
}

// Which tasks go is not in our hand while a rollout replaces them. It must not hold for ever,
// though: a rollout that cannot start its tasks has no end, and an empty queue has nothing to lose.
std::int64_t deployment(Context& context, std::int64_t proposal) {
  if (!context.service.deploying || proposal >= context.desired() || context.idle_confirmed) {
    return proposal;
  }
  const std::optional<Duration> held = rollout_holds(context);
  const Duration longest = context.policy->deployment_hold;
  return context.tell({.reason = held ? Reason::DeploymentInProgress : Reason::DeploymentWithoutEnd,
                       .tasks = held ? context.desired() : proposal,
                       .numbers = {held.value_or(longest).count(), longest.count()}});
}

std::int64_t shortage(Context& context, std::int64_t proposal) {
  if (!context.decision.starting || !context.state.short_since || !context.past.continuous) {
    return proposal;
  }
  const Duration short_for = since(*context.state.short_since, context.at);
  if (short_for < context.policy->shortage_after) {
    return proposal;
  }
  context.decision.shortage = true;
  const bool held = context.policy->hold_on_shortage && proposal > context.desired();
  return context.tell({.reason = held ? Reason::CapacityShortageHold : Reason::CapacityShortage,
                       .tasks = held ? context.desired() : proposal,
                       .numbers = {context.service.running, context.desired(), short_for.count()}});
}

std::int64_t bounds(Context& context, std::int64_t proposal) {
  const Bounds& bounds = context.bounds;
  context.decision.full = context.desired() >= bounds.tasks_max && context.backlog.counted > 0;
  if (proposal < bounds.tasks_min) {
    return context.tell({.reason = Reason::BelowMinimum,
                         .tasks = bounds.tasks_min,
                         .numbers = bound_numbers(proposal, bounds.tasks_min, bounds.min_from)});
  }
  const std::int64_t max = bounds.tasks_max;
  if (proposal > max) {
    // Somebody else set the count above the maximum: it comes down, but never on a task that may be
    // working.
    const std::int64_t floor = occupied_floor(context);
    proposal =
        context.tell({.reason = floor > max ? Reason::AboveMaximumButBusy : Reason::AboveMaximum,
                      .tasks = std::max(floor, max),
                      .numbers = bound_numbers(proposal, max, bounds.max_from)});
  }
  return growth_at_maximum(context, proposal);
}

// Also a need below what was refused goes no farther than the middle: more messages must not mean
// fewer tasks.
std::int64_t quota(Context& context, std::int64_t proposal) {
  const std::optional<TasksAt>& refused = context.state.refused;
  const std::int64_t desired = context.desired();
  if (!refused || desired >= refused->tasks ||
      since(refused->at, context.at) >= kRefusalForgotten) {
    return proposal;
  }
  constexpr std::int64_t kCloseEnough = 10;  // A tenth of what was refused.
  const std::int64_t between = refused->tasks - desired;
  const bool found =
      desired > 0 && between <= std::max(refused->tasks / kCloseEnough, std::int64_t{1});
  const std::int64_t middle = std::max(desired + between / 2, std::int64_t{1});
  const std::int64_t allowed = found ? desired : middle;
  if (proposal <= allowed) {
    return proposal;
  }
  return context.tell(
      {.reason = found ? Reason::RefusedHold : Reason::RefusedTriedSmaller,
       .tasks = allowed,
       .numbers = {refused->tasks, since(refused->at, context.at).count(), proposal}});
}

std::int64_t overridden(Context& context, std::int64_t proposal) {
  const std::int64_t desired = context.desired();
  if (context.policy->paused) {
    return hold(context, Reason::Paused);
  }
  if (const std::optional<Instant>& until = context.service.paused_until;
      until && *until > context.at) {
    return context.tell({.reason = Reason::PausedByTag,
                         .tasks = desired,
                         .numbers = {until->time_since_epoch().count()}});
  }
  if (const std::optional<Duration> left = manual_hold_left(context); left && proposal != desired) {
    return context.tell({.reason = Reason::ManualHold,
                         .tasks = desired,
                         .numbers = {desired, *context.state.last_set, left->count()}});
  }
  if (context.policy->scale_in_paused && proposal < desired) {
    return hold(context, Reason::ScaleInPaused);
  }
  if (context.policy->scale_out_paused && proposal > desired) {
    return hold(context, Reason::ScaleOutPaused);
  }
  return proposal;
}

}  // namespace scaler
