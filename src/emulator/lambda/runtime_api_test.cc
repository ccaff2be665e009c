#include "emulator/lambda/runtime_api.h"

#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ground/net/http_client.h"

namespace scaler::emulator {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::string_view kError = R"({"errorMessage":"no","errorType":"Bad"})";

/// The API on a thread of its own; the test is the runtime.
class RuntimeApiTest : public ::testing::Test {
 public:
  ~RuntimeApiTest() override { thread_ = {}; }

 protected:
  RuntimeApiTest() {
    const auto note = [this](std::string event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
    };
    auto api = RuntimeApiServer::create(
        loop_, {.on_waiting = [note] { note("waiting"); },
                .on_response = [note](const std::string& body) { note("response " + body); },
                .on_error = [note](const std::string& body) { note("error " + body); },
                .on_init_error = [note](const std::string& body) { note("init " + body); }});
    EXPECT_TRUE(api.has_value());
    api_ = std::move(*api);
    thread_ = std::jthread([this](const std::stop_token& stop) { loop_.run(stop); });
  }

  net::HttpResponse call(std::string method, const std::string& path, std::string body = "",
                         net::HttpHeaders headers = {}) const {
    net::HttpClient client;
    auto response =
        client.send({.origin = {.scheme = "http", .host = "127.0.0.1", .port = api_->port()},
                     .method = std::move(method),
                     .target = "/2018-06-01/runtime/" + path,
                     .headers = std::move(headers),
                     .body = std::move(body)},
                    after(10s));
    EXPECT_TRUE(response.has_value());
    return response.value_or(net::HttpResponse{});
  }

  int status(std::string method, const std::string& path, std::string body = "") const {
    return call(std::move(method), path, std::move(body)).status;
  }

  std::vector<std::string> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }

  bool wait_events(std::size_t count) {
    const Deadline deadline = after(10s);
    while (events().size() < count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    return events().size() >= count;
  }

  void deliver(const std::string& id) {
    std::promise<void> done;
    loop_.post([&] {
      api_->deliver({.request_id = id,
                     .payload = R"({"a":1})",
                     .function_arn = "arn:f",
                     .trace_id = "Root=1",
                     .deadline = Instant(1'763'899'200'123ms)});
      done.set_value();
    });
    ASSERT_EQ(done.get_future().wait_for(10s), std::future_status::ready);
  }

  /// Asks for an invocation and gets one.
  net::HttpResponse next(const std::string& id) {
    const std::size_t count = events().size();
    auto response =
        std::async(std::launch::async, [this] { return call("GET", "invocation/next"); });
    EXPECT_TRUE(wait_events(count + 1));
    deliver(id);
    return response.get();
  }

  std::mutex mutex_;
  std::vector<std::string> events_;
  net::EventLoop loop_;
  std::unique_ptr<RuntimeApiServer> api_;
  std::jthread thread_;
};

TEST_F(RuntimeApiTest, HandsOutAnInvocationAndTakesItsAnswer) {
  const net::HttpResponse invocation = next("id-1");

  EXPECT_EQ(invocation.status, 200);
  EXPECT_EQ(invocation.body, R"({"a":1})");
  const auto header = [&](std::string_view name) {
    return net::find_header(invocation.headers, name).value_or("");
  };
  EXPECT_EQ(header("lambda-runtime-aws-request-id"), "id-1");
  EXPECT_EQ(header("lambda-runtime-deadline-ms"), "1763899200123");
  EXPECT_EQ(header("lambda-runtime-invoked-function-arn"), "arn:f");
  EXPECT_EQ(header("lambda-runtime-trace-id"), "Root=1");
  const net::HttpResponse taken = call("POST", "invocation/id-1/response", "\"done\"");
  EXPECT_EQ(taken.status, 202);
  EXPECT_EQ(taken.body, R"({"status":"OK"})");
  EXPECT_THAT(events(), ElementsAre("waiting", "response \"done\""));
  EXPECT_EQ(next("id-2").status, 200);
}

TEST_F(RuntimeApiTest, TakesAnErrorReport) {
  next("id-1");

  const auto taken =
      call("POST", "invocation/id-1/error", std::string(kError),
           {{.name = "Lambda-Runtime-Function-Error-Type", .value = "Function.UpdateDenied"}});

  EXPECT_EQ(taken.status, 202);
  EXPECT_THAT(events(), ElementsAre("waiting", "error " + std::string(kError)));
}

TEST_F(RuntimeApiTest, RefusesAnswersToWhatWasNotAsked) {
  EXPECT_EQ(status("POST", "invocation/id-1/response"), 400);
  next("id-1");

  EXPECT_THAT(call("POST", "invocation/id-2/response").body, HasSubstr("InvalidRequestID"));
  EXPECT_EQ(status("POST", "invocation/id-2/error", std::string(kError)), 400);
  EXPECT_EQ(status("POST", "invocation//response"), 400);
  EXPECT_THAT(events(), ElementsAre("waiting"));
}

TEST_F(RuntimeApiTest, RefusesTheSecondAnswer) {
  next("id-1");
  EXPECT_EQ(status("POST", "invocation/id-1/response", "1"), 202);

  EXPECT_EQ(status("POST", "invocation/id-1/response", "2"), 403);
  EXPECT_EQ(status("POST", "invocation/id-1/error", std::string(kError)), 403);

  EXPECT_THAT(events(), ElementsAre("waiting", "response 1"));
}

TEST_F(RuntimeApiTest, RefusesToAskAgainBeforeTheAnswer) {
  next("id-1");

  const net::HttpResponse refused = call("GET", "invocation/next");

  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("InvalidStateTransition"));
}

