#pragma once
// StopOnSignal: SIGTERM and SIGINT as a stop token. To be made before any other thread starts.

#include <csignal>
#include <stop_token>
#include <thread>

namespace scaler::cli {

class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  sigset_t signals_;
  std::jthread watcher_;
};

}  // namespace scaler::cli
