#pragma once
// AWS's own scaling on backlog per task: queue length / running tasks, one datapoint a minute,
// which CloudWatch shows a minute late. With no task running there is no datapoint (a division by
// zero), so the service can never leave zero: the minimum is 1. What an alarm starts, AWS repeats a
// minute.

#include <deque>
#include <optional>

#include "lab/rivals/rivals.h"

namespace scaler::rivals {

/// The metric's datapoints and the minute's rhythm; the two policies derive from it.
class MinuteMetric : public sim::Scaler {
 public:
  explicit MinuteMetric(const RivalSettings& settings)
      : settings_(settings), next_(settings.begin) {}
  std::optional<Instant> next_wake() const override { return next_; }
  void act(sim::Stage& stage) override;

  static constexpr Duration kPeriod = std::chrono::minutes(1);
  /// From the end of a period until its datapoint can be seen. AWS documents no figure; a minute is
  /// what the metrics of SQS and Container Insights commonly take.
  static constexpr Duration kDelay = std::chrono::minutes(1);
  static constexpr std::int64_t kTasksMin = 1;

 protected:
  /// The desired count for the datapoints that can be seen, the latest last.
  virtual std::int64_t evaluate(std::int64_t desired, Instant now,
                                const std::deque<double>& datapoints) = 0;
  const RivalSettings& settings() const { return settings_; }

 private:
  struct Measured {
    Instant at = {};
    double value = 0;
  };
  RivalSettings settings_;
  Instant next_;
  std::deque<Measured> under_way_ = {};
  std::deque<double> datapoints_ = {};
};

/// Target tracking: out after 3 datapoints above the target, in after 15 below 90 % of it; cooldown
/// 300 s in each direction, during which a larger scale-out still happens.
/// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/
///         target-tracking-scaling-policy-overview.html,
///         https://docs.aws.amazon.com/AmazonECS/latest/developerguide/
///         service-autoscaling-targettracking.html; the alarms' 3 and 15 datapoints and the 90 %
///         are those of the alarms that AWS creates.
class TargetTracking final : public MinuteMetric {
 public:
  using MinuteMetric::MinuteMetric;

 private:
  std::int64_t evaluate(std::int64_t desired, Instant now,
                        const std::deque<double>& datapoints) override;
  std::optional<Instant> out_at_ = {};
  std::int64_t out_from_ = 0;
  std::optional<Instant> in_at_ = {};
};

/// Step scaling has no defaults but its cooldown of 300 s. The steps here are a careful person's:
/// out after one datapoint above the target (formulas.h), in by a quarter after 5 below half of it.
/// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/
///         step-scaling-policy-overview.html
class StepScaling final : public MinuteMetric {
 public:
  using MinuteMetric::MinuteMetric;

 private:
  std::int64_t evaluate(std::int64_t desired, Instant now,
                        const std::deque<double>& datapoints) override;
  std::optional<Instant> changed_at_ = {};
  std::int64_t changed_from_ = 0;
};

}  // namespace scaler::rivals