TEST_F(RuntimeApiTest, RefusesToAskTwiceAtOnce) {
  auto first = std::async(std::launch::async, [this] { return status("GET", "invocation/next"); });
  ASSERT_TRUE(wait_events(1));

  EXPECT_EQ(status("GET", "invocation/next"), 403);

  deliver("id-1");
  EXPECT_EQ(first.get(), 200);
}

TEST_F(RuntimeApiTest, TakesAFailedStartOnceAndOnlyBeforeTheFirstInvocation) {
  EXPECT_EQ(status("POST", "init/error", std::string(kError)), 202);

  EXPECT_EQ(status("POST", "init/error", std::string(kError)), 403);
  EXPECT_EQ(status("GET", "invocation/next"), 403);
  EXPECT_THAT(events(), ElementsAre("init " + std::string(kError)));
}

TEST_F(RuntimeApiTest, RefusesAFailedStartOfARuntimeThatRuns) {
  next("id-1");

  EXPECT_EQ(status("POST", "init/error", std::string(kError)), 403);
}

TEST_F(RuntimeApiTest, RefusesErrorReportsThatAreNone) {
  for (const std::string body :
       {"", "no", "[]", R"({"errorMessage":"m"})", R"({"errorMessage":"m","errorType":5})"}) {
    const std::size_t count = events().size();
    next("id");

    EXPECT_EQ(status("POST", "invocation/id/error", body), 400) << body;

    ASSERT_EQ(events().size(), count + 2);
    EXPECT_THAT(events().back(), HasSubstr("Runtime.Unknown"));
  }
}

TEST_F(RuntimeApiTest, RefusesErrorTypesThatLambdaDoesNotKnow) {
  for (const std::string type :
       {"Bad", "Function.", "Function.lower", "Other.Name", "Runtime.A1"}) {
    next("id");

    const auto refused = call("POST", "invocation/id/error", std::string(kError),
                              {{.name = "Lambda-Runtime-Function-Error-Type", .value = type}});

    EXPECT_EQ(refused.status, 400) << type;
  }
}

TEST_F(RuntimeApiTest, TakesAnswersOfSixMegabytesAndRefusesLargerOnes) {
  const std::size_t most = RuntimeApiServer::kResponseMax + RuntimeApiServer::kResponseSlack;
  next("id-1");
  EXPECT_EQ(status("POST", "invocation/id-1/response", std::string(most, 'x')), 202);
  next("id-2");

  const net::HttpResponse refused =
      call("POST", "invocation/id-2/response", std::string(most + 1, 'x'));

  EXPECT_EQ(refused.status, 413);
  EXPECT_THAT(refused.body, HasSubstr("RequestEntityTooLarge"));
  EXPECT_THAT(events().back(), StartsWith("error "));
  EXPECT_THAT(events().back(), HasSubstr("Function.ResponseSizeTooLarge"));
}

TEST_F(RuntimeApiTest, RefusesOtherPathsAndMethods) {
  EXPECT_EQ(status("GET", "invocation"), 405);
  EXPECT_EQ(status("POST", "invocation"), 404);
  EXPECT_EQ(status("POST", "invocation/next"), 405);
  EXPECT_EQ(status("GET", "init/error"), 405);
  EXPECT_EQ(status("POST", "invocation/id/other"), 404);
  EXPECT_EQ(status("POST", "../next"), 404);
  EXPECT_THAT(events(), IsEmpty());
}

}  // namespace
}  // namespace scaler::emulator
