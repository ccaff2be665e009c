#include "handler/handler.h"

#include <fcntl.h>

#include <gtest/gtest.h>

#include "core/test_support.h"
#include "json/writer.h"
#include "state/state_text.h"

namespace scaler {
namespace {

using namespace std::chrono_literals;
using testing::kNoon;

class FixedClock final : public Clock {
 public:
  Instant now() const override { return at; }
  bool wait_until(Instant, const std::stop_token&) override { return true; }
  Instant at = kNoon;
};

/// Everything outside, as plain data that a test sets and looks at.
class FakeAws final : public CloudReader,
                      public ServiceScaler,
                      public StateWriter,
                      public JobMessages,
                      public WakeMapping {
 public:
  ReadResponse read(const ReadRequest& /*request*/, Deadline) override {
    return {.queues = {depth}, .services = {service}};
  }
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes, Deadline) override {
    if (scaling) {
      service->service.desired = changes.front().desired;
    }
    return {scaling};
  }
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline) override {
    service->saved_state = states.front().text;
    return {Result<void>()};
  }
  std::vector<Result<void>> hand_back(const std::string& /*queue_url*/,
                                      std::span<const ReturnedMessage> messages,
                                      Deadline) override {
    returned.insert(returned.end(), messages.begin(), messages.end());
    return std::vector<Result<void>>(messages.size(), returning);
  }
  Result<std::optional<MappingStatus>> find(const std::string& queue_path, Deadline) override {
    ++finds;
    EXPECT_EQ(queue_path, "1/jobs");
    return mapping;
  }
  Result<void> set_enabled(const std::string& /*id*/, bool enabled, Deadline) override {
    ++switches;
    if (switching && mapping.value()) {
      mapping.value()->enabled = enabled;
    }
    if (!switching && disabled_by_twin) {
      mapping.value()->enabled = false;
    }
    return switching;
  }

  Result<QueueDepth> depth = QueueDepth{};
  Result<ServiceReading> service = ServiceReading{.arn = "arn:s"};
  Result<void> scaling = {};
  Result<void> returning = {};
  Result<void> switching = {};
  bool disabled_by_twin = false;
  Result<std::optional<MappingStatus>> mapping =
      std::optional(MappingStatus{.id = "uuid", .enabled = true, .reports_failures = true});
  std::vector<ReturnedMessage> returned = {};
  int finds = 0;
  int switches = 0;
};

class HandlerTest : public ::testing::Test {
 public:
  HandlerTest() : null_(open("/dev/null", O_WRONLY)), log_(null_, LogLevel::Fatal, clock_) {}
  ~HandlerTest() override { close(null_); }

 protected:
  Result<std::string> handle(std::string_view event) {
    if (!handler_) {
      handler_.emplace(config_,
                       HandlerPorts{.reader = aws_,
                                    .scaler = aws_,
                                    .states = aws_,
                                    .messages = aws_,
                                    .mapping = aws_,
                                    .clock = clock_},
                       log_);
    }
    return handler_->handle(event, after(1min));
  }

  Result<std::string> schedule() { return handle(R"({"source":"aws.events","detail":{}})"); }

  Result<std::string> wake(std::string_view arn = "arn:aws:sqs:us-east-1:1:jobs",
                           int receives = 1) {
    json::Writer event;
    event.begin_object().name("Records").begin_array();
    for (const char* id : {"m1", "m2"}) {
      event.begin_object()
          .field("messageId", id)
          .field("receiptHandle", std::string("handle-") + id)
          .field("eventSource", "aws:sqs")
          .field("eventSourceARN", arn)
          .name("attributes")
          .begin_object()
          .field("ApproximateReceiveCount", std::to_string(receives))
          .end_object()
          .end_object();
    }
    event.end_array().end_object();
    return handle(event.text());
  }

  FixedClock clock_;
  int null_;
  Log log_;
  FakeAws aws_;
  ServiceConfig config_{.id = {"c", "s"},
                        .queue_url = "https://sqs/1/jobs",
                        .policy = testing::fixed(3),
                        .wake = true};
  std::optional<Handler> handler_;
};

TEST_F(HandlerTest, AnswersAScheduleInTheSeedsShape) {
  aws_.depth = QueueDepth{.visible = 5};
  const Result<std::string> answer = schedule();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(
      *answer,
      R"({"statusCode":200,"body":{"trigger_source":"schedule","queue_depth":5,"in_flight":0,)"
      R"("delayed":0,"current_tasks":0,"running_tasks":0,"desired_tasks":3,)"
      R"("action_taken":"scale_out","timestamp":"2026-11-23T12:00:00Z","steps":[)"
      R"({"rule":"backlog","tasks":3,"note":"5 visible = 5 messages; fixed target -> 3"},)"
      R"({"rule":"activation","tasks":3,"note":"at zero with 5 messages, woken from 1 on -> 3"}]}})");
}

TEST_F(HandlerTest, AWakeScalesOutAndReturnsEveryMessage) {
  aws_.depth = QueueDepth{.in_flight = 2};
  const Result<std::string> answer = wake();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_NE(
      answer->find(R"("batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}])"),
      std::string::npos);
  EXPECT_EQ(aws_.service->service.desired, 3);
  ASSERT_EQ(aws_.returned.size(), 2U);
  EXPECT_EQ(aws_.returned[0].receipt_handle, "handle-m1");
  EXPECT_EQ(aws_.returned[0].visibility, 30s);
  EXPECT_FALSE((*aws_.mapping)->enabled);
}

TEST_F(HandlerTest, AWakeDisablesTheMappingWhateverTheDecision) {
  config_.policy = testing::policy({.paused = true});
  aws_.depth = QueueDepth{.in_flight = 2};
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.service->service.desired, 0);
  EXPECT_FALSE((*aws_.mapping)->enabled);
}

