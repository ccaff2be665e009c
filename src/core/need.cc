// The rules that find the need: from messages to a wanted count.
#include <algorithm>

#include "core/rules.h"

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

}  // namespace

Backlog count_backlog(const Policy& policy, const Observation& observation) {
  Backlog backlog;
  for (std::size_t i = 0; i < observation.queues.size(); ++i) {
    const Result<QueueDepth>& queue = observation.queues[i];
    if (!queue.has_value()) {
      ++backlog.unreadable;
      continue;
    }
    ++backlog.readable;
    backlog.depth.visible = saturating_add(backlog.depth.visible, queue->visible);
    backlog.depth.in_flight = saturating_add(backlog.depth.in_flight, queue->in_flight);
    backlog.depth.delayed = saturating_add(backlog.depth.delayed, queue->delayed);
    std::int64_t messages = counted(policy, *queue);
    if (i < observation.weights.size()) {
      messages = scale_rounding_up(messages, observation.weights[i].count, Millionths::kOne);
    }
    backlog.counted = policy->combine == Combine::Sum ? saturating_add(backlog.counted, messages)
                                                      : std::max(backlog.counted, messages);
  }
  return backlog;
}

std::int64_t backlog(Context& context) {
  const Backlog& backlog = context.backlog;
  const std::int64_t in_flight = context.policy->count_in_flight ? backlog.depth.in_flight : 0;
  const std::int64_t delayed = context.policy->count_delayed ? backlog.depth.delayed : 0;
  Step step{.rule = Rule::Backlog,
            .numbers = {backlog.depth.visible, in_flight, delayed, backlog.counted}};
  if (backlog.counted == 0) {
    step.reason = Reason::NoBacklog;
  } else if (context.policy->mode == Mode::Fixed) {
    step.reason = Reason::FixedTarget;
    step.tasks = context.policy->scale_up_target;
  } else {
    const auto& [messages, tasks] = context.policy.messages_per_task();
    step.reason = Reason::MessagesPerTask;
    step.numbers[4] = scale_rounding_up(Millionths::kOne, messages, tasks);
    step.tasks = scale_rounding_up(backlog.counted, tasks, messages);
  }
  return context.tell(step);
}

// What is worked on and what comes in each need their tasks: a queue that is kept short by just
// enough workers must not lose them.
std::int64_t arrivals(Context& context, std::int64_t proposal) {
  const auto& seconds = context.policy->seconds_per_message;
  if (context.arrivals.count == 0 || !seconds) {
    return proposal;
  }
  const std::int64_t busy_millionths =
      scale_rounding_up(context.arrivals.count, seconds->count, Millionths::kOne);
  const std::int64_t needed = scale_rounding_up(
      busy_millionths, 1, Millionths::kOne * context.policy->concurrency_per_task);
  if (needed <= proposal) {
    return proposal;
  }
  return context.tell(
      {.rule = Rule::Demand,
       .reason = Reason::ArrivalFloor,
       .tasks = needed,
       .numbers = {context.arrivals.count, seconds->count, context.policy->concurrency_per_task}});
}

std::int64_t activation(Context& context, std::int64_t proposal) {
  if (context.desired() > 0 || proposal == 0) {
    return proposal;
  }
  const std::int64_t threshold = context.policy->activation_backlog;
  const bool activated = context.backlog.counted >= threshold;
  return context.tell({.rule = Rule::Activation,
                       .reason = activated ? Reason::Activated : Reason::BelowActivation,
                       .tasks = activated ? std::max<std::int64_t>(proposal, 1) : 0,
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

}  // namespace scaler
