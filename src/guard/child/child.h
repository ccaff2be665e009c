#pragma once
// Child: the worker as a process below the guard, and the signals of both. The guard may be process
// 1 of its container: then it also takes in what its child leaves behind.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "ground/base/environment.h"
#include "ground/base/result.h"
#include "ground/net/event_loop.h"

namespace scaler::guard {

/// The signals that the guard gets, one after the other. To be made before any thread starts: it
/// blocks them for all. It ends before the loop does.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// `function` is called on the loop's thread for each signal from now on, and for each that has
  /// come since this was made.
  void watch(net::EventLoop& loop, std::function<void(int signal)> function);

 private:
  void read();

  int file_ = -1;
  std::function<void(int)> function_ = {};
  std::shared_ptr<void> watch_ = {};
};

class Child {
 public:
  /// Standard input, output and error are the guard's own, and so is the foreground of its
  /// terminal. It gets SIGKILL when the guard ends. To be called by the thread that reaps.
  /// Errors: Unavailable, naming the program, with why it cannot be run.
  static Result<Child> start(std::vector<std::string> command, const Environment& environment);

  /// Of its process group, too; 0 once it has ended.
  pid_t pid() const { return pid_; }
  /// Nothing happens once it has ended.
  void signal(int number) const;
  /// Takes in all children of this thread that have ended, and those that were left to the guard.
  /// The exit code of the child itself, once: its status, or 128 and the signal.
  std::optional<int> reap();
  /// Whether processes that it has begun go on, as reap() found it.
  bool left_others() const { return pid_ == 0 && others_; }

 private:
  explicit Child(pid_t pid) : pid_(pid) {}

  pid_t pid_;
  bool others_ = false;
};

}  // namespace scaler::guard
