#include "ground/net/http_caller.h"

#include <set>

#include <gtest/gtest.h>

#include "ground/net/http_server.h"
#include "ground/net/raw_server.h"

namespace scaler::net {
namespace {

using namespace std::chrono_literals;

class HttpCallerTest : public ::testing::Test {
 protected:
  /// Runs the loop until `count` answers have come, or for ten seconds.
  void run(std::size_t count) {
    wanted_ = count;
    loop_.run_after(10s, [this] { stop_.request_stop(); });
    if (answers_.size() < wanted_) {
      loop_.run(stop_.get_token());
    }
    EXPECT_GE(answers_.size(), count);
    stop_ = {};
  }

  HttpCaller::Answered keep() {
    return [this](Finished finished) {
      answers_.push_back(std::move(finished.response));
      if (answers_.size() >= wanted_) {
        stop_.request_stop();
      }
    };
  }

  EventLoop loop_;
  std::stop_source stop_;
  std::size_t wanted_ = 0;
  std::vector<Result<HttpResponse>> answers_;
};

TEST_F(HttpCallerTest, CallsAServerOnItsOwnLoop) {
  const auto server = HttpServer::listen(loop_, 0, [](ServerRequest request, Respond respond) {
    respond({.status = 200, .body = request.target});
  });
  ASSERT_TRUE(server.has_value());
  HttpCaller caller(loop_, {});
  for (int i = 0; i < 100; ++i) {
    caller.send({.origin = {.scheme = "http", .host = "127.0.0.1", .port = (*server)->port()},
                 .target = "/" + std::to_string(i)},
                {}, keep());
  }
  run(100);
  std::set<std::string> bodies;
  for (const Result<HttpResponse>& answer : answers_) {
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    bodies.insert(answer->body);
  }
  EXPECT_EQ(bodies.size(), 100U);
}

TEST_F(HttpCallerTest, GoesOnWhileAPeerIsSilent) {
  const RawServer silent([](int socket, int) {
    read_request(socket);
    read_request(socket);  // Until the peer closes.
  });
  const RawServer quick(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  HttpCaller caller(loop_, {});
  caller.send({.origin = silent.origin()}, {.deadline = after(500ms)}, keep());
  caller.send({.origin = quick.origin()}, {.deadline = after(10s)}, keep());
  run(2);
  ASSERT_TRUE(answers_.at(0).has_value()) << answers_.at(0).error().message;
  EXPECT_EQ(answers_.at(1).error().kind, ErrorKind::Unavailable);
}

TEST_F(HttpCallerTest, TakesItsConnectionAgainAndNoticesOneThatWasClosed) {
  const RawServer server([](int socket, int number) {
    for (int i = 0; i <= number; ++i) {
      read_request(socket);
      write_text(socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }
    ::shutdown(socket, SHUT_RDWR);
  });
  HttpCaller caller(loop_, {});
  for (std::size_t i = 1; i <= 4; ++i) {
    caller.send({.origin = server.origin()}, {.deadline = after(10s)}, keep());
    run(i);
  }
  for (const Result<HttpResponse>& answer : answers_) {
    EXPECT_TRUE(answer.has_value());
  }
  EXPECT_LE(server.accepted(), 4);
}

TEST_F(HttpCallerTest, HearsNothingOfWhatItCancelled) {
  const RawServer quick(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  HttpCaller caller(loop_, {});
  bool told = false;
  const Ticket ticket =
      caller.send({.origin = quick.origin()}, {}, [&told](const Finished&) { told = true; });
  caller.cancel(ticket);
  caller.send({.origin = quick.origin()}, {.deadline = after(10s)}, keep());
  run(1);
  EXPECT_FALSE(told);
}

TEST_F(HttpCallerTest, MayEndWithinAnAnswer) {
  const RawServer quick(answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  auto caller = std::make_unique<HttpCaller>(loop_, HttpClientOptions{});
  const auto answered = keep();
  caller->send({.origin = quick.origin()}, {.deadline = after(10s)},
               [&caller, answered](Finished finished) {
                 caller.reset();
                 answered(std::move(finished));
               });
  run(1);
  EXPECT_EQ(caller, nullptr);
}

}  // namespace
}  // namespace scaler::net
