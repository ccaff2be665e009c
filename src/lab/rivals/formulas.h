#pragma once
// The rivals' arithmetic, without time or world.

#include <cstdint>
#include <deque>

namespace scaler::rivals {

/// ceil(a / b) for a >= 0, b > 0.
std::int64_t ceil_div(std::int64_t a, std::int64_t b);

/// Target tracking: capacity in proportion to metric / target, rounded up.
/// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/
///         target-tracking-scaling-policy-overview.html
std::int64_t tracked(std::int64_t capacity, double metric, double target);

/// Whether the latest `count` datapoints all stand on one side of the threshold.
bool all_above(const std::deque<double>& datapoints, std::size_t count, double threshold);
bool all_below(const std::deque<double>& datapoints, std::size_t count, double threshold);

/// Step scaling on backlog per task, PercentChangeInCapacity with MinAdjustmentMagnitude 1: above
/// the threshold +25 %, from twice as much +100 %, from four times as much +300 %.
std::int64_t stepped_out(std::int64_t capacity, double metric, double threshold);
/// -25 %, at least one task.
std::int64_t stepped_in(std::int64_t capacity);

/// HPA with an AverageValue target: no change while the ratio is within the tolerance of 0.1.
/// Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
std::int64_t hpa_recommendation(std::int64_t replicas, std::int64_t messages,
                                std::int64_t per_replica);
/// HPA's default scale-up policies within 15 s: the larger of +4 pods and +100 %.
std::int64_t hpa_scale_up_limit(std::int64_t replicas_a_period_ago);

}  // namespace scaler::rivals
