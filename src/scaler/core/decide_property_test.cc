// What must hold for every policy, state and history. A failure prints the seed that repeats it.

#include <algorithm>
#include <limits>
#include <span>

#include <gtest/gtest.h>

#include "ground/base/random.h"
#include "scaler/core/arithmetic.h"
#include "scaler/core/reasons.h"
#include "scaler/core/rules.h"
#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using testing::kNoon;

constexpr int kHistories = 20'000;
constexpr int kPasses = 30;
constexpr std::int64_t kLargestCount = std::numeric_limits<std::int64_t>::max();

bool chance(Random& random, std::int64_t one_in) {
  return random.between(1, one_in) == 1;
}

Duration seconds(Random& random, std::int64_t max) {
  return chance(random, 2) ? Duration::zero() : std::chrono::seconds(random.between(0, max));
}

Budget random_budget(Random& random) {
  Budget budget{.select = static_cast<BudgetSelect>(random.between(0, 7) % 3)};
  for (std::int64_t i = random.between(0, 2); i > 0; --i) {
    const bool tasks = chance(random, 2);
    budget.limits.push_back({.unit = tasks ? BudgetLimit::Unit::Tasks : BudgetLimit::Unit::Percent,
                             .amount = tasks ? random.between(1, 20) : random.between(1, 300),
                             .period = std::chrono::seconds(random.between(1, 300))});
  }
  if (budget.select == BudgetSelect::Disabled && !chance(random, 3)) {
    budget.select = BudgetSelect::Max;
  }
  return budget;
}

std::vector<ScheduleOptions> random_schedules(Random& random) {
  std::vector<ScheduleOptions> schedules;
  for (std::int64_t i = random.between(-3, 2); i > 0; --i) {
    schedules.push_back({.cron = chance(random, 2) ? "*/10 * * * *" : "5 12 * * 1",
                         .duration = std::chrono::minutes(random.between(1, 12)),
                         .time_zone = "UTC",
                         .tasks_min = random.between(0, 8)});
    if (chance(random, 2)) {
      schedules.back().tasks_max = random.between(8, 30);
    }
  }
  return schedules;
}

PolicyOptions random_need(Random& random) {
  return {.mode = static_cast<Mode>(random.between(0, 2)),
          .scale_up_target = random.between(1, 20),
          .backlog_per_task = random.between(1, 50),
          .target_latency = std::chrono::seconds(random.between(1, 100)),
          .seconds_per_message = Millionths{random.between(1, 20'000'000)},
          .concurrency_per_task = random.between(1, 4),
          .count_in_flight = !chance(random, 4),
          .count_delayed = chance(random, 2),
          .combine = static_cast<Combine>(random.between(0, 1)),
          .activation_backlog = random.between(1, 3)};
}

