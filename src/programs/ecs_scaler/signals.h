#pragma once
// StopOnSignal: SIGTERM and SIGINT as a stop token. To be made before any other thread starts.

#include <atomic>
#include <csignal>
#include <optional>
#include <stop_token>
#include <thread>

#include "ground/base/log.h"

namespace scaler::cli {

/// Process 1, as in a container, is ended by no signal that it has not asked for: the kernel drops
/// SIGTERM and SIGINT. From now on they end it as they end any other process.
void end_as_first_process();

class StopOnSignal {
 public:
  /// For whoever ends in time by itself.
  StopOnSignal() : StopOnSignal(std::nullopt) {}
  /// For a service: what is under way when it is to stop has 1.5 s, be it in a system call that
  /// nothing interrupts; then the process exits with 0 and a line in the log. SIGHUP is remembered.
  explicit StopOnSignal(const Log& log) : StopOnSignal(std::optional(log)) {}
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  /// Whether SIGHUP came since this was asked last.
  bool take_hangup() { return hangup_.exchange(false); }

 private:
  explicit StopOnSignal(std::optional<Log> log);
  void watch(const std::stop_token& ending);

  std::optional<Log> log_;
  std::stop_source stop_;
  std::atomic<bool> hangup_ = false;
  sigset_t signals_;
  std::jthread watcher_;
};

}  // namespace scaler::cli
