// The rules that find the need: from messages to a wanted count.
#include <algorithm>

#include "scaler/core/rules.h"

namespace scaler {
namespace {

/// The messages of one queue that the policy counts.
std::int64_t counted(const Policy& policy, const QueueDepth& depth) {
  std::int64_t messages = depth.visible;
  if (policy->count_in_flight) {
    messages = saturating_add(messages, depth.in_flight);
  }
  if (policy->count_delayed) {
    messages = saturating_add(messages, depth.delayed);
  }
  return messages;
}

/// One queue's messages as they count among several.
std::int64_t weighted(const Observation& observation, std::size_t queue, std::int64_t messages) {
  return queue < observation.weights.size()
             ? scale_rounding_up(messages, observation.weights[queue].count, Millionths::kOne)
             : messages;
}

std::int64_t combined(const Policy& policy, std::int64_t all, std::int64_t one) {
  return policy->combine == Combine::Sum ? saturating_add(all, one) : std::max(all, one);
}

}  // namespace

Backlog count_backlog(const Policy& policy, const Observation& observation) {
  Backlog backlog{.delivered = observation.delivered};
  for (std::size_t i = 0; i < observation.queues.size(); ++i) {
    const Result<QueueDepth>& queue = observation.queues[i];
    if (!queue.has_value()) {
      ++backlog.unreadable;
      backlog.gone += queue.error().kind == ErrorKind::NotFound ? 1 : 0;
      continue;
    }
    ++backlog.readable;
    backlog.depth.visible = saturating_add(backlog.depth.visible, queue->visible);
    backlog.depth.in_flight = saturating_add(backlog.depth.in_flight, queue->in_flight);
    backlog.depth.delayed = saturating_add(backlog.depth.delayed, queue->delayed);
    backlog.counted =
        combined(policy, backlog.counted, weighted(observation, i, counted(policy, *queue)));
    backlog.delayed = combined(policy, backlog.delayed, weighted(observation, i, queue->delayed));
  }
  backlog.counted = std::max(backlog.counted, backlog.delivered);
  return backlog;
}

std::int64_t tasks_for(const Policy& policy, std::int64_t messages) {
  if (policy->mode == Mode::Fixed) {
    return messages > 0 ? policy->scale_up_target : 0;
  }
  const auto& [per, tasks] = policy.messages_per_task();
  return scale_rounding_up(messages, tasks, per);
}

std::int64_t backlog(Context& context) {
  const Backlog& backlog = context.backlog;
  const std::int64_t in_flight = context.policy->count_in_flight ? backlog.depth.in_flight : 0;
  const std::int64_t delayed = context.policy->count_delayed ? backlog.depth.delayed : 0;
  Step step{.reason = Reason::NoBacklog,
            .tasks = tasks_for(context.policy, backlog.counted),
            .numbers = {backlog.depth.visible, in_flight, delayed, backlog.counted, 0,
                        backlog.delivered}};
  if (backlog.counted == 0) {
    return context.tell(step);
  }
  if (context.policy->mode == Mode::Fixed) {
    step.reason = Reason::FixedTarget;
  } else {
    const auto& [messages, tasks] = context.policy.messages_per_task();
    step.reason = Reason::MessagesPerTask;
    step.numbers[4] = scale_rounding_up(Millionths::kOne, messages, tasks);
  }
  return context.tell(step);
}

// A count in flight can be a phantom that stays for days: at rest nothing is started for it unless
// a later look sees it again.
std::int64_t activation(Context& context, std::int64_t proposal) {
  if (context.desired() > 0 || proposal == 0) {
    return proposal;
  }
  const QueueDepth& depth = context.backlog.depth;
  context.decision.stray =
      depth.visible == 0 && depth.delayed == 0 && context.backlog.delivered == 0;
  if (context.decision.stray && !(context.past.continuous && context.state.stray_since)) {
    return context.tell(
        {.reason = Reason::InFlightAlone, .tasks = 0, .numbers = {depth.in_flight}});
  }
  const std::int64_t threshold = context.policy->activation_backlog;
  const bool activated = context.backlog.counted >= threshold;
  return context.tell({.reason = activated ? Reason::Activated : Reason::BelowActivation,
                       .tasks = activated ? std::max<std::int64_t>(proposal, 1) : 0,
                       .numbers = {context.backlog.counted, threshold}});
}

// SQS counts are approximate and dip, so nothing goes to the minimum on a single look at an empty
// queue. Until then as much is kept as one message would need, or the delayed ones: a queue that
// is nearly empty must not get fewer tasks than one that is wholly empty, or the other way round.
std::int64_t idle(Context& context, std::int64_t proposal) {
  if (context.desired() == 0) {
    return proposal;
  }
  const Policy& policy = context.policy;
  const std::int64_t kept =
      std::min(context.desired(),
               std::max(tasks_for(policy, 1), tasks_for(policy, context.backlog.delayed)));
  if (!context.backlog.empty()) {
    const QueueDepth& depth = context.backlog.depth;
    return proposal >= kept ? proposal
                            : context.tell({.reason = Reason::NotEmpty,
                                            .tasks = kept,
                                            .numbers = {depth.visible, depth.in_flight,
                                                        depth.delayed, context.desired()}});
  }
  const Duration empty_for = since(context.past.empty_since.value_or(context.at), context.at);
  const std::int64_t observations =
      saturating_add(context.past.empty_since ? context.state.empty_observations : 0, 1);
  context.idle_confirmed =
      empty_for >= policy->scale_down_threshold && observations >= policy->zero_confirmations;
  return context.tell(
      {.reason = context.idle_confirmed ? Reason::IdleConfirmed : Reason::IdleUnconfirmed,
       .tasks = context.idle_confirmed ? 0 : kept,
       .numbers = {empty_for.count(), observations, policy->scale_down_threshold.count(),
                   policy->zero_confirmations, context.desired()}});
}

std::int64_t partial(Context& context, std::int64_t proposal) {
  const Backlog& backlog = context.backlog;
  if (backlog.unreadable == 0) {
    return backlog.gone == 0
               ? proposal
               : context.tell({.reason = Reason::QueueGoneForLong,
                               .tasks = proposal,
                               .numbers = {backlog.gone, backlog.readable, kGoneForLong.count()}});
  }
  const bool gone = backlog.gone - backlog.forgiven == backlog.unreadable;
  return context.tell({.reason = gone ? Reason::QueueGone : Reason::QueueUnreadable,
                       .tasks = std::max(proposal, context.desired()),
                       .numbers = {backlog.unreadable, backlog.unreadable + backlog.readable,
                                   kGoneForLong.count()}});
}

}  // namespace scaler
