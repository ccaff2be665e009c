#include "scaler/controller/controller.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

/// Time passes only by waiting.
class VirtualClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  bool wait_until(Instant instant, const std::stop_token& stop) override {
    waited += instant - now_;
    longest_wait = std::max<Duration>(longest_wait, instant - now_);
    steady_ += instant - now_;
    now_ = instant;
    return !stop.stop_requested();
  }
  Deadline steady() const override { return Deadline(steady_); }
  /// What really passes, and what the wall clock says of it.
  void pass_time(Duration duration) {
    now_ += duration;
    steady_ += std::max(duration, 0ms);
  }

  void set_wall(Duration step) { now_ += step; }

  Duration waited = {};
  Duration longest_wait = {};

 private:
  Instant now_ = testing::kNoon;
  Duration steady_ = {};
};

/// A queue with one message; a read takes as long as the test says.
class SlowCloud final : public CloudReader, public ServiceScaler {
 public:
  SlowCloud(VirtualClock& clock, std::vector<Duration> durations)
      : clock_(clock), durations_(std::move(durations)) {}
  std::vector<Look> look(std::span<const LookRequest> /*requests*/, Patience, Deadline) override {
    clock_.pass_time(durations_[reads++ % durations_.size()]);
    return {{.service = ServiceReading{.service = testing::tasks(desired)},
             .queues = {QueueDepth{.visible = 1}}}};
  }
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes, Deadline) override {
    desired = changes.front().desired;
    return std::vector<Result<void>>(changes.size());
  }

  std::int64_t desired = 1;
  std::size_t reads = 0;

 private:
  VirtualClock& clock_;
  std::vector<Duration> durations_;
};

/// A controller of one service, which is stopped after some passes.
struct Loop {
  explicit Loop(std::vector<Duration> durations, int passes = 5)
      : cloud(clock, std::move(durations)), passes_max(passes) {}

  void go() {
    std::vector<ManagedService> fleet{
        {.id = {"c", "s"}, .queues = {{"https://sqs/1/q"}}, .policy = testing::fixed(1)}};
    Invoker invoker(std::move(fleet), {}, {.reader = cloud, .scaler = cloud, .clock = clock});
    hooks.on_effect = [this](const Effect& effect) {
      EXPECT_EQ(effect.records.size(), 1U);
      EXPECT_GE(effect.took, 0s);  // Also when the clock was set back meanwhile.
      waits.push_back(std::exchange(clock.waited, {}));
      if (static_cast<int>(waits.size()) == passes_max) {
        stop.request_stop();
      }
    };
    run_controller(invoker, clock, {.interval = 10s}, hooks, stop.get_token());
    waits.erase(waits.begin());  // Nobody waits before the first.
  }

  VirtualClock clock = {};
  SlowCloud cloud;
  int passes_max;
  ControllerHooks hooks = {};
  std::stop_source stop = {};
  std::vector<Duration> waits = {};  ///< before each pass but the first
};

std::vector<Duration> waits_when_passes_take(std::vector<Duration> durations) {
  Loop run(std::move(durations));
  run.go();
  return run.waits;
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

TEST(Controller, AClockThatIsSetWhileItWaitsMovesNoBeat) {
  for (const Duration step : {Duration(1h), Duration(-1h)}) {
    Loop run({0s});
    int looks = 0;
    run.hooks.between = [&] {
      if (++looks == 3) {
        run.clock.set_wall(step);
      }
      return false;
    };
    run.go();
    EXPECT_EQ(run.waits, (std::vector<Duration>{10s, 10s, 10s, 10s}));
  }
}

TEST(Controller, LooksAroundWhileItWaits) {
  Loop run({1s}, 2);
  int looks = 0;
  run.hooks.between = [&looks] {
    ++looks;
    return false;
  };
  run.go();
  EXPECT_EQ(run.clock.longest_wait, kBetween);
  EXPECT_EQ(looks, 18 + 1);  // In the nine seconds between two passes, and once after the last.
}

TEST(Controller, APassMayBecomeDueAtOnce) {
  Loop run({0s});
  int looks = 0;
  run.hooks.between = [&looks] { return ++looks == 3; };
  run.go();
  EXPECT_EQ(run.waits, (std::vector<Duration>{1s, 10s, 10s, 10s}));
}

TEST(Controller, WhoMayNotWriteLooksAndChangesNothing) {
  Loop run({0s}, 4);
  bool writes = false;
  run.hooks.may_write = [&writes] { return writes; };
  run.cloud.desired = 0;
  run.hooks.between = [&] {
    EXPECT_EQ(run.cloud.desired, 0);
    EXPECT_GT(run.cloud.reads, 0);
    return false;
  };
  run.go();

  Loop holder({0s}, 4);
  holder.cloud.desired = 0;
  holder.hooks.may_write = [] { return true; };
  holder.go();
  EXPECT_EQ(holder.cloud.desired, 1);
}

}  // namespace
}  // namespace scaler
