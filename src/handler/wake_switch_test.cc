#include "invocation/wake_switch.h"

#include <gtest/gtest.h>

#include "handler/test_support.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::HandlerTest;

TEST_F(HandlerTest, AWakeDisablesTheMappingWhateverTheDecision) {
  config_.policy = testing::policy({.paused = true});
  aws_.depth = QueueDepth{.in_flight = 2};
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.service->service.desired, 0);
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AWakeThatCannotDisableFailsAndDoublesTheVisibility) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.switching = fail(ErrorKind::Throttled, "UpdateEventSourceMapping: TooManyRequestsException");
  EXPECT_FALSE(wake(4).has_value());
  ASSERT_EQ(aws_.returned.size(), 2U);
  EXPECT_EQ(aws_.returned[0].visibility, 240s);
  EXPECT_FALSE(wake(60).has_value());
  EXPECT_EQ(aws_.returned[2].visibility, 12h);
}

TEST_F(HandlerTest, AWakeAcceptsThatATwinDisabledTheMapping) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.switching = fail(ErrorKind::Conflict, "ResourceInUseException");
  aws_.effect_despite_error = true;
  EXPECT_TRUE(wake().has_value());
}

TEST_F(HandlerTest, AWakeWhoseMappingWouldDeleteTheMessagesFails) {
  aws_.mappings[0].reports_failures = false;
  const Result<std::string> answer = wake();
  ASSERT_FALSE(answer.has_value());
  EXPECT_NE(answer.error().message.find("lacks ReportBatchItemFailures"), std::string::npos);
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AScheduleEnablesTheMappingOnlyAtRest) {
  aws_.mappings[0].enabled = false;
  aws_.service->service = testing::tasks(3);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
  aws_.service->service = testing::tasks(0);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_TRUE(aws_.mappings[0].enabled);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.switches, 1);
}

TEST_F(HandlerTest, AScheduleKeepsTheMappingOffWhileMessagesWait) {
  config_.policy =
      testing::policy({.mode = Mode::Backlog, .backlog_per_task = 1, .activation_backlog = 5});
  aws_.depth = QueueDepth{.visible = 1};
  EXPECT_TRUE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AScheduleKeepsTheMappingOffWhenPaused) {
  config_.policy = testing::policy({.scale_out_paused = true});
  EXPECT_TRUE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AScheduleLeavesAMappingInTransitionToTheNext) {
  aws_.mappings[0].enabled = false;
  aws_.mappings[0].in_transition = true;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.switches, 0);
}

TEST_F(HandlerTest, AScheduleNeverEnablesAMappingThatWouldDelete) {
  aws_.mappings[0].enabled = false;
  aws_.mappings[0].reports_failures = false;
  EXPECT_FALSE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, WithoutWakeTheMappingIsNeverAskedFor) {
  config_.wake = false;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.finds, 0);
}

TEST_F(HandlerTest, AWakeDisablesAlsoWhenTheServiceIsDenied) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.service = fail(ErrorKind::Unauthorized, "DescribeServices: AccessDeniedException");
  EXPECT_FALSE(wake().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
  EXPECT_EQ(aws_.returned.size(), 2U);
}

TEST_F(HandlerTest, AWakeDisablesAlsoWhenTheQueueIsThrottledOrBelowActivation) {
  config_.policy =
      testing::policy({.mode = Mode::Backlog, .backlog_per_task = 1, .activation_backlog = 5});
  aws_.depth = QueueDepth{.in_flight = 2};
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.service->service.desired, 0);
  EXPECT_FALSE(aws_.mappings[0].enabled);
  aws_.mappings[0].enabled = true;
  aws_.depth = fail(ErrorKind::Throttled, "GetQueueAttributes: RequestThrottled");
  EXPECT_FALSE(wake().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AWakeFailsWhileSomeoneElseChangesTheMapping) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.switching = fail(ErrorKind::Conflict, "ResourceInUseException");
  EXPECT_EQ(wake(2).error().message, "ResourceInUseException");
  EXPECT_TRUE(aws_.mappings[0].enabled);
  EXPECT_EQ(aws_.returned[0].visibility, 60s);
}

