#include "programs/ecs_scaler/commands/parallel.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace scaler::cli {
namespace {

constexpr int kBarWidth = 40;
constexpr const char* kEraseLine = "\r\033[K";

/// One line that is drawn over again, at most once for each percent. Silent when stderr is no
/// terminal.
class Bar {
 public:
  Bar(std::string title, std::size_t count) : title_(std::move(title)), parts_(count) {}
  ~Bar() {
    if (shown_) {
      std::fputs(kEraseLine, stderr);
    }
  }
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;

  void set(std::size_t index, double part) {
    if (!terminal_) {
      return;
    }
    const std::lock_guard lock(mutex_);
    sum_ += part - parts_.at(index);
    parts_.at(index) = part;
    const int percent = static_cast<int>(100 * sum_ / static_cast<double>(parts_.size()));
    if (percent == percent_) {
      return;
    }
    percent_ = percent;
    const auto filled = static_cast<std::size_t>(percent * kBarWidth / 100);
    fmt::print(stderr, "{}{} [{}{}] {} %", kEraseLine, title_, std::string(filled, '#'),
               std::string(kBarWidth - filled, '.'), percent);
    std::fflush(stderr);
    shown_ = true;
  }

 private:
  std::string title_;
  std::vector<double> parts_;
  double sum_ = 0;
  int percent_ = -1;
  bool shown_ = false;
  bool terminal_ = shows_progress();
  std::mutex mutex_ = {};
};

}  // namespace

bool shows_progress() {
  return isatty(STDERR_FILENO) == 1;
}

void run_parallel(
    const std::string& title, std::size_t count,
    const std::function<void(std::size_t, const std::function<void(double)>&)>& work) {
  Bar bar(title, count);
  std::atomic<std::size_t> next{0};
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t workers = std::min(cores, count);
  std::vector<std::jthread> threads;
  threads.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    threads.emplace_back([&] {
      for (std::size_t index = next++; index < count; index = next++) {
        work(index, [&bar, index](double part) { bar.set(index, part); });
        bar.set(index, 1);
      }
    });
  }
}

}  // namespace scaler::cli
