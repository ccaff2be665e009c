#include "emulator/request/world_clock.h"

#include <gtest/gtest.h>

namespace scaler::emulator {
namespace {

using namespace std::chrono_literals;

class SetClock final : public Clock {
 public:
  Instant now() const override { return wall; }
  Deadline steady() const override { return passed; }
  bool wait_until(Instant, const std::stop_token&) override { return true; }

  Instant wall = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 12h;
  Deadline passed = {};
};

TEST(WorldClock, GoesOnWhenTheMachinesIsSetBack) {
  SetClock machine;
  WorldClock clock(machine);
  const Instant noon = machine.wall;

  machine.wall -= 1h;
  machine.passed += 1500us;
  EXPECT_EQ(clock.now(), noon + 1ms);
  machine.passed += 500us;
  EXPECT_EQ(clock.now(), noon + 2ms);
  machine.wall += 30s;
  machine.passed += 30s;
  EXPECT_EQ(clock.now(), noon + 30s + 2ms);
}

// A program of the same machine found a service to be made 38 ms later than it was asked for.
TEST(WorldClock, WaitsForAClockThatWasSetRight) {
  SetClock machine;
  WorldClock clock(machine);
  const Instant noon = machine.wall;

  machine.wall -= 38ms;
  machine.passed += 20ms;
  EXPECT_EQ(clock.now(), noon);
  machine.wall += 40ms;
  machine.passed += 20ms;
  EXPECT_EQ(clock.now(), noon + 2ms);
}

TEST(WorldClock, IsTheMachinesWhenThatIsAhead) {
  SetClock machine;
  WorldClock clock(machine);
  const Instant noon = machine.wall;

  machine.wall += 8h;  // It slept: no steady time has passed.
  EXPECT_EQ(clock.now(), noon + 8h);
  EXPECT_EQ(clock.now(), noon + 8h);
}

}  // namespace
}  // namespace scaler::emulator