TEST_F(HandlerTest, OverlappingWakesSwitchOnce) {
  aws_.depth = QueueDepth{.in_flight = 2};
  EXPECT_TRUE(wake().has_value());
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.switches, 1);
  EXPECT_EQ(aws_.returned.size(), 4U);
}

TEST_F(HandlerTest, AWakeWithoutAMappingFails) {
  aws_.finding = fail(ErrorKind::NotFound, "no mapping");
  EXPECT_EQ(wake().error().message, "no mapping");
}

TEST_F(HandlerTest, AScheduleThatIsBlindLeavesTheMappingAsItIs) {
  aws_.depth = fail(ErrorKind::Throttled, "GetQueueAttributes: RequestThrottled");
  EXPECT_FALSE(schedule().has_value());
  EXPECT_TRUE(aws_.mappings[0].enabled);
  aws_.mappings[0].enabled = false;
  EXPECT_FALSE(schedule().has_value());
  aws_.depth = QueueDepth{};
  aws_.service = fail(ErrorKind::Throttled, "DescribeServices: ThrottlingException");
  EXPECT_FALSE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
  EXPECT_EQ(aws_.switches, 0);
}

TEST_F(HandlerTest, AScheduleDisablesWhatWasEnabledByHandAlsoWhenTheQueueIsUnreadable) {
  aws_.service->service = testing::tasks(3);
  aws_.depth = fail(ErrorKind::Throttled, "GetQueueAttributes: RequestThrottled");
  EXPECT_FALSE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AScheduleWhoseAnswerWasLostIsDoneAllTheSame) {
  aws_.mappings[0].enabled = false;
  aws_.switching = fail(ErrorKind::Conflict, "ResourceInUseException");
  aws_.effect_despite_error = true;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_TRUE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, AScheduleDisablesAMappingThatWouldDelete) {
  aws_.mappings[0].reports_failures = false;
  EXPECT_FALSE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, WakeIsRefusedOnAQueueThatDeadLettersTooSoon) {
  aws_.wake_settings = WakeSettings{.receives_max = 4};
  EXPECT_EQ(schedule().error().message,
            "WAKE is true, but maxReceiveCount of https://sqs/1/jobs is 4: wakes use up receives, "
            "so it must be at least 5, or there must be no dead-letter queue");
  EXPECT_FALSE(aws_.mappings[0].enabled);
  EXPECT_FALSE(schedule().has_value());
  aws_.wake_settings = WakeSettings{};
  EXPECT_TRUE(schedule().has_value());
  EXPECT_TRUE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, WakeIsRefusedOnAFifoQueue) {
  aws_.wake_settings = WakeSettings{.fifo = true};
  EXPECT_TRUE(
      schedule().error().message.starts_with("WAKE is true, but https://sqs/1/jobs is FIFO: "));
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, OnAFifoQueueTheScheduleAndTheTicksGoOn) {
  config_.queue_url = "https://sqs/1/jobs.fifo";
  config_.tick_queue_url = "https://sqs/1/ticks";
  config_.tick = 30s;
  aws_.wake_settings = WakeSettings{.fifo = true};
  aws_.finding = fail(ErrorKind::NotFound, "no mapping");
  aws_.depth = QueueDepth{.visible = 2};
  EXPECT_NE(schedule().error().message.find("is FIFO: "), std::string::npos);
  EXPECT_EQ(aws_.service->service.desired, 3);
  EXPECT_EQ(aws_.ticks.size(), 1U);
  EXPECT_TRUE(messages(testing::kTicks).has_value());
}

TEST_F(HandlerTest, TheQueueIsAskedAtTheFirstPassAndBeforeEachEnabling) {
  EXPECT_TRUE(schedule().has_value());
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.settings_reads, 1);
  aws_.mappings[0].enabled = false;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.settings_reads, 2);
}

