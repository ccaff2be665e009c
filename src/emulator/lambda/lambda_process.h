#pragma once
// LambdaProcess: one child process with exactly the given environment, its output line by line, its
// end noticed. It never outlives this object or this program, and neither do its own children
// unless they leave its process group.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "ground/base/environment.h"
#include "ground/base/result.h"
#include "ground/net/event_loop.h"

namespace scaler::emulator {

struct ProcessExit {
  int code = 0;    ///< exit status, when `signal` is 0
  int signal = 0;  ///< the signal that ended it, or 0
};
/// "exit status 1", "signal: killed": as Lambda puts it.
std::string describe(const ProcessExit& exit);

struct ProcessOptions {
  std::string executable = {};  ///< path; its only argument is itself
  std::string directory = {};   ///< working directory; empty: that of this program
  Environment environment = {};
  /// One line of standard output or error, without its end; longer ones come in pieces of 256 KB.
  std::function<void(std::string_view line)> on_line = {};
  /// Called once, after the last line. May destroy the LambdaProcess.
  std::function<void(ProcessExit exit)> on_exit = {};
};

class LambdaProcess {
 public:
  /// Errors: Unavailable, naming the executable, when it cannot be run.
  static Result<std::unique_ptr<LambdaProcess>> start(net::EventLoop& loop, ProcessOptions options);
  /// Kills it; on_exit is not called.
  ~LambdaProcess();
  LambdaProcess(const LambdaProcess&) = delete;
  LambdaProcess& operator=(const LambdaProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// SIGKILL to the whole process group; on_exit follows.
  void kill();
  /// SIGSTOP to the whole process group; only kill() ends it after that.
  void stop();

 private:
  LambdaProcess(pid_t pid, int output, ProcessOptions options);
  void watch(net::EventLoop& loop, int pid_file);
  void on_output();
  void on_end();
  /// Reads what is there; false at the end of the output.
  bool read_output();
  void forward_lines();
  ProcessExit reap();

  pid_t pid_;
  int output_;
  ProcessOptions options_;
  std::string partial_line_ = {};
  bool reaped_ = false;
  std::shared_ptr<void> output_watch_ = {};  ///< closes output_
  std::shared_ptr<void> end_watch_ = {};
};

}  // namespace scaler::emulator
