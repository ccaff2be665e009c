#include "scaler/controller/controller.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

/// Time passes only by waiting; the stop comes after so many waits.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(std::stop_source& stop) : stop_(stop) {}
  Instant now() const override { return now_; }
  bool wait_until(Instant instant, const std::stop_token& stop) override {
    waits.push_back(instant - now_);
    steady_ += instant - now_;
    now_ = instant;
    if (waits.size() == 4) {
      stop_.request_stop();
    }
    return !stop.stop_requested();
  }
  Deadline steady() const override { return Deadline(steady_); }
  /// What really passes, and what the wall clock says of it.
  void pass_time(Duration duration) {
    now_ += duration;
    steady_ += std::max(duration, 0ms);
  }

  std::vector<Duration> waits = {};

 private:
  std::stop_source& stop_;
  Instant now_ = testing::kNoon;
  Duration steady_ = {};
};

/// A queue with one message; a read takes as long as the test says.
class SlowCloud final : public CloudReader, public ServiceScaler {
 public:
  SlowCloud(VirtualClock& clock, std::vector<Duration> durations)
      : clock_(clock), durations_(std::move(durations)) {}
  std::vector<Look> look(std::span<const LookRequest> /*requests*/, Patience, Deadline) override {
    clock_.pass_time(durations_[reads_++ % durations_.size()]);
    return {{.service = ServiceReading{.service = testing::tasks(1)},
             .queues = {QueueDepth{.visible = 1}}}};
  }
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes, Deadline) override {
    return std::vector<Result<void>>(changes.size());
  }

 private:
  VirtualClock& clock_;
  std::vector<Duration> durations_;
  std::size_t reads_ = 0;
};

std::vector<Duration> waits_when_passes_take(std::vector<Duration> durations) {
  std::stop_source stop;
  VirtualClock clock(stop);
  SlowCloud cloud(clock, std::move(durations));
  std::vector<ManagedService> fleet{
      {.id = {"c", "s"}, .queues = {{"https://sqs/1/q"}}, .policy = testing::fixed(1)}};
  Invoker invoker(std::move(fleet), {}, {.reader = cloud, .scaler = cloud, .clock = clock});
  int passes = 0;
  run_controller(
      invoker, clock, {.interval = 10s},
      [&](const Effect& effect) {
        EXPECT_EQ(effect.records.size(), 1U);
        EXPECT_GE(effect.took, 0s);  // Also when the clock was set back meanwhile.
        ++passes;
      },
      stop.get_token());
  EXPECT_EQ(passes, 4);
  return clock.waits;
}

TEST(Controller, KeepsItsBeatAndStopsWhenAsked) {
  EXPECT_EQ(waits_when_passes_take({2s}), (std::vector<Duration>{8s, 8s, 8s, 8s}));
}

TEST(Controller, DoesNotCatchUpOnBeatsThatASlowPassMissed) {
  EXPECT_EQ(waits_when_passes_take({35s, 0s, 0s, 0s}), (std::vector<Duration>{0s, 10s, 10s, 10s}));
}

TEST(Controller, AClockThatWasSetBackDelaysNothingForLongerThanOneBeat) {
  EXPECT_EQ(waits_when_passes_take({-1h, 0s, 0s, 0s}), (std::vector<Duration>{10s, 10s, 10s, 10s}));
}

}  // namespace
}  // namespace scaler