TEST_F(HandlerTest, SettingsThatCannotBeReadEnableNothing) {
  aws_.mappings[0].enabled = false;
  aws_.wake_settings = fail(ErrorKind::Throttled, "GetQueueAttributes: RequestThrottled");
  EXPECT_FALSE(schedule().has_value());
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

TEST_F(HandlerTest, ATickThatWakesTheServiceDisablesTheMapping) {
  config_.tick_queue_url = "https://sqs/1/ticks";
  aws_.depth = QueueDepth{.visible = 2};
  EXPECT_TRUE(messages(testing::kTicks).has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
  EXPECT_FALSE(aws_.mappings[0].enabled);
}

// The function may be invoked by its plain ARN, by an alias or by a version.

TEST_F(HandlerTest, TheMappingIsAskedForByWhatWasInvoked) {
  function_arn_ = std::string(testing::kFunction) + ":live";
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.asked.function_arn, "arn:aws:lambda:us-east-1:1:function:f:live");
  EXPECT_EQ(aws_.asked.queue_arn, testing::kJobs);
  EXPECT_EQ(aws_.finds, 1);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.asked.queue_arn, "");
  EXPECT_EQ(aws_.asked.queue_url, "https://sqs/1/jobs");
}

class SeveralMappings : public HandlerTest {
 protected:
  SeveralMappings() {
    aws_.mappings = {
        {.id = "plain", .function_arn = "f", .enabled = true, .reports_failures = true},
        {.id = "live", .function_arn = "f:live", .enabled = true, .reports_failures = true}};
  }
  void all_enabled(bool enabled) {
    for (MappingStatus& mapping : aws_.mappings) {
      mapping.enabled = enabled;
    }
  }
  std::string enabled() const {
    std::string ids;
    for (const MappingStatus& mapping : aws_.mappings) {
      ids += mapping.enabled ? mapping.id + " " : "";
    }
    return ids;
  }
};

TEST_F(SeveralMappings, AWakeDisablesAll) {
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(enabled(), "");
  EXPECT_EQ(aws_.finds, 1);
}

TEST_F(SeveralMappings, AWakeThatCannotDisableOneDisablesTheOthers) {
  aws_.switching = fail(ErrorKind::Throttled, "TooManyRequestsException");
  EXPECT_FALSE(wake().has_value());
  EXPECT_EQ(aws_.switches, 2);
}

TEST_F(SeveralMappings, AScheduleEnablesTheOneThatIsBoundToWhatWasInvoked) {
  all_enabled(false);
  aws_.mappings[1].invoked = true;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(enabled(), "live ");
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.switches, 1);
}

TEST_F(SeveralMappings, AreOnWhenOneIsEnabled) {
  aws_.mappings[1].enabled = false;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(enabled(), "plain ");
}

TEST_F(SeveralMappings, AScheduleDisablesAllThatAreEnabled) {
  aws_.service->service = testing::tasks(3);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(enabled(), "");
}

TEST_F(SeveralMappings, NoneIsEnabledWhenNoneIsBoundToWhatWasInvoked) {
  all_enabled(false);
  const Result<std::string> answer = schedule();
  ASSERT_FALSE(answer.has_value());
  EXPECT_NE(answer.error().message.find("plain (f), live (f:live), and none is bound to "
                                        "arn:aws:lambda:us-east-1:1:function:f,"),
            std::string::npos)
      << answer.error().message;
  EXPECT_EQ(enabled(), "");
}

TEST_F(SeveralMappings, OneThatWouldDeleteKeepsAllDisabled) {
  aws_.mappings[0].reports_failures = false;
  EXPECT_FALSE(schedule().has_value());
  EXPECT_EQ(enabled(), "");
  aws_.mappings[1].invoked = true;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(enabled(), "live ");
}

TEST_F(SeveralMappings, AWakeByOneThatWouldDeleteFails) {
  aws_.mappings[0].reports_failures = false;
  aws_.mappings[0].invoked = true;
  EXPECT_FALSE(wake().has_value());
  EXPECT_EQ(enabled(), "");
}

}  // namespace
}  // namespace scaler
