// When the job queue's own mapping is on, what keeps it off, and which of several is meant.
#include "scaler/invocation/wake_switch.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scaler/invocation/test_support.h"
#include "scaler/pass/test_support.h"

namespace scaler {
namespace {

using ::testing::ElementsAre;
using testing::fixed;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::policy;
using ::testing::StartsWith;
using testing::tasks;

constexpr const char* kJobs = "https://sqs/1/jobs";
constexpr const char* kJobsArn = "arn:aws:sqs:us-east-1:1:jobs";

/// A pass that found so many tasks and wants so many.
PassRecord found(std::int64_t desired, std::int64_t wanted, bool empty = true) {
  return {.reading = ServiceReading{.service = tasks(desired)},
          .queues = {QueueDepth{.visible = empty ? 0 : 1}},
          .decision = Decision{.desired = wanted, .before = desired, .empty = empty}};
}

PassRecord at_rest() {
  return found(0, 0);
}

PassRecord busy() {
  return found(3, 3, false);
}

PassRecord without_decision(PassRecord record) {
  record.decision.reset();
  return record;
}

PassRecord without_queue(PassRecord record) {
  record.queues = {fail(ErrorKind::Throttled, "slow down")};
  record.decision->empty = false;
  return record;
}

PassRecord without_service() {
  return {.reading = fail(ErrorKind::Throttled, "slow down"), .queues = {QueueDepth{}}};
}

class WakeSwitchTest : public ::testing::Test {
 protected:
  Result<void> follow(const PassRecord& record) { return made().follow(record, Deadline::max()); }
  Result<void> disable() { return made().disable(kJobsArn, Deadline::max()); }

  WakeSwitch& made() {
    if (!switch_) {
      switch_.emplace(url_, policy_, function_, function_);
      switch_->invoked_as(std::string(testing::kFunction));
    }
    return *switch_;
  }
  MappingStatus& mapping() { return function_.mappings.front(); }
  bool on() const { return !function_.enabled().empty(); }

  std::string url_ = kJobs;
  Policy policy_ = fixed(3);
  testing::FakeFunction function_;
  std::optional<WakeSwitch> switch_;
};

// --- when it is on
// -----------------------------------------------------------------------------

/// What becomes of the mapping.
enum class Then { On, Off, AsItWas };

struct Case {
  const char* what;
  PassRecord record;
  Then then;
  Policy policy = fixed(3);
};

TEST_F(WakeSwitchTest, IsOnOnlyAtRest) {
  const std::vector<Case> cases{
      {"at rest", at_rest(), Then::On},
      {"tasks", found(3, 3), Then::Off},
      {"tasks that are stopped", found(3, 0), Then::Off},
      {"tasks that are started", found(0, 3, false), Then::Off},
      {"tasks that are wanted without a message", found(0, 1), Then::Off},
      {"messages below the activation", found(0, 0, false), Then::Off},
      {"paused", at_rest(), Then::Off, policy({.paused = true})},
      {"no scale-out", at_rest(), Then::Off, policy({.scale_out_paused = true})},
      {"tasks, and nothing else is known", without_decision(found(3, 0)), Then::Off},
      {"tasks, and no queue", without_queue(busy()), Then::Off},
      {"no tasks, and nothing else is known", without_decision(at_rest()), Then::AsItWas},
      {"no tasks, and no queue", without_queue(at_rest()), Then::AsItWas},
      {"no service", without_service(), Then::AsItWas}};
  for (const Case& one : cases) {
    policy_ = one.policy;
    switch_.reset();
    for (const bool before : {false, true}) {
      mapping().enabled = before;
      EXPECT_TRUE(follow(one.record)) << one.what;
      EXPECT_EQ(on(), one.then == Then::AsItWas ? before : one.then == Then::On) << one.what;
    }
  }
}

TEST_F(WakeSwitchTest, WhatIsRightIsNotSetAgain) {
  EXPECT_TRUE(follow(at_rest()));
  mapping().enabled = false;
  EXPECT_TRUE(follow(busy()));
  EXPECT_TRUE(disable());
  EXPECT_EQ(function_.switches, 0);
}

TEST_F(WakeSwitchTest, TheMappingIsAskedForByTheQueueAndWhatWasInvoked) {
  made().invoked_as("arn:aws:lambda:us-east-1:1:function:f:live");
  EXPECT_TRUE(disable());
  EXPECT_EQ(function_.asked.function_arn, "arn:aws:lambda:us-east-1:1:function:f:live");
  EXPECT_EQ(function_.asked.queue_arn, kJobsArn);
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.asked.queue_arn, "");  // It follows from the URL.
  EXPECT_EQ(function_.asked.queue_url, kJobs);
}

TEST_F(WakeSwitchTest, TheOnlyMappingIsMeantWhateverWasInvoked) {
  mapping().invoked = false;
  mapping().enabled = false;
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_TRUE(on());
}

TEST_F(WakeSwitchTest, WithoutAMappingBothFail) {
  function_.finding = fail(ErrorKind::NotFound, "no mapping");
  EXPECT_EQ(follow(at_rest()).error().message, "no mapping");
  EXPECT_EQ(disable().error().message, "no mapping");
}

// --- changes that others make, and those that fail
// ---------------------------------------------

TEST_F(WakeSwitchTest, AScheduleLeavesAMappingInTransitionToTheNext) {
  mapping().in_transition = true;
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.switches, 0);
  mapping().in_transition = false;
  function_.failures["uuid"] = {ErrorKind::Conflict, "ResourceInUseException"};
  EXPECT_TRUE(follow(busy()));
  EXPECT_TRUE(on());
}

