#pragma once
// ChildProcess: one child process with exactly the given environment, its output line by line, its
// end noticed. It never outlives this object or this program, and neither do its own children
// unless they leave its process group; those of a kept one do not even then.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

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
  std::string executable = {};              ///< path
  std::vector<std::string> arguments = {};  ///< after the path itself
  std::string directory = {};               ///< working directory; empty: that of this program
  Environment environment = {};
  /// Starts a session of its own, below a keeper (keeper.h): whatever it forks ends with it, also
  /// when this program is killed.
  bool kept = false;
  /// One line of standard output or error, without its end; longer ones come in pieces of 256 KB.
  std::function<void(std::string_view line)> on_line = {};
  /// Called once, after the last line. May destroy the ChildProcess.
  std::function<void(ProcessExit exit)> on_exit = {};
};

class ChildProcess {
 public:
  /// Errors: Unavailable, naming the executable, when it cannot be run.
  static Result<std::unique_ptr<ChildProcess>> start(net::EventLoop& loop, ProcessOptions options);
  /// Kills it; on_exit is not called.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }  ///< of the keeper, if it is kept
  /// Gives on_line what has been written by now, as far as it is whole lines.
  void read_now();
  /// SIGTERM to the process alone.
  void terminate();
  /// SIGKILL to the whole process group; on_exit follows.
  void kill();
  /// SIGSTOP to the whole process group; only kill() ends it after that.
  void stop();

 private:
  ChildProcess(pid_t pid, int output, int commands, ProcessOptions options);
  void command(char letter) const;
  void watch(net::EventLoop& loop, int pid_file);
  void on_output();
  void on_end();
  /// Reads what is there, so often at most; false at the end of the output.
  bool read_output(int reads);
  void forward_lines();
  ProcessExit reap();

  pid_t pid_;
  int output_;
  int commands_;  ///< to the keeper; -1: there is none
  ProcessOptions options_;
  std::string partial_line_ = {};
  bool reaped_ = false;
  std::shared_ptr<void> output_watch_ = {};  ///< closes output_
  std::shared_ptr<void> end_watch_ = {};
};

}  // namespace scaler::emulator
