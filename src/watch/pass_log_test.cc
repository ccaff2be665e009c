#include "watch/pass_log.h"

#include <gtest/gtest.h>

#include "scaler/core/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;

PassRecord held(const std::string& service = "worker") {
  return {.id = {"main", service}, .looked = true, .decision = Decision{}};
}

class PassLogTest : public ::testing::Test {
 protected:
  LogLevel level(const PassRecord& record, Duration since_start) {
    return log_.levels(std::span(&record, 1), testing::kNoon + since_start).front();
  }
  PassLog log_ = {};
};

TEST_F(PassLogTest, APassThatChangesNothingIsToldOnceAMinute) {
  EXPECT_EQ(level(held(), 0s), LogLevel::Info);
  EXPECT_EQ(level(held(), 10s), LogLevel::Debug);
  EXPECT_EQ(level(held(), 59s), LogLevel::Debug);
  EXPECT_EQ(level(held(), 60s), LogLevel::Info);
  EXPECT_EQ(level(held(), 119s), LogLevel::Debug);
  EXPECT_EQ(level(held(), -1h), LogLevel::Info);
}

TEST_F(PassLogTest, ChangesAndFailuresAreAlwaysTold) {
  level(held(), 0s);
  PassRecord out = held();
  out.decision->action = Action::ScaleOut;
  PassRecord failed = held();
  failed.errors = {"denied"};
  EXPECT_EQ(level(out, 1s), LogLevel::Info);
  EXPECT_EQ(level(failed, 2s), LogLevel::Error);
  EXPECT_EQ(level(held(), 60s), LogLevel::Debug);
  EXPECT_EQ(level(held(), 62s), LogLevel::Info);
}

TEST_F(PassLogTest, EachServiceHasAMinuteOfItsOwn) {
  level(held("a"), 0s);
  const std::vector<PassRecord> both{held("a"), held("b")};
  EXPECT_EQ(log_.levels(both, testing::kNoon + 1s), (std::vector{LogLevel::Debug, LogLevel::Info}));
}

TEST_F(PassLogTest, WhoWasNotLookedAtIsDueAtTheNextLook) {
  PassRecord unseen = held();
  unseen.looked = false;
  level(unseen, 0s);
  EXPECT_EQ(level(held(), 1s), LogLevel::Info);
}

}  // namespace
}  // namespace scaler
