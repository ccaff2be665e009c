#include "cli/signals.h"

namespace scaler::cli {

StopOnSignal::StopOnSignal() : signals_() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  watcher_ = std::jthread([this](const std::stop_token& ending) {
    // Bounded waits, so that the watcher also ends when no signal ever comes.
    constexpr timespec kBound{.tv_sec = 0, .tv_nsec = 100'000'000};
    while (!ending.stop_requested()) {
      if (sigtimedwait(&signals_, nullptr, &kBound) > 0) {
        stop_.request_stop();
      }
    }
  });
}

StopOnSignal::~StopOnSignal() {
  watcher_.request_stop();
  watcher_.join();
}

}  // namespace scaler::cli
