#include "core/rules.h"

#include <algorithm>

#include "core/arithmetic.h"

namespace scaler {
namespace {

/// Time since `past`; a past that lies in the future (a clock was set back) counts as this moment.
Duration since(Instant past, Instant at) {
  return std::max(at - past, Duration::zero());
}

std::int64_t tasks_in_flight(const Context& context) {
  return divide_rounding_up(context.backlog.depth.in_flight, context.policy->concurrency_per_task);
}

/// The lowest count that stops no task which may be working.
std::int64_t busy_floor(const Context& context) {
  if (context.backlog.depth.in_flight == 0) {
    return 0;
  }
  return context.policy->scale_in_when == ScaleInWhen::Idle
             ? context.desired()
             : std::min(tasks_in_flight(context), context.desired());
}

}  // namespace

Backlog count_backlog(const Policy& policy, const Observation& observation) {
  Backlog backlog;
  for (const Result<QueueDepth>& queue : observation.queues) {
    if (!queue.has_value()) {
      ++backlog.unreadable;
      continue;
    }
    ++backlog.readable;
    backlog.depth.visible = saturating_add(backlog.depth.visible, queue->visible);
    backlog.depth.in_flight = saturating_add(backlog.depth.in_flight, queue->in_flight);
    backlog.depth.delayed = saturating_add(backlog.depth.delayed, queue->delayed);
  }
  backlog.counted = backlog.depth.visible;
  if (policy->count_in_flight) {
    backlog.counted = saturating_add(backlog.counted, backlog.depth.in_flight);
  }
  if (policy->count_delayed) {
    backlog.counted = saturating_add(backlog.counted, backlog.depth.delayed);
  }
  return backlog;
}

std::int64_t demand(Context& context) {
  const Backlog& backlog = context.backlog;
  const std::int64_t in_flight = context.policy->count_in_flight ? backlog.depth.in_flight : 0;
  const std::int64_t delayed = context.policy->count_delayed ? backlog.depth.delayed : 0;
  Step step{.rule = Rule::Backlog,
            .numbers = {backlog.depth.visible, in_flight, delayed, backlog.counted}};
  if (backlog.counted == 0) {
    step.reason = Reason::NoBacklog;
    step.tasks = 0;
  } else if (context.policy->mode == Mode::Fixed) {
    step.reason = Reason::FixedTarget;
    step.tasks = context.policy->scale_up_target;
  } else {
    step.reason = Reason::BacklogPerTask;
    step.numbers[4] = context.policy->backlog_per_task;
    step.tasks = divide_rounding_up(backlog.counted, context.policy->backlog_per_task);
  }
  return context.tell(step);
}

std::int64_t activated(Context& context, std::int64_t proposal) {
  if (context.desired() > 0 || context.backlog.counted == 0) {
    return proposal;
  }
  const std::int64_t threshold = context.policy->activation_backlog;
  if (context.backlog.counted < threshold) {
    return context.tell({.rule = Rule::Activation,
                         .reason = Reason::BelowActivation,
                         .tasks = 0,
                         .numbers = {context.backlog.counted, threshold}});
  }
  return context.tell({.rule = Rule::Activation,
                       .reason = Reason::Activated,
                       .tasks = std::max<std::int64_t>(proposal, 1),
                       .numbers = {context.backlog.counted, threshold}});
}

// SQS counts are approximate and dip, so nothing is stopped on a single look at an empty queue.
std::int64_t idle(Context& context, std::int64_t proposal) {
  if (proposal > 0 || context.desired() == 0) {
    return proposal;
  }
  const QueueDepth& depth = context.backlog.depth;
  if (!context.backlog.empty()) {
    return context.tell({.rule = Rule::Idle,
                         .reason = Reason::NotEmpty,
                         .tasks = context.desired(),
                         .numbers = {depth.visible, depth.in_flight, depth.delayed}});
  }
  const Duration empty_for = since(context.state.empty_since.value_or(context.at), context.at);
  const std::int64_t observations = saturating_add(context.state.empty_observations, 1);
  const bool confirmed = empty_for >= context.policy->scale_down_threshold &&
                         observations >= context.policy->zero_confirmations;
  return context.tell(
      {.rule = Rule::Idle,
       .reason = confirmed ? Reason::IdleConfirmed : Reason::IdleUnconfirmed,
       .tasks = confirmed ? 0 : context.desired(),
       .numbers = {empty_for.count(), observations, context.policy->scale_down_threshold.count(),
                   context.policy->zero_confirmations}});
}

std::int64_t partial(Context& context, std::int64_t proposal) {
  if (context.backlog.unreadable == 0) {
    return proposal;
  }
  return context.tell({.rule = Rule::Partial,
                       .reason = Reason::QueueUnreadable,
                       .tasks = std::max(proposal, context.desired()),
                       .numbers = {context.backlog.unreadable,
                                   context.backlog.unreadable + context.backlog.readable}});
}

std::int64_t busy(Context& context, std::int64_t proposal) {
  const std::int64_t floor = busy_floor(context);
  if (proposal >= std::min(floor, context.desired())) {
    return proposal;
  }
  const bool idle_only = context.policy->scale_in_when == ScaleInWhen::Idle;
  return context.tell({.rule = Rule::Busy,
                       .reason = idle_only ? Reason::MessagesInFlight : Reason::TasksNeededInFlight,
                       .tasks = floor,
                       .numbers = {context.backlog.depth.in_flight, floor}});
}

std::int64_t deployment(Context& context, std::int64_t proposal) {
  if (!context.service.deploying || proposal >= context.desired()) {
    return proposal;
  }
  return context.tell({.rule = Rule::Deployment,
                       .reason = Reason::DeploymentInProgress,
                       .tasks = context.desired()});
}

std::int64_t cooldown(Context& context, std::int64_t proposal) {
  if (proposal == context.desired()) {
    return proposal;
  }
  const bool out = proposal > context.desired();
  const std::optional<Instant> last =
      out ? context.state.last_scale_out : context.state.last_scale_in;
  const Duration pause =
      out ? context.policy->scale_out_cooldown : context.policy->scale_in_cooldown;
  if (!last || since(*last, context.at) >= pause) {
    return proposal;
  }
  return context.tell({.rule = Rule::Cooldown,
                       .reason = out ? Reason::CoolingDownOut : Reason::CoolingDownIn,
                       .tasks = context.desired(),
                       .numbers = {since(*last, context.at).count(), pause.count()}});
}

std::int64_t wake(Context& context, std::int64_t proposal, std::int64_t wanted) {
  if (context.desired() > 0 || wanted == 0 || proposal > 0) {
    return proposal;
  }
  return context.tell({.rule = Rule::Activation, .reason = Reason::WakeNeedsOneTask, .tasks = 1});
}

std::int64_t bounds(Context& context, std::int64_t proposal) {
  const std::int64_t min = context.policy->tasks_min;
  const std::int64_t max = context.policy.tasks_max();
  if (proposal < min) {
    return context.tell({.rule = Rule::Bounds,
                         .reason = Reason::BelowMinimum,
                         .tasks = min,
                         .numbers = {proposal, min}});
  }
  if (proposal <= max) {
    return proposal;
  }
  // Somebody else set the count above the maximum: it comes down, but never on a task that may be
  // working.
  const bool known = context.backlog.unreadable == 0 && !context.service.deploying;
  const std::int64_t floor = known ? busy_floor(context) : context.desired();
  if (max < context.desired() && floor > max) {
    return context.tell({.rule = Rule::Bounds,
                         .reason = Reason::AboveMaximumButBusy,
                         .tasks = floor,
                         .numbers = {proposal, max}});
  }
  return context.tell({.rule = Rule::Bounds,
                       .reason = Reason::AboveMaximum,
                       .tasks = max,
                       .numbers = {proposal, max}});
}

std::int64_t overridden(Context& context, std::int64_t proposal) {
  const std::int64_t desired = context.desired();
  if (context.policy->paused) {
    return context.tell({.rule = Rule::Override, .reason = Reason::Paused, .tasks = desired});
  }
  if (context.policy->scale_in_paused && proposal < desired) {
    return context.tell(
        {.rule = Rule::Override, .reason = Reason::ScaleInPaused, .tasks = desired});
  }
  if (context.policy->scale_out_paused && proposal > desired) {
    return context.tell(
        {.rule = Rule::Override, .reason = Reason::ScaleOutPaused, .tasks = desired});
  }
  return proposal;
}

}  // namespace scaler
