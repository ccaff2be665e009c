#include "emulator/request/world_clock.h"

#include <algorithm>

namespace scaler::emulator {

Instant WorldClock::now() {
  const auto passed = std::chrono::floor<Duration>(machine_.steady() - latest_at_);
  latest_at_ += passed;  // What is less than a millisecond counts the next time.
  latest_ = std::max(machine_.now(), latest_ + passed);
  return latest_;
}

}  // namespace scaler::emulator
