#include "edge/aws/side_by_side.h"

#include <algorithm>
#include <system_error>
#include <thread>

namespace scaler::aws {

void SideBySide::run(Works works) {
  if (works.size() == 1) {
    return works.front()();
  }
  next_ = 0;
  workers_ = std::vector<Worker>(std::min(works.size(), kMost));
  std::vector<std::jthread> threads;
  threads.reserve(workers_.size());
  try {
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      threads.emplace_back([this, i, works] { work(i, works); });
    }
  } catch (const std::system_error&) {
    // There may be as few threads as a container allows: those that began do the others' work.
    for (std::size_t i = threads.size(); i < workers_.size(); ++i) {
      workers_[i].ended = true;
    }
  }
  if (threads.empty()) {
    std::ranges::for_each(works, [](const auto& one) { one(); });
    return;
  }
  client_->wait_with(this);
  take_turns();
  client_->wait_with(nullptr);
}

bool SideBySide::can_go_on(const Worker& worker) const {
  return !worker.ended && (worker.waits_for == nullptr || worker.waits_for->open == 0);
}

void SideBySide::take_turns() {
  const auto ended = [](const Worker& worker) { return worker.ended; };
  std::unique_lock lock(mutex_);
  while (!std::ranges::all_of(workers_, ended)) {
    bool some = false;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (can_go_on(workers_[i])) {
        some = true;
        turn_ = i;
        changed_.notify_all();
        changed_.wait(lock, [this] { return turn_ == kNobody; });
      }
    }
    if (!some) {
      client_->run(Deadline::max());
    }
  }
}

void SideBySide::work(std::size_t number, Works works) {
  Worker& worker = workers_[number];
  worker.lock = std::unique_lock(mutex_);
  changed_.wait(worker.lock, [&] { return turn_ == number; });
  while (next_ < works.size()) {
    works[next_++]();
  }
  worker.ended = true;
  turn_ = kNobody;
  changed_.notify_all();
  worker.lock.unlock();
}

void SideBySide::wait(const CallGroup& group) {
  const std::size_t number = turn_;
  Worker& worker = workers_[number];
  worker.waits_for = &group;
  turn_ = kNobody;
  changed_.notify_all();
  changed_.wait(worker.lock, [&] { return turn_ == number; });
  worker.waits_for = nullptr;
}

}  // namespace scaler::aws
