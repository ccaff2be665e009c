#include "lab/rivals/keda.h"

#include <algorithm>

#include "lab/rivals/formulas.h"

namespace scaler::rivals {

void Keda::act(sim::Stage& stage) {
  const Instant now = *next_wake();
  const Look seen = look_at(
      stage.reader, {.service = stage.service, .queue_urls = {stage.queue_url}}, Deadline::max());
  const bool polls = next_poll_ <= now;
  const bool syncs = next_sync_ <= now;
  next_poll_ += polls ? kPollingInterval : Duration(0);
  next_sync_ += syncs ? kSyncPeriod : Duration(0);
  if (!seen.queues.front() || !seen.service) {
    return;  // Neither acts on a metric that it cannot read.
  }
  const std::int64_t messages = seen.queues.front()->visible + seen.queues.front()->in_flight;
  const std::int64_t replicas = seen.service->service.desired;
  std::int64_t wanted = replicas;
  if (polls) {
    wanted = poll(now, messages, wanted);
  }
  if (syncs && wanted > 0) {  // The HPA is disabled while the deployment is at zero.
    wanted = sync(now, messages, wanted);
  }
  wanted = std::min(wanted, tasks_max_);
  if (wanted != replicas) {
    const DesiredCount change{.service = stage.service, .desired = wanted};
    (void)stage.scaler.set_desired({&change, 1}, Deadline::max());
  }
}

std::int64_t Keda::poll(Instant now, std::int64_t messages, std::int64_t replicas) {
  if (messages > 0) {
    active_at_ = now;
    return std::max<std::int64_t>(1, replicas);
  }
  active_at_ = active_at_.value_or(now);
  return now - *active_at_ >= kCooldown ? 0 : replicas;
}

std::int64_t Keda::sync(Instant now, std::int64_t messages, std::int64_t replicas) {
  const std::int64_t wanted =
      std::max<std::int64_t>(1, hpa_recommendation(replicas, messages, kQueueLength));
  recommendations_.push_back({.at = now, .replicas = wanted});
  while (now - recommendations_.front().at > kDownStabilization) {
    recommendations_.pop_front();
  }
  std::int64_t result = wanted;
  if (wanted < replicas) {
    const auto highest =
        std::ranges::max_element(recommendations_, {}, &Recommended::replicas)->replicas;
    result = std::min(replicas, highest);
  } else if (wanted > replicas) {
    const std::int64_t base = std::min(replicas, std::max<std::int64_t>(1, replicas_a_period_ago_));
    result = std::min(wanted, std::max(replicas, hpa_scale_up_limit(base)));
  }
  replicas_a_period_ago_ = replicas;
  return result;
}

}  // namespace scaler::rivals
