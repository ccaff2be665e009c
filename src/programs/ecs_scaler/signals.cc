#include "programs/ecs_scaler/signals.h"

#include <cstdlib>
#include <unistd.h>
#include <utility>

namespace scaler::cli {
namespace {

constexpr Duration kGrace = std::chrono::milliseconds(1500);

}  // namespace

void end_as_first_process() {
  if (::getpid() == 1) {
    for (const int signal : {SIGTERM, SIGINT}) {
      std::signal(signal, [](int received) { ::_exit(128 + received); });
    }
  }
}

StopOnSignal::StopOnSignal(std::optional<Log> log) : log_(std::move(log)), signals_() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGTERM);
  sigaddset(&signals_, SIGINT);
  if (log_) {
    sigaddset(&signals_, SIGHUP);
  }
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  watcher_ = std::jthread([this](const std::stop_token& ending) { watch(ending); });
}

void StopOnSignal::watch(const std::stop_token& ending) {
  // Bounded waits, so that the watcher also ends when no signal ever comes.
  constexpr timespec kBound{.tv_sec = 0, .tv_nsec = 100'000'000};
  std::optional<Deadline> overdue;
  while (!ending.stop_requested()) {
    const int signal = sigtimedwait(&signals_, nullptr, &kBound);
    if (signal == SIGHUP) {
      hangup_ = true;
    } else if (signal > 0) {
      stop_.request_stop();
      overdue = overdue.value_or(after(kGrace));
    }
    if (log_ && overdue && system_clock().steady() >= *overdue && !ending.stop_requested()) {
      log_->write(LogLevel::Warn, "stopped: what was under way did not end in time",
                  {{"waited", format_duration(kGrace)}});
      std::quick_exit(0);  // Which ends the commands that run.
    }
  }
}

StopOnSignal::~StopOnSignal() {
  watcher_.request_stop();
  watcher_.join();
}

}  // namespace scaler::cli
