#pragma once
// TargetWatch looks at the target until something has happened, for a bounded time; and the cycle
// that every check is made of: messages go to a sleeping service, it wakes, works, and sleeps
// again.

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "checkup/verify/target.h"
#include "ground/base/clock.h"

namespace scaler::verify {

struct WatchOptions {
  Duration poll = std::chrono::seconds(1);
  /// How long anything may take before it counts as not happening.
  Duration patience = std::chrono::minutes(10);
  Duration total_limit = std::chrono::minutes(30);
  /// SQS's counts may be wrong for as long after messages were sent.
  Duration settle = std::chrono::minutes(1);
};

/// What one burst of messages set off, each with its instant; what did not happen is empty.
struct Cycle {
  std::int64_t messages = 0;
  Instant sent = {};  ///< the first message
  std::optional<Instant> left_zero = {};
  std::optional<Instant> task_running = {};
  std::optional<Instant> drained = {};
  std::optional<Instant> slept = {};  ///< desired count zero again
  std::int64_t tasks_peak = 0;        ///< the highest desired count
  bool taken_before_tasks = false;    ///< a message was in flight while no task was running
  std::string failure = {};           ///< why it did not go on; empty when it is complete

  bool complete() const { return failure.empty(); }
};

class TargetWatch {
 public:
  /// Told of every look, for progress lines and for what a check wants to see beside.
  using OnLook = std::function<void(const Sight& sight)>;
  using Condition = std::function<bool(const Sight& sight)>;

  TargetWatch(Target& target, Clock& clock, const WatchOptions& options, std::stop_token stop);

  Instant now() const { return clock_->now(); }
  bool stopped() const { return stop_.stop_requested(); }
  /// Stopped, or the total limit is over.
  bool ended() const { return stopped() || clock_->now() >= end_; }
  /// Why ended() is true.
  std::string why_ended() const;
  void on_look(OnLook on_look) { on_look_ = std::move(on_look); }
  const WatchOptions& options() const { return options_; }

  /// One look. What passes by itself (throttling, no connection) is tried again within the
  /// patience.
  Result<Sight> look();
  /// Looks until the condition holds. Errors: a sentence that says `otherwise`, for how long it was
  /// waited, and what the latest look saw.
  Result<Sight> until(const Condition& condition, const std::string& otherwise);
  /// The same for a condition that is not about the sight.
  Result<void> until_true(const std::function<Result<bool>()>& condition,
                          const std::string& otherwise);
  /// Waits one poll; false when ended.
  bool pause();

  /// Follows messages that have just been sent, the first at cycle.sent, until the service sleeps.
  void follow(Cycle& cycle);
  /// The parts of follow(), for a sender that goes on meanwhile.
  Result<void> follow_out(Cycle& cycle);
  Result<void> follow_in(Cycle& cycle);

 private:
  Target* target_;
  Clock* clock_;
  WatchOptions options_;
  std::stop_token stop_;
  Instant end_;
  OnLook on_look_ = {};
};

}  // namespace scaler::verify
