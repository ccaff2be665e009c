// What must hold for every policy, state and history. A failure prints the seed that repeats it.

#include <algorithm>
#include <limits>

#include <gtest/gtest.h>

#include "base/random.h"
#include "core/arithmetic.h"
#include "core/test_support.h"

namespace scaler {
namespace {

using testing::kNoon;

constexpr int kHistories = 10'000;
constexpr int kPasses = 30;
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

PolicyOptions random_options(Random& random) {
  PolicyOptions options{
      .mode = random.between(0, 1) == 0 ? Mode::Fixed : Mode::Backlog,
      .scale_up_target = random.between(1, 20),
      .backlog_per_task = random.between(1, 50),
      .concurrency_per_task = random.between(1, 4),
      .count_in_flight = random.between(0, 3) > 0,
      .count_delayed = random.between(0, 1) == 1,
      .activation_backlog = random.between(1, 3),
      .tasks_min = random.between(0, 2),
      .scale_down_threshold = std::chrono::seconds(random.between(0, 180)),
      .zero_confirmations = random.between(1, 4),
      .scale_in_cooldown = std::chrono::seconds(random.between(0, 120)),
      .scale_out_cooldown = std::chrono::seconds(random.between(0, 120)),
      .scale_in_when = random.between(0, 2) > 0 ? ScaleInWhen::Idle : ScaleInWhen::Any,
      .failures_before_fallback = random.between(1, 4)};
  if (random.between(0, 1) == 1) {
    options.tasks_max = random.between(2, 30);
  } else {
    options.tasks_min = std::min(options.tasks_min, options.scale_up_target);
  }
  if (random.between(0, 1) == 1) {
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
      return kMax - random.between(0, 2);
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
      observation.queues.emplace_back(fail(ErrorKind::Throttled, "slow down"));
    } else if (empty) {
      observation.queues.emplace_back(QueueDepth{});
    } else {
      observation.queues.emplace_back(QueueDepth{.visible = random_count(random),
                                                 .in_flight = random_count(random),
                                                 .delayed = random_count(random)});
    }
  }
  observation.service.deploying = random.between(0, 9) == 0;
  return observation;
}

struct Moment {
  const Policy& policy;
  const ServiceState& state;
  const Observation& seen;
  const Decision& decision;
};

bool fully_read(const Observation& seen) {
  return std::ranges::all_of(seen.queues, [](const auto& queue) { return queue.has_value(); });
}

void check_knowledge(const Moment& moment) {
  const bool lowered = moment.decision.desired < moment.seen.service.desired;
  EXPECT_FALSE(lowered && !fully_read(moment.seen)) << "scaled in on partial knowledge";
  EXPECT_FALSE(lowered && moment.seen.service.deploying) << "scaled in within a deployment";
}

void check_busy(const Moment& moment) {
  std::int64_t in_flight = 0;
  for (const auto& queue : moment.seen.queues) {
    in_flight = saturating_add(in_flight, queue ? queue->in_flight : 0);
  }
  const std::int64_t desired = moment.seen.service.desired;
  if (moment.decision.desired >= desired || in_flight == 0) {
    return;
  }
  EXPECT_EQ(moment.policy->scale_in_when, ScaleInWhen::Any) << "stopped a task that may be working";
  EXPECT_GE(moment.decision.desired,
            std::min(desired, divide_rounding_up(in_flight, moment.policy->concurrency_per_task)));
}

void check_bounds(const Moment& moment) {
  const std::int64_t max = moment.policy.tasks_max();
  const std::int64_t desired = moment.seen.service.desired;
  EXPECT_LE(moment.decision.desired, std::max(max, desired));
  if (!moment.decision.blind) {
    EXPECT_GE(moment.decision.desired, std::min(moment.policy->tasks_min, max));
  }
}

void check_idle(const Moment& moment) {
  if (moment.decision.desired > 0 || moment.seen.service.desired == 0) {
    return;
  }
  ASSERT_TRUE(moment.decision.empty) << "went to zero with messages about";
  const Instant since = std::min(moment.state.empty_since.value_or(moment.seen.at), moment.seen.at);
  EXPECT_GE(moment.seen.at - since, moment.policy->scale_down_threshold);
  EXPECT_GE(moment.state.empty_observations + 1, moment.policy->zero_confirmations);
}

void check_wake(const Moment& moment) {
  std::int64_t counted = 0;
  for (const auto& queue : moment.seen.queues) {
    counted = saturating_add(counted, queue ? queue->visible : 0);
  }
  if (moment.seen.service.desired == 0 && counted >= moment.policy->activation_backlog) {
    EXPECT_GE(moment.decision.desired, 1) << "a backlog and nobody works";
  }
}

void check_idempotent(const Moment& moment) {
  Observation after = moment.seen;
  after.service.desired = moment.decision.desired;
  const Outcome outcome = moment.decision.action == Action::Hold ? Outcome::Held : Outcome::Applied;
  const ServiceState next = advance(moment.state, moment.policy, moment.decision, outcome);
  if (moment.decision.blind || moment.policy->zero_confirmations > 1) {
    return;  // A second look is new knowledge there: it counts towards fallback and zero.
  }
  const Decision again = decide(moment.policy, next, after);
  const bool woke_in_cooldown = moment.seen.service.desired == 0 && moment.decision.desired == 1;
  if (!woke_in_cooldown && moment.policy->scale_out_cooldown == Duration::zero()) {
    EXPECT_EQ(again.desired, moment.decision.desired) << "decided otherwise on its own result";
  }
}

// An empty queue is no small backlog: until it is confirmed it holds the count, where one message
// would already allow a scale-in.
void check_monotone(const Moment& moment) {
  if (moment.decision.demand == 0) {
    return;
  }
  Observation more = moment.seen;
  for (auto& queue : more.queues) {
    if (queue) {
      queue->visible = saturating_add(queue->visible, 7);
    }
  }
  EXPECT_GE(decide(moment.policy, moment.state, more).desired, moment.decision.desired)
      << "more backlog, fewer tasks";
}

void run_history(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const Policy policy = Policy::create(random_options(random)).value();
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
    check_idle(moment);
    check_wake(moment);
    check_idempotent(moment);
    check_monotone(moment);
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

TEST(DecideProperty, HoldsOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= kHistories && !HasFailure(); ++seed) {
    run_history(seed);
  }
}

}  // namespace
}  // namespace scaler