TEST_F(WakeSwitchTest, AChangeThatFailsIsTold) {
  function_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_EQ(disable().error().message, "TooManyRequestsException");
  EXPECT_EQ(function_.finds, 1);
  EXPECT_EQ(follow(busy()).error().message, "TooManyRequestsException");
  mapping().enabled = false;
  EXPECT_EQ(follow(at_rest()).error().message, "TooManyRequestsException");
}

TEST_F(WakeSwitchTest, AWakeAcceptsThatATwinWasQuicker) {
  function_.failures["uuid"] = {ErrorKind::Conflict, "ResourceInUseException"};
  function_.effect_despite_error = true;
  EXPECT_TRUE(disable());
  mapping().enabled = true;
  function_.after_switch = [this] {
    mapping() = {.id = "another", .enabled = true, .reports_failures = true};
  };
  EXPECT_TRUE(disable()) << "the one that delivered is gone";
}

TEST_F(WakeSwitchTest, AWakeFailsWhileSomeoneElseChangesTheMapping) {
  function_.failures["uuid"] = {ErrorKind::Conflict, "ResourceInUseException"};
  EXPECT_EQ(disable().error().message, "ResourceInUseException");
  function_.after_switch = [this] { function_.finding = fail(ErrorKind::Throttled, "slow down"); };
  EXPECT_EQ(disable().error().message, "slow down");
}

// --- queues and mappings that are unfit
// --------------------------------------------------------

TEST_F(WakeSwitchTest, AMappingThatWouldDeleteIsKeptOff) {
  mapping().reports_failures = false;
  EXPECT_THAT(follow(at_rest()).error().message,
              StartsWith("the event source mapping uuid lacks ReportBatchItemFailures"));
  EXPECT_FALSE(on());
  EXPECT_FALSE(follow(at_rest()));
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, AWakeByAMappingThatWouldDeleteFailsAfterDisablingIt) {
  mapping().reports_failures = false;
  EXPECT_THAT(disable().error().message, HasSubstr("lacks ReportBatchItemFailures"));
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, AQueueThatDeadLettersTooSoonIsRefusedUntilItIsMended) {
  function_.wake_settings = WakeSettings{.receives_max = 4};
  EXPECT_EQ(follow(at_rest()).error().message,
            "WAKE is true, but maxReceiveCount of https://sqs/1/jobs is 4: wakes use up receives, "
            "so it must be at least 5, or there must be no dead-letter queue");
  EXPECT_FALSE(on());
  EXPECT_FALSE(follow(at_rest()));
  function_.wake_settings = WakeSettings{};
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_TRUE(on());
}

TEST_F(WakeSwitchTest, AFifoQueueIsRefused) {
  function_.wake_settings = WakeSettings{.fifo = true};
  EXPECT_THAT(follow(at_rest()).error().message,
              StartsWith("WAKE is true, but https://sqs/1/jobs is FIFO: "));
  EXPECT_FALSE(on());
}

// Nobody can make a mapping for it that would be found.
TEST_F(WakeSwitchTest, AFifoQueueWithoutAMappingIsRefusedForWhatItIs) {
  function_.finding = fail(ErrorKind::NotFound, "no mapping");
  url_ = "https://sqs/1/jobs.fifo";
  EXPECT_THAT(follow(at_rest()).error().message, HasSubstr("jobs.fifo is FIFO: "));
  function_.finding = fail(ErrorKind::Throttled, "slow down");
  EXPECT_EQ(follow(at_rest()).error().message, "slow down");
}