/// Every field of a policy.
PolicyOptions random_options(Random& random) {
  PolicyOptions options = random_need(random);
  options.tasks_min = random.between(0, 2);
  options.scale_down_threshold = std::chrono::seconds(random.between(0, 180));
  options.zero_confirmations = random.between(1, 4);
  options.tolerance = Millionths{chance(random, 2) ? 0 : random.between(0, 500'000)};
  options.scale_in_window = seconds(random, 300);
  options.scale_out_window = seconds(random, 120);
  options.scale_in_cooldown = seconds(random, 120);
  options.scale_out_cooldown = seconds(random, 120);
  options.scale_in_when = static_cast<ScaleInWhen>(random.between(0, 2));
  options.busy_window = chance(random, 2) ? options.busy_window : seconds(random, 120);
  options.deployment_hold = seconds(random, 300);
  options.scale_out_budget = random_budget(random);
  options.scale_in_budget = random_budget(random);
  options.schedules = random_schedules(random);
  options.failures_before_fallback = random.between(1, 4);
  options.shortage_after = seconds(random, 120);
  options.hold_on_shortage = chance(random, 2);
  options.manual_hold = seconds(random, 600);
  options.paused = chance(random, 20);
  options.scale_in_paused = chance(random, 20);
  options.scale_out_paused = chance(random, 20);
  if (chance(random, 2)) {
    options.tasks_max = random.between(8, 30);
  } else {
    options.tasks_min = std::min(options.tasks_min, options.scale_up_target);
  }
  if (chance(random, 2)) {
    options.fallback_tasks = random.between(0, 10);
  }
  return options;
}

std::int64_t random_count(Random& random) {
  switch (random.between(0, 9)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return 0;
    case 4:
      return kLargestCount - random.between(0, 2);
    default:
      return random.between(0, 300);
  }
}

Observation random_observation(Random& random, std::int64_t desired, Instant at) {
  Observation observation{.at = at, .service = testing::tasks(desired)};
  const std::int64_t queues = random.between(1, 3);
  const bool empty = random.between(0, 2) == 0;
  for (std::int64_t i = 0; i < queues; ++i) {
    if (random.between(0, 7) == 0) {
      const ErrorKind kind = chance(random, 3) ? ErrorKind::NotFound : ErrorKind::Throttled;
      observation.queues.emplace_back(fail(kind, "cannot be read"));
    } else if (empty) {
      observation.queues.emplace_back(QueueDepth{});
    } else {
      observation.queues.emplace_back(QueueDepth{.visible = random_count(random),
                                                 .in_flight = random_count(random),
                                                 .delayed = random_count(random)});
    }
  }
  for (std::int64_t i = chance(random, 4) ? queues : 0; i > 0; --i) {
    observation.weights.push_back({random.between(1'000, 5'000'000)});
  }
  observation.delivered = chance(random, 6) ? random.between(1, 10) : 0;
  ServiceObservation& service = observation.service;
  service.deploying = chance(random, 10);
  service.protected_tasks = chance(random, 4) ? random.between(0, 9) : 0;
  service.running = chance(random, 4) ? random.between(0, desired + 2) : desired;
  service.status = chance(random, 40) ? ServiceStatus::Draining : ServiceStatus::Active;
  return observation;
}

struct Moment {
  const Policy& policy;
  const ServiceState& state;
  const Observation& seen;
  const Decision& decision;
};

/// Queues that every look has missed for long are known to hold nothing.
bool fully_read(const Moment& moment) {
  std::int64_t gone = 0;
  for (const auto& queue : moment.seen.queues) {
    if (!queue && queue.error().kind != ErrorKind::NotFound) {
      return false;
    }
    gone += queue ? 0 : 1;
  }
  const auto& before = moment.state.gone;
  return gone == 0 || (before && before->queues >= gone &&
                       since(before->since, moment.seen.at) >= std::chrono::minutes(15));
}

bool lowered(const Moment& moment) {
  return moment.decision.desired < moment.seen.service.desired;
}

Past past(const Moment& moment) {
  return past_of(moment.state, moment.seen.at, moment.seen.look_every);
}

void check_knowledge(const Moment& moment) {
  if (!lowered(moment)) {
    return;
  }
  EXPECT_TRUE(fully_read(moment)) << "scaled in on partial knowledge";
  EXPECT_TRUE(past(moment).known) << "scaled in on an absent state";
  EXPECT_TRUE(past(moment).continuous || moment.policy.scale_in_window() == Duration::zero())
      << "scaled in on looks that are too old";
  EXPECT_EQ(moment.seen.delivered > 0 && moment.policy->mode == Mode::Fixed, false)
      << "a fixed target lowered the count though messages came";
  const bool held = moment.seen.service.deploying && !moment.decision.empty &&
                    since(moment.state.deploying_since.value_or(moment.seen.at), moment.seen.at) <
                        moment.policy->deployment_hold;
  EXPECT_FALSE(held) << "scaled in within a deployment";
}

void check_busy(const Moment& moment) {
  std::int64_t in_flight = 0;
  for (const auto& queue : moment.seen.queues) {
    in_flight = saturating_add(in_flight, queue ? queue->in_flight : 0);
  }
  const std::int64_t desired = moment.seen.service.desired;
  if (moment.decision.desired >= desired) {
    return;
  }
  EXPECT_GE(moment.decision.desired, std::min(desired, moment.seen.service.protected_tasks))
      << "stopped a protected task";
  EXPECT_FALSE(in_flight > 0 && moment.policy->scale_in_when == ScaleInWhen::Idle)
      << "stopped a task that may be working";
  EXPECT_GE(moment.decision.desired,
            std::min(desired, divide_rounding_up(in_flight, moment.policy->concurrency_per_task)));
}

bool left_alone(const Moment& moment) {
  return moment.seen.service.status != ServiceStatus::Active;
}

bool overridden(const Moment& moment) {
  return std::ranges::any_of(moment.decision.steps, [](const Step& step) {
    return rule_of(step.reason) == Rule::Override;
  });
}

void check_bounds(const Moment& moment) {
  const Bounds bounds = moment.policy.bounds_at(moment.seen.at);
  const std::int64_t desired = moment.seen.service.desired;
  EXPECT_LE(bounds.tasks_min, bounds.tasks_max);
  EXPECT_LE(moment.decision.desired, std::max(bounds.tasks_max, desired));
  if (!moment.decision.blind && !left_alone(moment) && !overridden(moment)) {
    EXPECT_GE(moment.decision.desired, bounds.tasks_min);
  }
  if (left_alone(moment)) {
    EXPECT_EQ(moment.decision.desired, desired) << "touched a service that is not ACTIVE";
  }
}

void check_numbers(const Moment& moment) {
  for (const Step& step : moment.decision.steps) {
    const std::span unnamed = std::span(step.numbers).subspan(entry_of(step.reason).numbers.size);
    EXPECT_TRUE(std::ranges::all_of(unnamed, [](std::int64_t number) { return number == 0; }))
        << "a number without a meaning: " << explain(step);
  }
}

void check_window(const Moment& moment) {
  const Duration window = moment.policy.scale_in_window();
  const std::int64_t desired = moment.seen.service.desired;
  if (!lowered(moment) || window == Duration::zero()) {
    return;
  }
  const std::int64_t max = moment.policy.bounds_at(moment.seen.at).tasks_max;
  EXPECT_TRUE(!moment.state.recommendations.empty() || past(moment).empty_since ||
              moment.decision.desired >= max)
      << "scaled in before one window had been seen";
  for (const TasksAt& need : moment.state.recommendations) {
    const Duration age = since(need.at, moment.seen.at);
    if (age < window) {
      EXPECT_GE(moment.decision.desired, std::min({need.tasks, desired, max}))
          << "scaled in below a need within the window";
    }
    if (age < moment.policy->busy_window) {
      EXPECT_GE(moment.decision.desired, std::min(need.tasks, desired))
          << "scaled in below what was busy a moment ago";
    }
  }
}

void check_idle(const Moment& moment) {
  if (moment.decision.desired > 0 || moment.seen.service.desired == 0) {
    return;
  }
  ASSERT_TRUE(moment.decision.empty) << "went to zero with messages about";
  const Instant since = past(moment).empty_since.value_or(moment.seen.at);
  EXPECT_GE(moment.seen.at - since, moment.policy->scale_down_threshold);
  EXPECT_GE(moment.state.empty_observations + 1, moment.policy->zero_confirmations);
}

void check_wake(const Moment& moment) {
  const Policy& policy = moment.policy;
  const std::int64_t counted = count_backlog(policy, moment.seen).counted;
  if (moment.decision.stray && !moment.state.stray_since) {
    return;  // Messages in flight alone need a second look.
  }
  const bool forbidden = policy->paused || policy->scale_out_paused || left_alone(moment) ||
                         policy->scale_out_budget.select == BudgetSelect::Disabled;
  if (moment.seen.service.desired == 0 && counted >= policy->activation_backlog && !forbidden) {
    EXPECT_GE(moment.decision.desired, 1) << "a backlog and nobody works";
  }
}

void check_idempotent(const Moment& moment) {
  if (moment.decision.blind || moment.decision.empty || moment.decision.stray ||
      moment.decision.gone > 0 || !past(moment).continuous ||
      past(moment).gap >= moment.policy->busy_window) {
    return;  // A second look is new knowledge there: it counts towards fallback and zero.
  }
  const auto below_activation = [](const Step& step) {
    return step.reason == Reason::BelowActivation;
  };
  if (moment.decision.desired > 0 && std::ranges::any_of(moment.decision.steps, below_activation)) {
    return;  // Only the minimum was started; once tasks run, activation no longer matters.
  }
  Observation after = moment.seen;
  after.service.desired = moment.decision.desired;
  const Outcome outcome = moment.decision.action == Action::Hold ? Outcome::Held : Outcome::Applied;
  const ServiceState next = advance(moment.state, moment.policy, moment.decision, outcome);
  EXPECT_EQ(decide(moment.policy, next, after).desired, moment.decision.desired)
      << "decided otherwise on its own result: " << testing::rules_of(moment.decision) << " of "
      << moment.seen.service.desired << ", then "
      << testing::rules_of(decide(moment.policy, next, after));
}

/// One more message of any kind never means fewer tasks, and one less never more.
void check_monotone(const Moment& moment) {
  for (const auto member : {&QueueDepth::visible, &QueueDepth::in_flight, &QueueDepth::delayed}) {
    for (std::size_t i = 0; i < moment.seen.queues.size(); ++i) {
      Observation other = moment.seen;
      if (!other.queues[i] || other.queues[i].value().*member == kLargestCount) {
        continue;
      }
      std::int64_t& count = other.queues[i].value().*member;
      count += 1;
      EXPECT_GE(decide(moment.policy, moment.state, other).desired, moment.decision.desired)
          << "one more message, fewer tasks";
      count = std::max<std::int64_t>(count - 2, 0);
      EXPECT_LE(decide(moment.policy, moment.state, other).desired, moment.decision.desired)
          << "one less message, more tasks";
    }
  }
}

void check_notes(const Moment& moment) {
  ASSERT_GT(moment.decision.steps.size(), 0U);
  ASSERT_LT(moment.decision.steps.size(), Steps::kCapacity);
  EXPECT_EQ(moment.decision.steps.back().tasks, moment.decision.desired);
}

void run_history(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  Result<Policy> created = Policy::create(random_options(random));
  while (!created) {  // Now and then the bounds of a schedule cross the policy's own.
    created = Policy::create(random_options(random));
  }
  const Policy& policy = *created;
  ServiceState state;
  std::int64_t desired = random.between(0, 8);
  Instant at = kNoon;
  for (int i = 0; i < kPasses && !::testing::Test::HasFailure(); ++i) {
    at += std::chrono::seconds(random.between(-5, 60));
    const Observation seen = random_observation(random, desired, at);
    const Decision decision = decide(policy, state, seen);
    const Moment moment{.policy = policy, .state = state, .seen = seen, .decision = decision};
    check_knowledge(moment);
    check_busy(moment);
    check_bounds(moment);
    check_numbers(moment);
    check_idle(moment);
    check_wake(moment);
    check_idempotent(moment);
    check_monotone(moment);
    check_window(moment);
    check_notes(moment);
    const bool works = random.between(0, 9) > 0;
    const Outcome outcome = decision.action == Action::Hold ? Outcome::Held
                            : works                         ? Outcome::Applied
                                                            : Outcome::Failed;
    state = advance(state, policy, decision, outcome);
    desired = outcome == Outcome::Applied ? decision.desired : desired;
    if (random.between(0, 19) == 0) {
      desired = random.between(0, 40);  // Somebody else's hand.
    }
  }
}

/// The histories in parts, which run side by side.
class DecideProperty : public ::testing::TestWithParam<int> {};

constexpr int kParts = 5;

TEST_P(DecideProperty, HoldsOverRandomHistories) {
  for (int i = 0; i < kHistories / kParts && !HasFailure(); ++i) {
    run_history(static_cast<std::uint64_t>(i * kParts + GetParam()) + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Parts, DecideProperty, ::testing::Range(0, kParts));

}  // namespace
}  // namespace scaler
