#include "ground/net/event_loop.h"

#include <fcntl.h>
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
  const std::jthread poster([&] {
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
  const std::stop_source stop;
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

TEST(EventLoop, WatchesAPipeUntilItsHandleGoes) {
  EventLoop loop;
  std::stop_source stop;
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  std::string read;
  bool hung_up = false;
  std::shared_ptr<void> handle = loop.watch(ends[0], [&] {
    char byte = 0;
    if (::read(ends[0], &byte, 1) == 1) {
      read += byte;
    } else {
      hung_up = true;
      handle.reset();
      loop.run_after(5ms, [&] { stop.request_stop(); });
    }
  });
  loop.post([&] { EXPECT_EQ(::write(ends[1], "abc", 3), 3); });
  loop.run_after(2ms, [&] { ::close(ends[1]); });

  loop.run(stop.get_token());

  EXPECT_EQ(read, "abc");
  EXPECT_TRUE(hung_up);
  EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1);
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
