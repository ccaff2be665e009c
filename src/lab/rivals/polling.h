#pragma once
// Scalers that look at the queue itself: the Python original, and polling every 10 s as
// buildkite-agent-scaler does.

#include <optional>

#include "lab/rivals/rivals.h"

namespace scaler::rivals {

/// The Python program of this project's name, faults included: every minute it looks at visible
/// messages and *running* tasks only; any visible one -> the fixed target, none -> zero at once,
/// whatever is in flight (SCALE_DOWN_THRESHOLD is read but never used). With its SQS trigger, which
/// its serverless.yml turns on with a batch size of 1, Lambda also takes messages out of the job
/// queue, and each one that it handles is deleted: lost for the workers.
/// Source: https://github.com/tonystark101-debug/Serverless_ECS_Scaler (src/scaler.py,
///         serverless.yml); Lambda starts with five pollers:
///         https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
class PythonOriginal final : public sim::Scaler {
 public:
  PythonOriginal(const RivalSettings& settings, bool sqs_trigger)
      : target_(settings.fixed_tasks), next_schedule_(settings.begin), sqs_trigger_(sqs_trigger) {}
  std::optional<Instant> next_wake() const override;
  void act(sim::Stage& stage) override;
  void arrived(Instant at) override;

  static constexpr Duration kSchedule = std::chrono::minutes(1);
  static constexpr std::int64_t kPollers = 5;
  /// From a message to the end of the function that it started.
  static constexpr Duration kInvocation = std::chrono::milliseconds(300);

 private:
  void scheduled(sim::Stage& stage);
  void triggered(sim::Stage& stage);

  std::int64_t target_;
  Instant next_schedule_;
  bool sqs_trigger_;
  std::optional<Instant> next_trigger_ = {};
};

/// Every 10 s the desired count is set to exactly what is needed: one task for each job that waits
/// or runs, out and in, without cooldown (the defaults outside the Elastic CI Stack).
/// Source: https://github.com/buildkite/buildkite-agent-scaler (README.md, lambda/main.go:
///         LAMBDA_INTERVAL 10 s, cooldowns 0, AGENTS_PER_INSTANCE as 1)
class TenSecondPolling final : public sim::Scaler {
 public:
  explicit TenSecondPolling(const RivalSettings& settings)
      : tasks_max_(settings.tasks_max), next_(settings.begin) {}
  std::optional<Instant> next_wake() const override { return next_; }
  void act(sim::Stage& stage) override;

  static constexpr Duration kInterval = std::chrono::seconds(10);

 private:
  std::int64_t tasks_max_;
  Instant next_;
};

}  // namespace scaler::rivals
