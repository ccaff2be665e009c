#pragma once
// For the tests of this folder: everything outside as plain data that a test sets and looks at, and
// a handler before it.

#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "edge/handler/handler.h"
#include "ground/json/writer.h"
#include "scaler/core/test_support.h"
#include "scaler/invocation/test_support.h"

namespace scaler::testing {

using namespace std::chrono_literals;

inline constexpr std::string_view kJobs = "arn:aws:sqs:us-east-1:1:jobs";
inline constexpr std::string_view kTicks = "arn:aws:sqs:us-east-1:1:ticks";
inline constexpr std::string_view kDoorbell = "arn:aws:sqs:us-east-1:1:doorbell";
inline constexpr std::string_view kShards = "arn:aws:sqs:us-east-1:1:shards";

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
                      public FakeFunction {
 public:
  std::vector<Look> look(std::span<const LookRequest> /*requests*/, Patience, Deadline) override {
    ++reads;
    return {{.service = service, .queues = {depth}, .asked = after(Duration::zero())}};
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

  Result<QueueDepth> depth = QueueDepth{};
  Result<ServiceReading> service = ServiceReading{.arn = "arn:s"};
  Result<void> scaling = {};
  int reads = 0;
};

/// Who takes orders for shards.
class FakeOrders final : public ShardOrders {
 public:
  Result<void> send(const std::string& queue_url, std::span<const ShardOrder> orders,
                    Deadline /*deadline*/) override {
    to = queue_url;
    given.assign(orders.begin(), orders.end());
    return {};
  }
  void share_rates(std::int64_t /*parts*/) override {}

  std::string to = {};
  std::vector<ShardOrder> given = {};
};

class HandlerTest : public ::testing::Test {
 public:
  HandlerTest() : output_(memfd_create("log", MFD_CLOEXEC)) {}
  ~HandlerTest() override { close(output_); }

 protected:
  Result<std::string> handle(std::string_view event) {
    if (!handler_) {
      handler_.emplace(config_,
                       InvocationPorts{.reader = aws_,
                                       .scaler = aws_,
                                       .states = &aws_,
                                       .clock = clock_,
                                       .messages = &aws_,
                                       .mapping = &aws_,
                                       .ticks = &aws_},
                       log_.emplace(output_, level_, clock_));
    }
    return handler_->handle(event, after(1min), function_arn_);
  }

  Result<std::string> schedule() { return handle(R"({"source":"aws.events","detail":{}})"); }

  /// Two messages of a queue.
  Result<std::string> messages(std::string_view arn, int receives = 1) {
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

  Result<std::string> wake(int receives = 1) { return messages(kJobs, receives); }

  /// What was logged so far.
  std::string logged() const {
    std::string text(65'536, '\0');
    const ssize_t size = pread(output_, text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }

  FixedClock clock_;
  int output_;
  LogLevel level_ = LogLevel::Fatal;
  FakeAws aws_;
  std::string function_arn_{kFunction};
  ServiceConfig config_{
      .id = {"c", "s"}, .queue_url = "https://sqs/1/jobs", .policy = fixed(3), .wake = true};
  std::optional<Log> log_;
  std::optional<Handler> handler_;
};

}  // namespace scaler::testing
