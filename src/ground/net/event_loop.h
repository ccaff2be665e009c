#pragma once
// EventLoop: one thread's timers and posted functions, and the loop that HttpServer runs on.

#include <functional>
#include <memory>
#include <stop_token>

#include "ground/base/clock.h"

namespace scaler::net {

class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs until the stop is requested (from any thread or a signal watcher).
  void run(const std::stop_token& stop);
  /// Runs `function` on the loop's thread, soon. May be called from any thread.
  void post(std::function<void()> function);
  /// Runs `function` on the loop's thread once, after the delay.
  void run_after(Duration delay, std::function<void()> function);
  /// Takes the file descriptor (a pipe or pidfd, say) and runs `function` on the loop's thread each
  /// time it is readable or hung up, until the returned handle goes, which closes the descriptor.
  /// The function may let the handle go itself. For use on the loop's thread, or before it runs.
  std::shared_ptr<void> watch(int file_descriptor, std::function<void()> function);

  class Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace scaler::net
