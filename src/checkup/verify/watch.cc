#include "checkup/verify/watch.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

namespace scaler::verify {
namespace {

/// What may pass by itself.
bool passing(ErrorKind kind) {
  return kind == ErrorKind::Throttled || kind == ErrorKind::Unavailable;
}

}  // namespace

TargetWatch::TargetWatch(Target& target, Clock& clock, const WatchOptions& options,
                         std::stop_token stop)
    : target_(&target),
      clock_(&clock),
      options_(options),
      stop_(std::move(stop)),
      end_(clock.now() + options.total_limit) {}

std::string TargetWatch::why_ended() const {
  return stopped()
             ? std::string("interrupted")
             : fmt::format("the total limit of {} is over", format_duration(options_.total_limit));
}

bool TargetWatch::pause() {
  clock_->wait_until(std::min(clock_->now() + options_.poll, end_), stop_);
  return !ended();
}

Result<Sight> TargetWatch::look() {
  const Instant limit = clock_->now() + options_.patience;
  while (true) {
    Result<Sight> sight = target_->look();
    if (sight && on_look_) {
      on_look_(*sight);
    }
    if (sight || !passing(sight.error().kind) || clock_->now() >= limit) {
      return sight;
    }
    if (!pause()) {
      return fail(std::move(sight).error(), why_ended());
    }
  }
}

Result<Sight> TargetWatch::until(const Condition& condition, const std::string& otherwise) {
  const Instant limit = clock_->now() + options_.patience;
  while (true) {
    const Sight sight = TRY(look());
    if (condition(sight)) {
      return sight;
    }
    if (clock_->now() >= limit) {
      return fail(ErrorKind::Unavailable,
                  fmt::format("{} within {}: {}", otherwise, format_duration(options_.patience),
                              describe(sight)));
    }
    if (!pause()) {
      return fail(ErrorKind::Unavailable,
                  fmt::format("{}: {} so far: {}", why_ended(), otherwise, describe(sight)));
    }
  }
}

Result<void> TargetWatch::until_true(const std::function<Result<bool>()>& condition,
                                     const std::string& otherwise) {
  const Instant limit = clock_->now() + options_.patience;
  while (true) {
    const Result<bool> holds = condition();
    if (holds && *holds) {
      return {};
    }
    if (!holds && !passing(holds.error().kind)) {
      return std::unexpected(holds.error());
    }
    if (clock_->now() >= limit) {
      return fail(ErrorKind::Unavailable,
                  fmt::format("{} within {}", otherwise, format_duration(options_.patience)));
    }
    if (!pause()) {
      return fail(ErrorKind::Unavailable, fmt::format("{}: {} so far", why_ended(), otherwise));
    }
  }
}

void TargetWatch::follow(Cycle& cycle) {
  Result<void> followed = follow_out(cycle);
  if (followed) {
    followed = follow_in(cycle);
  }
  if (!followed) {
    cycle.failure = followed.error().message;
  }
}

Result<void> TargetWatch::follow_out(Cycle& cycle) {
  std::optional<Instant> empty_since;
  bool vanished = false;
  const auto note = [&](const Sight& sight) {
    const Instant at = now();
    cycle.tasks_peak = std::max(cycle.tasks_peak, sight.desired);
    if (sight.desired > 0) {
      cycle.left_zero = cycle.left_zero.value_or(at);
    }
    if (sight.running > 0) {
      cycle.task_running = cycle.task_running.value_or(at);
      return;
    }
    cycle.taken_before_tasks = cycle.taken_before_tasks || sight.queue.in_flight > 0;
    empty_since = sight.drained() ? empty_since.value_or(at) : std::optional<Instant>();
    vanished = empty_since && at - *empty_since >= options_.settle;
  };
  const auto seen = [&](bool done) { return done || vanished; };
  const Result<Sight> out = until(
      [&](const Sight& sight) {
        note(sight);
        return seen(cycle.left_zero.has_value());
      },
      "the service did not leave zero");
  if (!out) {
    return std::unexpected(out.error());
  }
  if (!vanished) {
    const Result<Sight> running = until(
        [&](const Sight& sight) {
          note(sight);
          return seen(cycle.task_running.has_value());
        },
        fmt::format("the desired count is {}, but no task was running", cycle.tasks_peak));
    if (!running) {
      return std::unexpected(running.error());
    }
  }
  if (vanished) {
    return fail(ErrorKind::Rejected,
                "the messages left the queue before any task was running: something that is no "
                "worker consumed them");
  }
  return {};
}

Result<void> TargetWatch::follow_in(Cycle& cycle) {
  const Result<Sight> drained = until(
      [&](const Sight& sight) {
        cycle.tasks_peak = std::max(cycle.tasks_peak, sight.desired);
        return sight.drained();
      },
      "the messages were not processed");
  if (!drained) {
    return std::unexpected(drained.error());
  }
  cycle.drained = now();
  const Result<Sight> slept = until(
      [&](const Sight& sight) {
        if (sight.desired == 0) {
          cycle.slept = cycle.slept.value_or(now());
        }
        return sight.asleep();
      },
      "the queue is empty, but the service did not come back to zero");
  if (!slept) {
    return std::unexpected(slept.error());
  }
  return {};
}

}  // namespace scaler::verify
