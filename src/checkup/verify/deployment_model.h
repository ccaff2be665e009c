#pragma once
// A deployment that works, or does not, as a model of a few lines in virtual time: for tests.

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "checkup/verify/verifier.h"

namespace scaler::verify {

using namespace std::chrono_literals;

class VirtualClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  bool wait_until(Instant instant, const std::stop_token& stop) override {
    now_ = std::max(now_, instant);
    return !stop.stop_requested();
  }

 private:
  Instant now_ = *parse_instant("2026-11-25T12:00:00Z");
};

/// What can be wrong with the deployment.
struct Defects {
  bool no_scale_out = false;
  bool no_tasks = false;
  bool no_work = false;
  bool no_scale_in = false;
  bool no_schedule = false;
  bool consumes = false;      ///< the mapping deletes what it takes
  bool dead_letters = false;  ///< every message ends there
  bool mapping_missing = false;
  bool mapping_careless = false;  ///< lacks ReportBatchItemFailures
  bool mapping_idle = false;      ///< enabled, but takes nothing
  bool ticks_lie = false;
  bool doorbell_lies = false;
  bool dry_run_fails = false;
  bool dry_run_acts = false;
  bool accepts_all = false;
  bool drops_to_zero = false;  ///< under load
  Error look_error = {};       ///< of every look, when it says something
};

/// A service that wakes at once when woken and after 5 s otherwise, starts tasks in 2 s, works for
/// 3 s, and sleeps 4 s after the queue is empty.
class Model final : public Target {
 public:
  Model(Clock& clock, ScalerUnderTest deployment, Defects defects)
      : clock_(&clock), deployment_(std::move(deployment)), defects_(std::move(defects)) {}

  Result<Sight> look() override {
    if (!defects_.look_error.message.empty()) {
      return std::unexpected(defects_.look_error);
    }
    advance();
    return sight_;
  }

  Result<QueueDepth> depth(const std::string& queue_url) override {
    const std::int64_t second = (now() - start_) / 1s;
    if (queue_url == deployment_.tick_queue_url) {
      const std::int64_t sent = defects_.no_schedule ? 0 : 5 * (second / 10 + 1);
      return QueueDepth{
          .delayed = defects_.ticks_lie ? sent : std::max<std::int64_t>(0, sent - second / 2)};
    }
    return QueueDepth{.visible = defects_.doorbell_lies || now() - rung_ < 2s ? 1 : 0};
  }

  Result<std::optional<std::int64_t>> dead_letters() override { return std::optional(dead_); }

  Result<void> send(const std::string& queue_url, std::span<const std::string> bodies) override {
    advance();
    sent_to_[queue_url] += bodies.size();
    if (queue_url == deployment_.doorbell_queue_url) {
      rung_ = now();
      return {};
    }
    sent_ = sight_.drained() ? now() : sent_;
    sight_.queue.visible += static_cast<std::int64_t>(bodies.size());
    woken_ = deployment_.wake && mapping_on_ && !defects_.mapping_idle;
    mapping_on_ = false;
    dead_ += defects_.dead_letters ? 1 : 0;
    if (woken_) {
      std::swap(sight_.queue.visible, sight_.queue.in_flight);
    }
    if (woken_ && defects_.consumes) {
      sight_.queue = {};
    }
    return {};
  }

  Result<FunctionAnswer> invoke(const std::string& payload) override {
    advance();
    if (payload.find("dry_run") == std::string::npos) {
      return FunctionAnswer{.failed = !defects_.accepts_all, .payload = *json::parse("{}")};
    }
    if (defects_.dry_run_fails) {
      return FunctionAnswer{.failed = true,
                            .payload = *json::parse(R"({"errorMessage":"no queue"})")};
    }
    if (defects_.dry_run_acts) {
      sight_.desired = 1;
      empty_ = now();
    }
    return FunctionAnswer{.payload = *json::parse(R"({"body":{"trigger_source":"manual"}})")};
  }

  Result<MappingSight> wake_mapping() override {
    advance();
    return MappingSight{.exists = !defects_.mapping_missing,
                        .enabled = mapping_on_,
                        .reports_failures = !defects_.mapping_careless};
  }

  Defects& defects() { return defects_; }
  const std::map<std::string, std::size_t>& sent_to() const { return sent_to_; }
  void pause(Instant until) { sight_.paused_until = until; }

 private:
  Instant now() const { return clock_->now(); }

  void advance() {
    const bool backlog = !sight_.drained();
    if (backlog && sight_.desired == 0 && !defects_.no_scale_out &&
        (woken_ || now() >= sent_ + 5s)) {
      sight_.desired = 3;
      out_ = now();
    }
    if (sight_.desired > 0 && now() >= out_ + 2s && !defects_.no_tasks) {
      sight_.running = sight_.desired;
      sight_.queue.visible += std::exchange(sight_.queue.in_flight, 0);
    }
    if (backlog && sight_.running > 0 && now() >= out_ + 5s && !defects_.no_work) {
      sight_.queue = {};
      empty_ = now();
    }
    if (sight_.running > 0 && sight_.drained() && now() >= empty_ + 4s && !defects_.no_scale_in &&
        !(defects_.no_schedule && deployment_.tick_queue_url.empty())) {
      sight_.desired = sight_.running = 0;
    }
    if (defects_.drops_to_zero && sight_.running > 0) {
      sight_.desired = sight_.running = 0;
    }
    if (sight_.asleep() && sight_.drained() && !defects_.no_schedule && !defects_.mapping_missing &&
        !defects_.mapping_careless) {
      mapping_on_ = true;
    }
  }

  Clock* clock_;
  ScalerUnderTest deployment_;
  Defects defects_;
  Instant start_ = clock_->now();
  Sight sight_ = {};
  std::map<std::string, std::size_t> sent_to_ = {};
  bool mapping_on_ = false;
  bool woken_ = false;
  Instant sent_ = {};
  Instant out_ = {};
  Instant empty_ = {};
  Instant rung_ = {};
  std::int64_t dead_ = 0;
};

inline ScalerUnderTest full_deployment() {
  return {.queue_url = "https://sqs/1/jobs",
          .queue_arn = "arn:aws:sqs:r:1:jobs",
          .cluster = "c",
          .service = "s",
          .function = "f",
          .wake = true,
          .tick_queue_url = "https://sqs/1/ticks",
          .doorbell_queue_url = "https://sqs/1/doorbell",
          .tasks_for_one = 3};
}

inline VerifyOptions quick_options() {
  return {.load_time = 20s,
          .scale_out_limit = 10s,
          .scale_in_limit = 10s,
          .watch = {.poll = 500ms, .patience = 60s, .total_limit = 1h, .settle = 5s}};
}

}  // namespace scaler::verify
