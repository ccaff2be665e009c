#include "emulator/request/world_clock.h"

#include <algorithm>

namespace scaler::emulator {

Instant WorldClock::now() {
  const auto passed = std::chrono::floor<Duration>(machine_.steady() - latest_at_);
  latest_at_ += passed;  // What is less than a millisecond counts the next time.
  // A clock that was set right by some milliseconds is waited for: who reads it must not find that
  // what has just been made here is of the future.
  const Instant told = machine_.now();
  latest_ = latest_ - told < kWaitedFor ? std::max(latest_, told) : latest_ + passed;
  return latest_;
}

}  // namespace scaler::emulator
