#pragma once
// KEDA with the HPA that it makes, all defaults: KEDA polls every 30 s and brings the deployment
// from zero to one and, after 300 s without a message, back; in between the HPA decides every 15 s.
// Sources: https://keda.sh/docs/latest/scalers/aws-sqs/ (queueLength 5, visible + in flight),
// https://keda.sh/docs/latest/reference/scaledobject-spec/ (30 s, 300 s), and the HPA's page.

#include <algorithm>
#include <deque>
#include <optional>

#include "lab/rivals/rivals.h"

namespace scaler::rivals {

/// HPA: tolerance 0.1; up at most +4 pods or +100 % in 15 s; down to the highest recommendation of
/// the last 300 s. Source:
/// https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
class Keda final : public sim::Scaler {
 public:
  explicit Keda(const RivalSettings& settings)
      : tasks_max_(settings.tasks_max), next_poll_(settings.begin), next_sync_(settings.begin) {}
  std::optional<Instant> next_wake() const override { return std::min(next_poll_, next_sync_); }
  void act(sim::Stage& stage) override;

  static constexpr std::int64_t kQueueLength = 5;
  static constexpr Duration kPollingInterval = std::chrono::seconds(30);
  static constexpr Duration kCooldown = std::chrono::seconds(300);
  static constexpr Duration kSyncPeriod = std::chrono::seconds(15);
  static constexpr Duration kDownStabilization = std::chrono::seconds(300);

 private:
  std::int64_t poll(Instant now, std::int64_t messages, std::int64_t replicas);
  std::int64_t sync(Instant now, std::int64_t messages, std::int64_t replicas);

  struct Recommended {
    Instant at = {};
    std::int64_t replicas = 0;
  };
  std::int64_t tasks_max_;
  Instant next_poll_;
  Instant next_sync_;
  std::optional<Instant> active_at_ = {};
  std::int64_t replicas_a_period_ago_ = 0;
  std::deque<Recommended> recommendations_ = {};
};

}  // namespace scaler::rivals
