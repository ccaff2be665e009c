// The rules that set the pace: how soon, how far and how often the count may change.
#include <algorithm>

#include "scaler/core/rules.h"

namespace scaler {
namespace {

/// What the demand is before it is rounded up to whole tasks, in millionths of a task.
std::int64_t exact_demand(const Context& context, std::int64_t proposal) {
  const std::int64_t rounded = std::min(proposal, kMessagesLimit) * Millionths::kOne;
  if (context.policy->mode == Mode::Fixed) {
    return rounded;
  }
  const auto& [messages, tasks] = context.policy.messages_per_task();
  const std::int64_t exact =
      scale_rounding_up(context.backlog.counted, tasks * Millionths::kOne, messages);
  return std::min(rounded, exact);
}

std::int64_t stabilized_out(Context& context, std::int64_t proposal) {
  const Duration window = context.policy->scale_out_window;
  const Envelope found = envelope(context, window);
  if (!found.any || found.lowest.tasks >= proposal) {
    return proposal;
  }
  return context.tell({.reason = Reason::LowerNeedInWindow,
                       .tasks = std::max(found.lowest.tasks, context.desired()),
                       .numbers = {found.lowest.tasks, since(found.lowest.at, context.at).count(),
                                   window.count()}});
}

std::int64_t stabilized_in(Context& context, std::int64_t proposal) {
  const Duration window = context.policy.scale_in_window();
  const auto hold = [&context](Reason reason, Duration first, Duration second) {
    return context.tell(
        {.reason = reason, .tasks = context.desired(), .numbers = {first.count(), second.count()}});
  };
  if (!context.past.known) {
    return hold(Reason::NothingKnown, {}, {});
  }
  if (!context.past.continuous && window > Duration::zero()) {
    return hold(Reason::OldLooks, context.past.gap, longest_gap(context.decision.look_every));
  }
  if (!window_known(context, window)) {
    return hold(Reason::NothingKnownInWindow, window, {});
  }
  const Envelope found = envelope(context, std::max(window, busy_window(context)));
  const std::int64_t highest = std::min(found.highest.tasks, context.desired());
  if (highest <= proposal || highest <= busy_floor(context)) {
    return proposal;  // What is busy now says so itself, and holds as much.
  }
  return context.tell({.reason = Reason::HigherNeedInWindow,
                       .tasks = std::min(found.highest.tasks, context.desired()),
                       .numbers = {found.highest.tasks, since(found.highest.at, context.at).count(),
                                   window.count()}});
}

/// The count at the start of the period: without what this program has changed since.
std::int64_t count_at_start(const Context& context, Duration period) {
  std::int64_t count = context.desired();
  for (const TasksAt& change : context.state.changes) {
    if (since(change.at, context.at) < period) {
      count -= change.tasks;
    }
  }
  return std::max<std::int64_t>(count, 0);
}

/// How far one limit lets the count go. Out rounds up and in rounds towards fewer tasks, so that a
/// small percentage never comes to nothing (HPA).
std::int64_t reach(const Context& context, const BudgetLimit& limit, bool out) {
  constexpr std::int64_t kWhole = 100;
  const std::int64_t start = count_at_start(context, limit.period);
  if (limit.unit == BudgetLimit::Unit::Tasks) {
    return out ? start + limit.amount : std::max<std::int64_t>(start - limit.amount, 0);
  }
  return out ? divide_rounding_up(start * (kWhole + limit.amount), kWhole)
             : start * std::max<std::int64_t>(kWhole - limit.amount, 0) / kWhole;
}

/// The reach of the limit that decides.
std::int64_t reach(const Context& context, const Budget& budget, bool out) {
  const bool farthest = budget.select == BudgetSelect::Max;
  std::int64_t chosen = reach(context, budget.limits.front(), out);
  for (const BudgetLimit& limit : budget.limits) {
    const std::int64_t other = reach(context, limit, out);
    chosen = farthest == out ? std::max(chosen, other) : std::min(chosen, other);
  }
  return chosen;
}

}  // namespace

Envelope envelope(const Context& context, Duration window) {
  Envelope found;
  if (!context.past.continuous) {
    return found;
  }
  for (const TasksAt& entry : context.state.recommendations) {
    if (since(entry.at, context.at) >= window) {
      continue;
    }
    if (entry.tasks >= found.highest.tasks) {
      found.highest = entry;
    }
    if (!found.any || entry.tasks <= found.lowest.tasks) {
      found.lowest = entry;
    }
    found.any = true;
  }
  return found;
}

Duration busy_window(const Context& context) {
  const Duration window = context.policy->busy_window;
  return window == Duration::zero() ? window : std::max(window, context.past.gap + Duration(1));
}

bool window_known(const Context& context, Duration window) {
  return window == Duration::zero() || context.past.empty_throughout(window, context.at) ||
         (context.past.continuous && !context.state.recommendations.empty());
}

// Out is judged before rounding up, as the HPA does: 52 messages at 5 a task are 10.4 tasks, and
// within a tenth of 10.
std::int64_t tolerance(Context& context, std::int64_t proposal) {
  const std::int64_t desired = context.desired();
  if (context.policy->tolerance.count == 0 || proposal == desired) {
    return proposal;
  }
  const std::int64_t allowed = desired * context.policy->tolerance.count;
  const std::int64_t change = proposal > desired
                                  ? exact_demand(context, proposal) - desired * Millionths::kOne
                                  : (desired - proposal) * Millionths::kOne;
  if (change >= allowed) {
    return proposal;
  }
  return context.tell({.reason = Reason::WithinTolerance,
                       .tasks = desired,
                       .numbers = {change, allowed, proposal}});
}

// From zero there is nothing to keep steady: a backlog that faces no task at all is not delayed.
std::int64_t stabilization(Context& context, std::int64_t proposal) {
  if (proposal < context.desired()) {
    return stabilized_in(context, proposal);
  }
  return proposal > context.desired() && context.desired() > 0 ? stabilized_out(context, proposal)
                                                               : proposal;
}

std::int64_t budget(Context& context, std::int64_t proposal) {
  const std::int64_t desired = context.desired();
  const bool out = proposal > desired;
  const Budget& budget = out ? context.policy->scale_out_budget : context.policy->scale_in_budget;
  if (proposal == desired || (budget.limits.empty() && budget.select != BudgetSelect::Disabled)) {
    return proposal;
  }
  if (budget.select == BudgetSelect::Disabled) {
    return context.tell({.reason = Reason::BudgetDisabled, .tasks = desired});
  }
  const std::int64_t limit = reach(context, budget, out);
  if (out ? proposal <= limit : proposal >= limit) {
    return proposal;
  }
  const bool spent = out ? limit <= desired : limit >= desired;
  if (spent && desired == 0) {
    return context.tell({.reason = Reason::BudgetWake, .tasks = 1, .numbers = {proposal}});
  }
  return context.tell({.reason = spent ? Reason::BudgetSpent : Reason::BudgetLimited,
                       .tasks = spent ? desired : limit,
                       .numbers = {proposal, limit}});
}

std::int64_t cooldown(Context& context, std::int64_t proposal) {
  const std::int64_t desired = context.desired();
  const bool out = proposal > desired;
  if (proposal == desired || desired == 0) {
    return proposal;
  }
  const ServiceState& state = context.state;
  const Duration pause =
      out ? context.policy->scale_out_cooldown : context.policy->scale_in_cooldown;
  const std::optional<Instant> last = out ? state.last_scale_out : state.last_scale_in;
  if (!last || since(*last, context.at) >= pause) {
    return proposal;
  }
  return context.tell({.reason = out ? Reason::CoolingDownOut : Reason::CoolingDownIn,
                       .tasks = desired,
                       .numbers = {since(*last, context.at).count(), pause.count()}});
}

}  // namespace scaler
