#include "lab/rivals/polling.h"

#include <algorithm>
#include <utility>

namespace scaler::rivals {
namespace {

struct Seen {
  QueueDepth depth = {};
  ServiceObservation service = {};
};

std::optional<Seen> look(sim::Stage& stage) {
  const Look look = look_at(
      stage.reader, {.service = stage.service, .queue_urls = {stage.queue_url}}, Deadline::max());
  if (!look.queues.front() || !look.service) {
    return std::nullopt;
  }
  return Seen{.depth = *look.queues.front(), .service = look.service->service};
}

void set(sim::Stage& stage, std::int64_t desired) {
  const DesiredCount change{.service = stage.service, .desired = desired};
  (void)stage.scaler.set_desired({&change, 1}, Deadline::max());
}

}  // namespace

std::optional<Instant> PythonOriginal::next_wake() const {
  return next_trigger_ ? std::min(*next_trigger_, next_schedule_) : next_schedule_;
}

void PythonOriginal::arrived(Instant at) {
  if (sqs_trigger_ && !next_trigger_) {
    next_trigger_ = at + kInvocation;
  }
}

void PythonOriginal::act(sim::Stage& stage) {
  if (next_trigger_ && *next_trigger_ <= next_schedule_) {
    next_trigger_.reset();
    triggered(stage);
  } else {
    next_schedule_ += kSchedule;
    scheduled(stage);
  }
}

void PythonOriginal::scheduled(sim::Stage& stage) {
  const auto seen = look(stage);
  if (!seen) {
    return;  // It answers 500, which Lambda counts as a success.
  }
  if (seen->depth.visible > 0 && seen->service.running < target_) {
    set(stage, target_);
  } else if (seen->depth.visible == 0 && seen->service.running > 0) {
    set(stage, 0);
  }
}

void PythonOriginal::triggered(sim::Stage& stage) {
  world::Queue* const queue = stage.queue();
  if (queue == nullptr) {
    return;
  }
  const auto taken = stage.world.receive(*queue, {.messages_max = kPollers});
  if (taken.empty()) {
    return;  // Workers were quicker.
  }
  const auto seen = look(stage);
  if (seen && seen->service.running < target_) {
    set(stage, target_);
  }
  if (world::Queue* const still = stage.queue()) {
    for (const auto& message : taken) {
      (void)stage.world.delete_message(*still, message.receipt_handle);
    }
    if (still->depth().visible > 0) {
      next_trigger_ = stage.world.now() + kInvocation;
    }
  }
}

void TenSecondPolling::act(sim::Stage& stage) {
  next_ += kInterval;
  if (const auto seen = look(stage)) {
    const std::int64_t jobs = seen->depth.visible + seen->depth.in_flight;
    const std::int64_t wanted = std::min(jobs, tasks_max_);
    if (wanted != seen->service.desired) {
      set(stage, wanted);
    }
  }
}

}  // namespace scaler::rivals
