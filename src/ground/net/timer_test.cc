#include "ground/net/timer.h"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

class TimerTest : public ::testing::Test {
 protected:
  /// Runs the loop until everything due within the time has had its turn.
  void run(Duration time = 20ms) {
    std::stop_source stop;
    Timer end(loop_);
    end.start(time, [&stop] { stop.request_stop(); });
    loop_.run(stop.get_token());
  }

  EventLoop loop_;
  std::string ran_;
};

TEST_F(TimerTest, RunsOnce) {
  Timer timer(loop_);
  EXPECT_FALSE(timer.waits());
  timer.start(1ms, [&] { ran_ += "a"; });
  EXPECT_TRUE(timer.waits());

  run();

  EXPECT_EQ(ran_, "a");
  EXPECT_FALSE(timer.waits());
}

TEST_F(TimerTest, ARestartTakesBackWhatWasStarted) {
  Timer timer(loop_);
  timer.start(1ms, [&] { ran_ += "a"; });
  timer.start(2ms, [&] { ran_ += "b"; });

  run();

  EXPECT_EQ(ran_, "b");
}

TEST_F(TimerTest, CancelAndTheEndTakeBack) {
  Timer cancelled(loop_);
  cancelled.start(1ms, [&] { ran_ += "a"; });
  {
    Timer ended(loop_);
    ended.start(1ms, [&] { ran_ += "b"; });
  }
  cancelled.cancel();
  EXPECT_FALSE(cancelled.waits());

  run();

  EXPECT_EQ(ran_, "");
}

TEST_F(TimerTest, NeverRunsAfterItWasTakenBackThoughItsTimeHadCome) {
  std::optional<Timer> second(loop_);
  Timer first(loop_);
  first.start(-2ms, [&] {
    ran_ += "a";
    second.reset();
  });
  second->start(-1ms, [&] { ran_ += "b"; });  // Both are due when the loop first looks.

  run();

  EXPECT_EQ(ran_, "a");
}

TEST_F(TimerTest, ItsFunctionMayRestartAndDestroyIt) {
  std::optional<Timer> timer(loop_);
  timer->start(1ms, [&] {
    ran_ += "a";
    timer->start(1ms, [&, last = std::string("b")] {
      timer.reset();
      ran_ += last;
    });
  });

  run();

  EXPECT_EQ(ran_, "ab");
}

TEST_F(TimerTest, MovesWithWhatItWaitsFor) {
  std::vector<Timer> timers;
  for (const char* name : {"a", "b", "c"}) {
    timers.emplace_back(loop_).start(1ms, [this, name] { ran_ += name; });
  }
  timers.erase(timers.begin());

  run();

  EXPECT_EQ(ran_, "bc");
}

}  // namespace
}  // namespace scaler::net
