#include "scaler/invocation/rivalry.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

class Rivals : public ::testing::Test {
 protected:
  /// A look that found a count, and wants another; whether something is told.
  bool look(std::int64_t found, std::int64_t wanted, Duration after = 1s) {
    at_ += after;
    ServiceReading reading{.arn = "arn:s"};
    reading.service.desired = found;
    PassRecord record{.at = at_, .reading = std::move(reading), .decision = Decision{}};
    record.decision->desired = wanted;
    record.outcome = found == wanted ? Outcome::Held : Outcome::Applied;
    told_ = rivalry_.take(record);
    return !told_.empty();
  }

  Rivalry rivalry_;
  Instant at_ = testing::kNoon;
  std::string told_ = {};
};

TEST_F(Rivals, WhoSetsTheCountAgainAndAgainIsToldOnceAnHour) {
  EXPECT_FALSE(look(0, 3));
  EXPECT_FALSE(look(7, 3));
  EXPECT_FALSE(look(3, 3));  // The other one has not looked yet.
  EXPECT_FALSE(look(7, 3));
  EXPECT_TRUE(look(7, 3));
  EXPECT_EQ(told_,
            "something else sets the desired count, too: 3 times within 10 min this program had "
            "set 3 and found more, 7 at last; another scaler, this program with other settings, or "
            "a tool that applies its own count");
  for (int i = 0; i < 3599; ++i) {
    EXPECT_FALSE(look(7, 3));
  }
  EXPECT_TRUE(look(7, 3));
}

TEST_F(Rivals, APersonOrADeploymentIsNone) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(look(0, 3, 6min));
    EXPECT_FALSE(look(8, 3));
    EXPECT_FALSE(look(3, 3));
  }
}

TEST_F(Rivals, CyclesOfWorkAndOverlappingPassesAreNone) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(look(0, 3));
    EXPECT_FALSE(look(3, 3));
    EXPECT_FALSE(look(3, 0));  // The queue is empty.
    EXPECT_FALSE(look(2, 5));  // Another pass has begun to scale out.
    EXPECT_FALSE(look(6, 7));
    EXPECT_FALSE(look(0, 7));  // It has scaled in, and a message has come.
    EXPECT_FALSE(look(9, 9));
    EXPECT_FALSE(look(9, 7));
  }
}

}  // namespace
}  // namespace scaler
