#include "fuzz.h"
#include "scaler/core/decide.h"
#include "wire/policy.h"

namespace scaler::fuzz {

// Whatever policy is accepted, it decides within its bounds.
FUZZ(policy) {
  const auto document = json::parse(bytes);
  if (!document) {
    return;
  }
  const auto policy = read_policy(json::Reader(*document));
  check_short(policy);
  if (!policy) {
    return;
  }
  const Instant noon = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);
  for (const std::int64_t visible : {0LL, 1LL, 1'000'000'000'000LL}) {
    const Observation seen{.at = noon,
                           .queues = {QueueDepth{.visible = visible, .in_flight = visible}},
                           .service = {.desired = 3, .running = 3}};
    const Decision decision = decide(*policy, {}, seen);
    CHECK(decision.desired >= 0 && decision.desired <= kTasksLimit);
  }
}

}  // namespace scaler::fuzz
