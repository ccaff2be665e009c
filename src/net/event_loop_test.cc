#include "net/event_loop.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

TEST(EventLoop, RunsTimersInTheOrderOfTheirTimes) {
  EventLoop loop;
  std::stop_source stop;
  std::string order;
  loop.run_after(6ms, [&] { stop.request_stop(); });
  loop.run_after(4ms, [&] { order += "b"; });
  loop.run_after(2ms, [&] { order += "a"; });
  loop.run_after(-5ms, [&] { order += "0"; });

  loop.run(stop.get_token());

  EXPECT_EQ(order, "0ab");
}

TEST(EventLoop, RunsWhatIsPostedFromAnotherThreadOnItsOwn) {
  EventLoop loop;
  std::stop_source stop;
  std::thread::id ran_on;
  std::jthread poster([&] {
    loop.post([&] {
      ran_on = std::this_thread::get_id();
      stop.request_stop();
    });
  });

  loop.run(stop.get_token());

  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(EventLoop, EndsWhenAnotherThreadRequestsAStop) {
  EventLoop loop;
  loop.run_after(1h, [] { FAIL(); });
  std::jthread runner([&](const std::stop_token& stop) { loop.run(stop); });

  runner.request_stop();
  runner.join();
}

TEST(EventLoop, DoesNotRunAfterAStopThatCameBefore) {
  EventLoop loop;
  std::stop_source stop;
  stop.request_stop();
  loop.post([] { FAIL(); });

  loop.run(stop.get_token());
}

TEST(EventLoop, RunsAgainAfterAStop) {
  EventLoop loop;
  int count = 0;
  for (int i = 0; i < 2; ++i) {
    std::stop_source stop;
    loop.post([&] {
      ++count;
      stop.request_stop();
    });
    loop.run(stop.get_token());
  }

  EXPECT_EQ(count, 2);
}

TEST(EventLoop, DropsWhatIsLeftAtTheEnd) {
  auto kept = std::make_shared<int>(1);
  {
    EventLoop loop;
    loop.post([kept] {});
    loop.run_after(1h, [kept] {});
  }

  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace scaler::net
