#pragma once
// Timer: a function that an EventLoop runs once, later, for as long as the Timer lives.

#include <functional>
#include <memory>

#include "ground/base/clock.h"
#include "ground/net/event_loop.h"

namespace scaler::net {

/// A restart, cancel() and the Timer's end take back what was started: it never runs after that,
/// not even when its time had come already. So a function may hold a pointer to the Timer's owner.
/// It may restart the Timer and destroy it. For use on the loop's thread, or before the loop runs;
/// a Timer that was started ends before its loop.
class Timer {
 public:
  explicit Timer(EventLoop& loop) : loop_(&loop) {}
  ~Timer();
  Timer(Timer&& other) noexcept;
  Timer& operator=(Timer&& other) noexcept;

  void start(Duration delay, std::function<void()> function);
  void cancel();
  /// Whether a function waits for its time.
  bool waits() const;

 private:
  struct Shot;
  EventLoop* loop_;
  std::shared_ptr<Shot> shot_ = nullptr;
};

}  // namespace scaler::net
