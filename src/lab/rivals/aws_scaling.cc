#include "lab/rivals/aws_scaling.h"

#include <algorithm>

#include "lab/rivals/formulas.h"

namespace scaler::rivals {
namespace {

constexpr Duration kCooldown = std::chrono::seconds(300);
constexpr std::size_t kDatapointsKept = 15;
constexpr std::size_t kDatapointsOut = 3;
constexpr std::size_t kDatapointsIn = 15;
constexpr double kScaleInShare = 0.9;
constexpr std::size_t kStepDatapointsOut = 1;
constexpr std::size_t kStepDatapointsIn = 5;
constexpr double kStepInShare = 0.5;

bool cooling(const std::optional<Instant>& since, Instant now) {
  return since && now - *since < kCooldown;
}

}  // namespace

void MinuteMetric::act(sim::Stage& stage) {
  const Instant now = next_;
  next_ = now + kPeriod;
  const world::Service& service = stage.target();
  const std::int64_t desired = service.desired();
  if (const world::Queue* queue = stage.queue(); queue != nullptr && service.running() > 0) {
    const QueueDepth depth = queue->approximate_depth(now);
    under_way_.push_back(
        {.at = now,
         .value = static_cast<double>(depth.visible) / static_cast<double>(service.running())});
  }
  while (!under_way_.empty() && now - under_way_.front().at >= kDelay) {
    datapoints_.push_back(under_way_.front().value);
    under_way_.pop_front();
  }
  while (datapoints_.size() > kDatapointsKept) {
    datapoints_.pop_front();
  }
  const std::int64_t wanted =
      std::clamp(desired < kTasksMin ? kTasksMin : evaluate(desired, now, datapoints_), kTasksMin,
                 settings_.tasks_max);
  if (wanted != desired) {
    const DesiredCount change{.service = stage.service, .desired = wanted};
    (void)stage.scaler.set_desired({&change, 1}, Deadline::max());
  }
}

std::int64_t TargetTracking::evaluate(std::int64_t desired, Instant now,
                                      const std::deque<double>& datapoints) {
  const auto target = static_cast<double>(settings().backlog_per_task);
  if (all_above(datapoints, kDatapointsOut, target)) {
    // During the cooldown a larger scale-out counts from where that one began.
    const bool again = cooling(out_at_, now);
    const std::int64_t wanted = tracked(again ? out_from_ : desired, datapoints.back(), target);
    if (wanted <= desired) {
      return desired;
    }
    out_from_ = again ? out_from_ : desired;
    out_at_ = now;
    return wanted;
  }
  if (all_below(datapoints, kDatapointsIn, kScaleInShare * target) && !cooling(in_at_, now) &&
      !cooling(out_at_, now)) {
    const std::int64_t wanted = std::max(kTasksMin, tracked(desired, datapoints.back(), target));
    if (wanted < desired) {
      in_at_ = now;
      return wanted;
    }
  }
  return desired;
}

std::int64_t StepScaling::evaluate(std::int64_t desired, Instant now,
                                   const std::deque<double>& datapoints) {
  const auto target = static_cast<double>(settings().backlog_per_task);
  if (all_above(datapoints, kStepDatapointsOut, target)) {
    // During the cooldown of a scale-out a larger step counts from where that one began.
    const bool again = cooling(changed_at_, now) && changed_from_ < desired;
    const std::int64_t wanted =
        stepped_out(again ? changed_from_ : desired, datapoints.back(), target);
    if (wanted <= desired) {
      return desired;
    }
    changed_from_ = again ? changed_from_ : desired;
    changed_at_ = now;
    return wanted;
  }
  if (all_below(datapoints, kStepDatapointsIn, kStepInShare * target) &&
      !cooling(changed_at_, now) && desired > kTasksMin) {
    changed_from_ = desired;
    changed_at_ = now;
    return stepped_in(desired);
  }
  return desired;
}

}  // namespace scaler::rivals