TEST_F(WakeSwitchTest, TheQueueIsAskedAtTheFirstPassAndBeforeEachEnabling) {
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.settings_reads, 1);
  EXPECT_TRUE(follow(busy()));
  EXPECT_EQ(function_.settings_reads, 1);
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_EQ(function_.settings_reads, 2);
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_EQ(function_.settings_reads, 2);
}

TEST_F(WakeSwitchTest, AnUnfitQueueIsToldAlsoWhileTasksRun) {
  function_.wake_settings = WakeSettings{.fifo = true};
  EXPECT_THAT(follow(busy()).error().message, HasSubstr("is FIFO"));
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, SettingsThatCannotBeReadForNowChangeNothing) {
  function_.wake_settings = fail(ErrorKind::Throttled, "slow down");
  for (const bool before : {false, true}) {
    mapping().enabled = before;
    EXPECT_EQ(follow(at_rest()).error().message, "slow down");
    EXPECT_EQ(on(), before);
  }
}

TEST_F(WakeSwitchTest, SettingsThatMayNotBeReadKeepItOff) {
  function_.wake_settings = fail(ErrorKind::Denied, "AccessDenied");
  EXPECT_EQ(follow(at_rest()).error().message, "AccessDenied");
  EXPECT_FALSE(on());
}

TEST_F(WakeSwitchTest, WhyItIsUnfitIsToldRatherThanThatItCouldNotBeDisabled) {
  mapping().reports_failures = false;
  function_.failures["uuid"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_THAT(follow(at_rest()).error().message, HasSubstr("lacks ReportBatchItemFailures"));
}

// --- several mappings
// --------------------------------------------------------------------------

class SeveralMappings : public WakeSwitchTest {
 protected:
  SeveralMappings() {
    function_.mappings = {
        {.id = "plain", .function_arn = "f", .enabled = true, .reports_failures = true},
        {.id = "live", .function_arn = "f:live", .enabled = true, .reports_failures = true}};
  }
  void none_enabled() {
    for (MappingStatus& mapping : function_.mappings) {
      mapping.enabled = false;
    }
  }
  MappingStatus& live() { return function_.mappings[1]; }
};

TEST_F(SeveralMappings, AreOneSwitchThatIsOnWhenOneIsEnabled) {
  live().enabled = false;
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), ElementsAre("plain"));
}

TEST_F(SeveralMappings, AreAllDisabled) {
  EXPECT_TRUE(disable());
  EXPECT_THAT(function_.enabled(), IsEmpty());
  live().enabled = true;
  EXPECT_TRUE(follow(busy()));
  EXPECT_THAT(function_.enabled(), IsEmpty());
}

TEST_F(SeveralMappings, OneThatCannotBeDisabledLeavesTheOthersNoExcuse) {
  function_.failures["plain"] = {ErrorKind::Throttled, "TooManyRequestsException"};
  EXPECT_EQ(disable().error().message, "TooManyRequestsException");
  EXPECT_THAT(function_.enabled(), ElementsAre("plain"));
}

TEST_F(SeveralMappings, OnlyTheOneThatIsBoundToWhatWasInvokedIsEnabled) {
  none_enabled();
  live().invoked = true;
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), ElementsAre("live"));
}

TEST_F(SeveralMappings, NoneIsEnabledWhenNoneIsBoundToWhatWasInvoked) {
  none_enabled();
  EXPECT_THAT(follow(at_rest()).error().message,
              HasSubstr("several of this function, plain (f), live (f:live), and none is bound to "
                        "arn:aws:lambda:us-east-1:1:function:f,"));
  EXPECT_THAT(function_.enabled(), IsEmpty());
}

TEST_F(SeveralMappings, OneThatWouldDeleteKeepsAllOffWhileItDeliversOrCould) {
  mapping().reports_failures = false;
  EXPECT_FALSE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), IsEmpty());
  EXPECT_THAT(follow(at_rest()).error().message, HasSubstr("mapping plain lacks"))
      << "which is bound to what was invoked is not known";
  mapping().invoked = true;
  EXPECT_FALSE(follow(at_rest()));
  mapping().invoked = false;
  live().invoked = true;
  mapping().enabled = true;
  EXPECT_FALSE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), IsEmpty());
  EXPECT_TRUE(follow(at_rest()));
  EXPECT_THAT(function_.enabled(), ElementsAre("live"));
}

}  // namespace
}  // namespace scaler
