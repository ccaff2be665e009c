#include "checkup/verify/trigger_checks.h"

#include <array>

#include <fmt/core.h>

namespace scaler::verify {
namespace {

std::int64_t total(const QueueDepth& depth) {
  return depth.visible + depth.in_flight + depth.delayed;
}

constexpr std::array kNames{"trigger manual", "trigger wake", "trigger schedule", "trigger tick",
                            "trigger doorbell"};

}  // namespace

void TriggerChecks::run() {
  if (run_->deployment_.function.empty()) {
    for (const char* name : kNames) {
      run_->skip(name, "no function is named (--function): its configuration is not known");
    }
    return;
  }
  manual();
  run_->watch_.on_look([this](const Sight& sight) {
    if (run_->options_.progress.looked) {
      run_->options_.progress.looked(sight);
    }
    watch_ticks();
  });
  const std::string obstacle = run_->deployment_.wake ? wake_obstacle() : "";
  Cycle cycle{.failure = "not tried, for nothing would wake the service"};
  if (!schedule_dead_) {
    cycle = run_->cycle(1);
  }
  wake(obstacle, cycle);
  schedule(obstacle, cycle);
  ticks();
  doorbell();
  run_->watch_.on_look(run_->options_.progress.looked);
}

void TriggerChecks::manual() {
  run_->add(kNames[0], run_->mishandled_dry_run(), "a call with {\"dry_run\":true} answers");
}

std::string TriggerChecks::wake_obstacle() {
  const Result<MappingSight> mapping = run_->target_->wake_mapping();
  if (!mapping) {
    return mapping.error().message;
  }
  if (!mapping->exists) {
    return "WAKE is true, but the function has no event source mapping on the job queue";
  }
  if (!mapping->reports_failures) {
    return "the event source mapping on the job queue lacks ReportBatchItemFailures, so the "
           "function does not enable it";
  }
  mapping_was_off_ = !mapping->enabled;
  const Result<void> enabled = wait_for_wake_mapping();
  schedule_dead_ = !enabled;
  return enabled ? "" : enabled.error().message;
}

Result<void> TriggerChecks::wait_for_wake_mapping() {
  return run_->watch_.until_true(
      [this]() -> Result<bool> {
        watch_ticks();
        const MappingSight mapping = TRY(run_->target_->wake_mapping());
        return mapping.enabled;
      },
      "the service rests, but no scheduled pass enabled the event source mapping on the job queue "
      "(if the schedule is on, the function's log says why)");
}

void TriggerChecks::wake(const std::string& obstacle, const Cycle& cycle) {
  if (!run_->deployment_.wake) {
    return run_->skip(kNames[1], "not configured (WAKE)");
  }
  if (schedule_dead_) {
    return run_->skip(kNames[1],
                      "the event source mapping was never enabled: see trigger schedule");
  }
  std::string failure = obstacle;
  if (failure.empty() && !cycle.task_running) {
    failure = cycle.failure;
  }
  if (failure.empty() && !cycle.taken_before_tasks) {
    failure = fmt::format(
        "the message was not taken by the event source mapping: it stayed visible until a task was "
        "running, {} after it was sent",
        format_duration(*cycle.task_running - cycle.sent));
  }
  run_->add(kNames[1], failure,
            fmt::format("a message woke the service in {} and was handed back",
                        format_duration(cycle.left_zero.value_or(cycle.sent) - cycle.sent)));
}

void TriggerChecks::schedule(const std::string& obstacle, const Cycle& cycle) {
  const ScalerUnderTest& deployment = run_->deployment_;
  if (deployment.wake && (obstacle.empty() || schedule_dead_)) {
    return run_->add(kNames[2], mapping_not_enabled(obstacle, cycle),
                     "a scheduled pass enabled the event source mapping once the service rested");
  }
  if (!deployment.tick_queue_url.empty()) {
    return schedule_sends_ticks();
  }
  run_->add(kNames[2], cycle.failure,
            "the service was scaled in, which only a scheduled pass does");
}

std::string TriggerChecks::mapping_not_enabled(const std::string& obstacle, const Cycle& cycle) {
  if (schedule_dead_) {
    return obstacle;
  }
  if (mapping_was_off_) {
    return "";
  }
  if (!cycle.complete()) {
    return cycle.failure;
  }
  const Result<void> enabled = wait_for_wake_mapping();
  return enabled ? "" : enabled.error().message;
}

void TriggerChecks::schedule_sends_ticks() {
  const Result<void> sent = run_->watch_.until_true(
      [this]() -> Result<bool> {
        watch_ticks();
        return tick_sent_;
      },
      "no tick came into " + run_->deployment_.tick_queue_url + ", which a scheduled pass sends");
  run_->add(kNames[2], sent ? "" : sent.error().message, "a scheduled pass sent ticks");
}

void TriggerChecks::watch_ticks() {
  const std::string& queue_url = run_->deployment_.tick_queue_url;
  const Result<QueueDepth> depth =
      queue_url.empty() ? Result<QueueDepth>() : run_->target_->depth(queue_url);
  if (queue_url.empty() || !depth) {
    return;
  }
  tick_sent_ = tick_sent_ || (ticks_before_ && total(*depth) > *ticks_before_);
  tick_taken_ = tick_taken_ || (ticks_before_ && total(*depth) < *ticks_before_);
  ticks_before_ = total(*depth);
}

void TriggerChecks::ticks() {
  const std::string& queue_url = run_->deployment_.tick_queue_url;
  if (queue_url.empty()) {
    return run_->skip(kNames[3], "not configured (TICK_QUEUE_URL)");
  }
  if (run_->report_.checks.back().verdict == Verdict::Failed) {
    return run_->skip(kNames[3], "no tick comes without a schedule: see trigger schedule");
  }
  const Result<void> taken = run_->watch_.until_true(
      [this]() -> Result<bool> {
        watch_ticks();
        return tick_taken_;
      },
      "no tick was taken from " + queue_url + ": is its event source mapping enabled?");
  run_->add(kNames[3], taken ? "" : taken.error().message, "a tick was sent and taken");
}

void TriggerChecks::doorbell() {
  const std::string& queue_url = run_->deployment_.doorbell_queue_url;
  if (queue_url.empty()) {
    return run_->skip(kNames[4], "not configured (DOORBELL_QUEUE_URL)");
  }
  Result<void> rung = run_->send(queue_url, 1);
  bool seen = false;
  const Instant sent = run_->watch_.now();
  if (rung) {
    rung = run_->watch_.until_true(
        [&]() -> Result<bool> {
          const QueueDepth depth = TRY(run_->target_->depth(queue_url));
          seen = seen || total(depth) > 0;
          // Counts lag: an empty queue counts when the message was seen, or long after it was sent.
          return total(depth) == 0 &&
                 (seen || run_->watch_.now() - sent >= run_->watch_.options().settle);
        },
        "the message on " + queue_url + " was not taken: is its event source mapping enabled?");
  }
  run_->add(kNames[4], rung ? "" : rung.error().message, "a message on the doorbell was taken");
}

}  // namespace scaler::verify
