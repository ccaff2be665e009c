#pragma once
// WorldClock: the time of the embedded AWS. It is the machine's, but a clock that is set back does
// not stop the world until it has caught up: time goes on from where it was. Only what is less than
// a second is waited for.

#include "ground/base/clock.h"

namespace scaler::emulator {

class WorldClock {
 public:
  explicit WorldClock(const Clock& machine)
      : machine_(machine), latest_(machine.now()), latest_at_(machine.steady()) {}

  /// Never earlier than what it said before.
  Instant now();

 private:
  static constexpr Duration kWaitedFor = std::chrono::seconds(1);

  const Clock& machine_;
  Instant latest_;
  Deadline latest_at_;
};

}  // namespace scaler::emulator
