#pragma once
// Child: the program under measurement as a process of its own, and what the kernel knows of it.

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace scaler::bench {

struct ChildOptions {
  std::vector<std::string> command = {};
  std::vector<std::string> environment = {};  ///< "NAME=value"; nothing else is passed on
  std::string cgroup = {};  ///< a cgroup's folder that it joins before exec; empty for none
  std::string output = {};  ///< where its stdout and stderr go
};

class Child {
 public:
  explicit Child(const ChildOptions& options);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The steady time, in nanoseconds, just before it was started.
  std::int64_t started() const { return started_; }
  bool running();
  /// CPU time of all its threads so far, user and kernel, in nanoseconds. Waits until it sleeps.
  std::int64_t cpu() const;
  /// "VmHWM", "VmRSS": a line of /proc/PID/status in KiB.
  std::int64_t memory(const std::string& line) const;
  int open_files() const;
  void join_cgroup(const std::string& folder) const;
  /// SIGTERM to it and what it started; waits for its end, at most half a minute, then SIGKILL.
  void end();

 private:
  pid_t pid_ = -1;
  std::int64_t started_ = 0;
};

/// The steady time in nanoseconds.
std::int64_t steady_now();

}  // namespace scaler::bench