TEST_F(HandlerTest, AWakeThatCannotScaleFailsAndStillReturnsItsMessages) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.scaling = fail(ErrorKind::Rejected, "UpdateService c/s: AccessDeniedException");
  const Result<std::string> answer = wake();
  EXPECT_EQ(answer.error().message, "UpdateService c/s: AccessDeniedException");
  EXPECT_EQ(aws_.returned.size(), 2U);
  EXPECT_FALSE((*aws_.mapping)->enabled);
}

TEST_F(HandlerTest, AWakeThatCannotDisableFailsAndDoublesTheVisibility) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.switching = fail(ErrorKind::Throttled, "UpdateEventSourceMapping: TooManyRequestsException");
  EXPECT_FALSE(wake("arn:aws:sqs:us-east-1:1:jobs", 4).has_value());
  ASSERT_EQ(aws_.returned.size(), 2U);
  EXPECT_EQ(aws_.returned[0].visibility, 240s);
  EXPECT_FALSE(wake("arn:aws:sqs:us-east-1:1:jobs", 60).has_value());
  EXPECT_EQ(aws_.returned[2].visibility, 12h);
}

TEST_F(HandlerTest, AWakeAcceptsThatATwinDisabledTheMapping) {
  aws_.depth = QueueDepth{.in_flight = 2};
  aws_.switching = fail(ErrorKind::Conflict, "ResourceInUseException");
  aws_.disabled_by_twin = true;
  EXPECT_TRUE(wake().has_value());
}

TEST_F(HandlerTest, AWakeWhoseMappingWouldDeleteTheMessagesFails) {
  aws_.mapping.value()->reports_failures = false;
  const Result<std::string> answer = wake();
  ASSERT_FALSE(answer.has_value());
  EXPECT_NE(answer.error().message.find("lacks ReportBatchItemFailures"), std::string::npos);
}

TEST_F(HandlerTest, AWakeNeverScalesIn) {
  aws_.service->service = testing::tasks(3);
  aws_.service->saved_state = format_state({.empty_since = kNoon - 1h, .empty_observations = 9});
  EXPECT_TRUE(wake().has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(HandlerTest, RecordsOfAnotherQueueAreNotConsumed) {
  const Result<std::string> answer = wake("arn:aws:sqs:us-east-1:1:other");
  ASSERT_FALSE(answer.has_value());
  EXPECT_NE(answer.error().message.find("none is consumed"), std::string::npos);
  EXPECT_TRUE(aws_.returned.empty());
}

TEST_F(HandlerTest, AScheduleEnablesTheMappingOnlyAtRest) {
  aws_.mapping.value()->enabled = false;
  aws_.service->service = testing::tasks(3);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_FALSE((*aws_.mapping)->enabled);
  aws_.service->service = testing::tasks(0);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_TRUE((*aws_.mapping)->enabled);
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.switches, 1);
}

TEST_F(HandlerTest, AScheduleKeepsTheMappingOffWhileMessagesWait) {
  config_.policy =
      testing::policy({.mode = Mode::Backlog, .backlog_per_task = 1, .activation_backlog = 5});
  aws_.depth = QueueDepth{.visible = 1};
  EXPECT_TRUE(schedule().has_value());
  EXPECT_FALSE((*aws_.mapping)->enabled);
}

TEST_F(HandlerTest, AScheduleKeepsTheMappingOffWhenPaused) {
  config_.policy = testing::policy({.scale_out_paused = true});
  EXPECT_TRUE(schedule().has_value());
  EXPECT_FALSE((*aws_.mapping)->enabled);
}

TEST_F(HandlerTest, AScheduleLeavesAMappingInTransitionToTheNext) {
  aws_.mapping.value()->enabled = false;
  aws_.mapping.value()->in_transition = true;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.switches, 0);
}

TEST_F(HandlerTest, AScheduleNeverEnablesAMappingThatWouldDelete) {
  aws_.mapping.value()->enabled = false;
  aws_.mapping.value()->reports_failures = false;
  EXPECT_FALSE(schedule().has_value());
  EXPECT_FALSE((*aws_.mapping)->enabled);
}

TEST_F(HandlerTest, WithoutWakeTheMappingIsNeverAskedFor) {
  config_.wake = false;
  EXPECT_TRUE(schedule().has_value());
  EXPECT_EQ(aws_.finds, 0);
}

TEST_F(HandlerTest, AQueueThatCannotBeReadIsAFailedInvocation) {
  aws_.depth = fail(ErrorKind::Throttled, "GetQueueAttributes jobs: RequestThrottled");
  aws_.service->service = testing::tasks(3);
  EXPECT_EQ(schedule().error().message, "GetQueueAttributes jobs: RequestThrottled");
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(HandlerTest, ADryRunChangesAndRemembersNothing) {
  aws_.depth = QueueDepth{.visible = 5};
  const Result<std::string> answer = handle(R"({"dry_run":true})");
  ASSERT_TRUE(answer.has_value());
  EXPECT_NE(answer->find(R"("action_taken":"scale_out")"), std::string::npos);
  EXPECT_EQ(aws_.service->service.desired, 0);
  EXPECT_EQ(aws_.service->saved_state, "");
  EXPECT_TRUE(handle("{}").has_value());
  EXPECT_EQ(aws_.service->service.desired, 3);
}

TEST_F(HandlerTest, GarbageIsAFailedInvocation) {
  for (const char* event : {"", "null", "[]", R"({"source":"aws.s3"})"}) {
    EXPECT_FALSE(handle(event).has_value()) << event;
  }
}

}  // namespace
}  // namespace scaler
