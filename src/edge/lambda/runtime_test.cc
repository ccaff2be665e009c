#include "edge/lambda/runtime.h"

#include <deque>
#include <fcntl.h>
#include <mutex>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "ground/net/http_server.h"

namespace scaler::lambda {
namespace {

using namespace std::chrono_literals;

struct Answer {
  std::string target = {};
  std::string body = {};
  std::string error_type = {};
};

/// A Runtime API that hands out its events and then answers 410 to "next", which ends the loop.
class FakePlatform {
 public:
  explicit FakePlatform(std::deque<std::string> events) : events_(std::move(events)) {
    server_ =
        net::HttpServer::listen(loop_, 0,
                                [this](const net::ServerRequest& request,
                                       const net::Respond& respond) { respond(serve(request)); })
            .value();
    thread_ = std::jthread([this](const std::stop_token& stop) { loop_.run(stop); });
  }
  ~FakePlatform() {
    thread_.request_stop();
    thread_.join();
  }
  FakePlatform(const FakePlatform&) = delete;
  FakePlatform& operator=(const FakePlatform&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  std::vector<Answer> answers() {
    const std::scoped_lock lock(mutex_);
    return answers_;
  }
  int status_of_responses = 202;
  std::string deadline = "4102444800000";

 private:
  net::HttpResponse serve(const net::ServerRequest& request) {
    const std::scoped_lock lock(mutex_);
    if (request.target.ends_with("/invocation/next")) {
      if (events_.empty()) {
        return {.status = 410};
      }
      net::HttpResponse response{.status = 200,
                                 .headers = {{"Lambda-Runtime-Aws-Request-Id", "id-1"},
                                             {"Lambda-Runtime-Deadline-Ms", deadline},
                                             {"Lambda-Runtime-Invoked-Function-Arn",
                                              "arn:aws:lambda:us-east-1:1:function:f:live"}},
                                 .body = events_.front()};
      events_.pop_front();
      return response;
    }
    answers_.push_back({.target = request.target,
                        .body = request.body,
                        .error_type = std::string(
                            net::find_header(request.headers, "Lambda-Runtime-Function-Error-Type")
                                .value_or(""))});
    return {.status = request.target.ends_with("/response") ? status_of_responses : 202};
  }

  std::mutex mutex_;
  std::deque<std::string> events_;
  std::vector<Answer> answers_;
  net::EventLoop loop_;
  std::unique_ptr<net::HttpServer> server_;
  std::jthread thread_;
};

Error run(const FakePlatform& platform, const Handle& handle) {
  net::HttpClient http;
  const int null = open("/dev/null", O_WRONLY);
  const Log log(null, LogLevel::Info, system_clock());
  RuntimeApi api = RuntimeApi::create(platform.address(), http, system_clock()).value();
  Error ended = run_loop(api, handle, log);
  close(null);
  return ended;
}

TEST(RunLoop, AnswersEveryEventUntilThePlatformIsGone) {
  FakePlatform platform({"{\"n\":1}", "{\"n\":2}"});
  const Error ended = run(platform, [](const RuntimeEvent& invocation) -> Result<std::string> {
    return invocation.event;
  });
  EXPECT_EQ(ended.message, "asking for the next event: HTTP 410");
  const std::vector<Answer> answers = platform.answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].target, "/2018-06-01/runtime/invocation/id-1/response");
  EXPECT_EQ(answers[1].body, "{\"n\":2}");
}

TEST(RunLoop, AnErrorIsAFailedInvocation) {
  FakePlatform platform({"{}"});
  run(platform, [](const RuntimeEvent&) -> Result<std::string> {
    return fail(ErrorKind::Rejected, "UpdateService c/s: AccessDeniedException");
  });
  const std::vector<Answer> answers = platform.answers();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].target, "/2018-06-01/runtime/invocation/id-1/error");
  EXPECT_EQ(answers[0].error_type, "Function.ScalingFailed");
  EXPECT_EQ(
      answers[0].body,
      R"({"errorMessage":"UpdateService c/s: AccessDeniedException","errorType":"Rejected","stackTrace":[]})");
}

TEST(RunLoop, AnAnswerThatIsTooLargeIsReportedAsAFailure) {
  FakePlatform platform({"{}"});
  platform.status_of_responses = 413;
  run(platform, [](const RuntimeEvent&) -> Result<std::string> { return std::string("big"); });
  const std::vector<Answer> answers = platform.answers();
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_TRUE(answers[1].target.ends_with("/error"));
}

TEST(RunLoop, EndsWhenThePlatformRefusesAnAnswer) {
  FakePlatform platform({"{}", "{}"});
  platform.status_of_responses = 500;
  const Error ended =
      run(platform, [](const RuntimeEvent&) -> Result<std::string> { return std::string("{}"); });
  EXPECT_TRUE(ended.message.starts_with("answering /invocation/id-1/response: HTTP 500"));
  EXPECT_EQ(platform.answers().size(), 1U);
}

TEST(RunLoop, PassesOnTheDeadline) {
  FakePlatform platform({"{}"});
  platform.deadline = std::to_string((system_clock().now() + 30s).time_since_epoch().count());
  Duration left{};
  run(platform, [&left](const RuntimeEvent& invocation) -> Result<std::string> {
    left = std::chrono::floor<Duration>(invocation.deadline - std::chrono::steady_clock::now());
    return std::string("{}");
  });
  EXPECT_GT(left, 20s);
  EXPECT_LE(left, 30s);
}

TEST(RunLoop, PassesOnWhatWasInvoked) {
  FakePlatform platform({"{}"});
  std::string invoked;
  run(platform, [&invoked](const RuntimeEvent& invocation) -> Result<std::string> {
    invoked = invocation.function_arn;
    return "{}";
  });
  EXPECT_EQ(invoked, "arn:aws:lambda:us-east-1:1:function:f:live");
}

TEST(RunLoop, ADeadlineThatIsNoNumberEndsTheLoop) {
  FakePlatform platform({"{}"});
  platform.deadline = "soon";
  const Error ended =
      run(platform, [](const RuntimeEvent&) -> Result<std::string> { return std::string("{}"); });
  EXPECT_EQ(ended.message, "Lambda-Runtime-Deadline-Ms: 'soon' is not a number");
}

TEST(RuntimeApi, ReportsAnInitFailure) {
  FakePlatform platform({});
  net::HttpClient http;
  RuntimeApi api = RuntimeApi::create(platform.address(), http, system_clock()).value();
  EXPECT_TRUE(
      api.report_init_failure({ErrorKind::Malformed, "SQS_QUEUE_URL is not set"}).has_value());
  ASSERT_EQ(platform.answers().size(), 1U);
  EXPECT_EQ(platform.answers()[0].target, "/2018-06-01/runtime/init/error");
  EXPECT_EQ(platform.answers()[0].error_type, "Runtime.ConfigInvalid");
}

TEST(RuntimeApi, RefusesAnAddressThatIsNone) {
  net::HttpClient http;
  for (const char* address : {"", "host", ":80", "host:", "host:x", "host:0", "host:70000"}) {
    EXPECT_FALSE(RuntimeApi::create(address, http, system_clock()).has_value()) << address;
  }
  EXPECT_TRUE(RuntimeApi::create("", http, system_clock())
                  .error()
                  .message.starts_with("AWS_LAMBDA_RUNTIME_API is not set: Lambda starts this"));
}

}  // namespace
}  // namespace scaler::lambda
