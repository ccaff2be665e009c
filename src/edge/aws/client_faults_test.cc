// The client against peers that misbehave, over real sockets.

#include <atomic>
#include <mutex>

#include <gtest/gtest.h>

#include "edge/aws/cloud.h"
#include "edge/aws/session.h"
#include "edge/aws/test_support.h"
#include "ground/net/raw_server.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;
using net::RawServer;
using net::read_whole_request;
using net::write_text;

std::string reply(std::string_view status, std::string_view body) {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nDate: Mon, 23 Nov 2026 12:00:00 GMT\r\n\r\n" + std::string(body);
}

const std::string kFine = reply("200 OK", R"({"service":{}})");

/// Answers the requests of all connections together from this list, the last one again and again.
/// An empty text resets the connection, "half" sends half a reply and closes, "silence" never
/// answers.
class FaultyServer {
 public:
  explicit FaultyServer(std::vector<std::string> replies) : replies_(std::move(replies)) {}

  std::vector<std::string> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.origin().port); }

 private:
  std::string next(const std::string& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    return replies_[std::min(requests_.size(), replies_.size()) - 1];
  }

  void serve(int socket) {
    while (true) {
      const std::string request = read_whole_request(socket);
      if (request.empty()) {
        return;
      }
      const std::string answer = next(request);
      if (answer.empty()) {
        net::reset(socket);
        return;
      }
      if (answer == "half") {
        write_text(socket, std::string_view(kFine).substr(0, kFine.size() - 5));
        ::shutdown(socket, SHUT_RDWR);
        return;
      }
      if (answer != "silence") {
        write_text(socket, answer);
      }
    }
  }

  std::vector<std::string> replies_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  RawServer server_{[this](int socket, int) { serve(socket); }};
};

/// The wall clock stands still; steady time runs, and jumps over pauses.
class JumpingClock final : public Clock {
 public:
  Instant now() const override { return *parse_instant("2026-11-23T12:00:00Z"); }
  Deadline steady() const override { return after(Duration::zero()) + ahead; }
  bool wait_until(Instant, const std::stop_token&) override { return true; }

  Deadline::duration ahead{0};
};

/// Real sockets; a wait with nothing under way is over at once.
class ImpatientTransport final : public Transport {
 public:
  ImpatientTransport(net::HttpClientOptions options, JumpingClock& clock)
      : client_(std::move(options)), clock_(&clock) {}

  net::Ticket begin(const net::HttpRequest& request, const net::RequestLimits& limits) override {
    ++under_way_;
    return client_.begin(request,
                         {.deadline = real(limits.deadline), .leave_by = real(limits.leave_by)});
  }
  std::vector<net::Finished> run(Deadline until) override {
    if (under_way_ == 0) {
      pauses.push_back(std::chrono::ceil<Duration>(until - clock_->steady()));
      clock_->ahead += until - clock_->steady();
      return {};
    }
    std::vector<net::Finished> finished = client_.run(real(until));
    under_way_ -= finished.size();
    for (net::Finished& one : finished) {
      one.left += clock_->ahead;
    }
    return finished;
  }
  void cancel(net::Ticket ticket) override {
    --under_way_;
    client_.cancel(ticket);
  }
  std::vector<Result<net::HttpResponse>> send(std::span<const net::HttpRequest> requests,
                                              Deadline deadline) override {
    return client_.send(requests, real(deadline));
  }
  void connect(std::span<const net::Origin> origins, Deadline deadline) override {
    client_.connect(origins, real(deadline));
  }

  std::vector<Duration> pauses = {};

 private:
  Deadline real(Deadline moment) const {
    return moment == Deadline::max() ? moment : moment - clock_->ahead;
  }

  net::HttpClient client_;
  JumpingClock* clock_;
  std::size_t under_way_ = 0;
};

/// A client over real sockets that does not sleep between its attempts.
class FaultsTest : public ::testing::Test {
 protected:
  Client& client_for(const std::string& url) {
    environment_["AWS_ENDPOINT_URL"] = url;
    provider_ = std::make_unique<CredentialProvider>(
        lambda_sources({.environment = environment_, .transport = transport_, .clock = clock_},
                       log_),
        clock_, log_);
    client_ = std::make_unique<Client>(*read_settings(environment_),
                                       ClientSurroundings{.transport = transport_,
                                                          .credentials = *provider_,
                                                          .clock = clock_,
                                                          .random = random_,
                                                          .log = log_,
                                                          .attempt_limit = attempt_limit_});
    return *client_;
  }

  Result<void> update(const std::string& url) {
    const std::vector<std::string> keys{"key"};
    return Ecs(client_for(url)).untag("c/a", keys, soon());
  }

  Environment environment_ = test_environment();
  JumpingClock clock_;
  Duration attempt_limit_ = 200ms;
  Log log_{-1, LogLevel::Fatal, clock_};
  Random random_{1};
  ImpatientTransport transport_{{.connect_timeout = 500ms}, clock_};
  std::unique_ptr<CredentialProvider> provider_;
  std::unique_ptr<Client> client_;
};

TEST_F(FaultsTest, AreOutlivedWhenTheNextAttemptIsAnswered) {
  const std::vector<std::pair<std::string, std::string>> faults{
      {"throttled by SQS",
       reply("403 Forbidden",
             R"({"__type":"com.amazonaws.sqs#RequestThrottled","message":"slow"})")},
      {"throttled by ECS",
       reply("400 Bad Request", R"({"__type":"ThrottlingException","message":"Rate exceeded"})")},
      {"server error", reply("500 Internal Server Error", R"({"__type":"ServerException"})")},
      {"bad gateway", reply("502 Bad Gateway", "<html>nginx</html>")},
      {"reset", ""},
      {"cut off half-way", "half"},
      {"never answered", "silence"}};
  for (const auto& [name, fault] : faults) {
    SCOPED_TRACE(name);
    const FaultyServer server({fault, kFine});
    const Result<void> updated = update(server.url());
    EXPECT_TRUE(updated.has_value()) << updated.error().message;
    EXPECT_EQ(server.requests().size(), 2U);
  }
}

TEST_F(FaultsTest, AreReportedWhenTheyStay) {
  const std::vector<std::pair<std::string, ErrorKind>> faults{
      {reply("400 Bad Request", R"({"__type":"ThrottlingException"})"), ErrorKind::Throttled},
      {reply("503 Service Unavailable", ""), ErrorKind::Unavailable},
      {"", ErrorKind::Unavailable},
      {"half", ErrorKind::Unavailable},
      {"silence", ErrorKind::Unavailable}};
  for (const auto& [fault, kind] : faults) {
    const FaultyServer server({fault});
    const Result<void> updated = update(server.url());
    ASSERT_FALSE(updated.has_value());
    EXPECT_EQ(updated.error().kind, kind) << updated.error().message;
    EXPECT_TRUE(updated.error().message.starts_with("ECS UntagResource c/a: "))
        << updated.error().message;
    EXPECT_EQ(server.requests().size(), 3U);
  }
}

TEST_F(FaultsTest, IncludeAPortThatNobodyListensTo) {
  std::string url;
  {
    const FaultyServer server({kFine});
    url = server.url();
  }
  const Result<void> updated = update(url);
  EXPECT_EQ(updated.error().kind, ErrorKind::Unavailable);
}

TEST_F(FaultsTest, AreNotRepeatedWhereThatCannotHelp) {
  const std::vector<std::pair<std::string, ErrorKind>> faults{
      {reply("400 Bad Request", R"({"__type":"AccessDeniedException","message":"no"})"),
       ErrorKind::Denied},
      {reply("400 Bad Request", R"({"__type":"ExpiredTokenException"})"), ErrorKind::Unauthorized},
      {reply("200 OK", R"({"service":)"), ErrorKind::Malformed},
      {"\x15\x03\x01 this is not HTTP\r\n\r\n", ErrorKind::Malformed}};
  for (const auto& [fault, kind] : faults) {
    const FaultyServer server({fault, kFine});
    const Result<void> updated = update(server.url());
    ASSERT_FALSE(updated.has_value());
    EXPECT_EQ(updated.error().kind, kind) << updated.error().message;
    EXPECT_EQ(server.requests().size(), 1U);
  }
}

TEST_F(FaultsTest, OfExpiredCredentialsAreMendedByNewOnes) {
  const auto keys = [](const std::string& id) {
    return reply("200 OK", R"({"AccessKeyId":")" + id + R"(","SecretAccessKey":"s","Token":"t-)" +
                               id + R"(","Expiration":"2026-11-23T18:00:00Z"})");
  };
  const FaultyServer container({keys("OLD"), keys("NEW")});
  environment_.erase("AWS_ACCESS_KEY_ID");
  environment_.erase("AWS_SECRET_ACCESS_KEY");
  environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = container.url() + "/keys";
  const FaultyServer server(
      {reply("400 Bad Request", R"({"__type":"ExpiredTokenException"})"), kFine});

  const Result<void> updated = update(server.url());

  EXPECT_TRUE(updated.has_value()) << updated.error().message;
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_NE(server.requests().at(0).find("Credential=OLD/"), std::string::npos);
  EXPECT_NE(server.requests().at(1).find("Credential=NEW/"), std::string::npos);
  EXPECT_NE(server.requests().at(1).find("X-Amz-Security-Token: t-NEW\r\n"), std::string::npos);
  EXPECT_EQ(container.requests().size(), 2U);
}

TEST_F(FaultsTest, OfOneItemLeaveTheOthersOfTheBatchAlone) {
  const FaultyServer sqs({reply("400 Bad Request", R"({"__type":"AccessDenied"})")});
  const FaultyServer ecs({reply(
      "200 OK", R"({"services":[{"serviceArn":"arn:aws:ecs:r:1:service/c/a","status":"ACTIVE",)"
                R"("desiredCount":1,"runningCount":1,"pendingCount":0}]})")});
  environment_["AWS_ENDPOINT_URL_SQS"] = sqs.url();
  Cloud cloud(client_for(ecs.url()));
  const Look look = look_at(cloud,
                            {.service = {.cluster = "c", .service = "a"},
                             .queue_urls = {"https://sqs/1/q1", "https://sqs/1/q2"}},
                            soon());
  EXPECT_EQ(look.queues.at(0).error().kind, ErrorKind::Denied);
  EXPECT_EQ(look.queues.at(1).error().kind, ErrorKind::Denied);
  ASSERT_TRUE(look.service.has_value()) << look.service.error().message;
  EXPECT_EQ(look.service->service.desired, 1);
}

TEST_F(FaultsTest, OfOneThatHangsHoldNobodyUp) {
  const std::string depth = reply("200 OK", R"({"Attributes":{"ApproximateNumberOfMessages":"1",)"
                                            R"("ApproximateNumberOfMessagesNotVisible":"2",)"
                                            R"("ApproximateNumberOfMessagesDelayed":"3"}})");
  attempt_limit_ = 5s;
  std::atomic<int> hanging = 0;
  std::atomic<bool> released = false;
  const RawServer server([&](int socket, int) {
    for (std::string request = read_whole_request(socket); !request.empty();
         request = read_whole_request(socket)) {
      if (request.find("hangs") != std::string::npos) {
        ++hanging;
        released.wait(false);
      }
      write_text(socket, request.find("QueueUrl") != std::string::npos
                             ? depth
                             : reply("200 OK", R"({"services":[],"failures":[]})"));
    }
  });
  Cloud cloud(client_for("http://127.0.0.1:" + std::to_string(server.origin().port)));
  std::vector<LookRequest> requests(20, {.service = {.cluster = "c", .service = "a"}});
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].queue_urls = {"https://sqs/1/q" + std::to_string(i)};
  }
  cloud.look(requests, Patience::AllButSlow, soon());
  requests[7].queue_urls = {"https://sqs/1/hangs"};
  const Deadline begun = after(0s);
  EXPECT_TRUE(cloud.look(requests, Patience::AllButSlow, soon()).at(7).under_way);
  EXPECT_LT(after(0s) - begun, 2s);
  released = true;
  released.notify_all();
  Look late;
  for (int pass = 0;
       pass < 50 &&
       !(late = cloud.look(requests, Patience::AllButSlow, soon()).at(7)).queues.at(0).has_value();
       ++pass) {
  }
  EXPECT_TRUE(late.queues.at(0).has_value());
  EXPECT_EQ(hanging, 1);
}

/// Of a call whose first reply ends after so many bytes: how it ended, and how often it was made.
struct Cut {
  bool answered = false;
  int made = 0;
  bool operator==(const Cut&) const = default;
};

TEST_F(FaultsTest, OfAReplyThatEndsAtAnyByteAreRepeatedOnlyWhereThatIsAllowed) {
  attempt_limit_ = 5s;  // Which no attempt here needs, but on a busy machine.
  for (const bool closed : {true, false}) {
    for (const auto& [once, repeatable] :
         {std::pair(false, true), std::pair(true, true), std::pair(false, false)}) {
      // A reset may overtake a whole reply.
      for (std::size_t cut = 0; cut < kFine.size() + (closed ? 1 : 0); ++cut) {
        std::atomic<int> made = 0;
        const RawServer server([&](int socket, int) {
          while (net::read_request(socket)) {
            if (++made > 1) {
              write_text(socket, kFine);
              continue;
            }
            write_text(socket, std::string_view(kFine).substr(0, cut));
            if (closed) {
              ::shutdown(socket, SHUT_RDWR);
            } else {
              net::reset(socket);
            }
            return;
          }
        });
        Client& client = client_for("http://127.0.0.1:" + std::to_string(server.origin().port));
        const ApiCall call{.service = AwsService::Ecs,
                           .operation = "UpdateService",
                           .body = "{}",
                           .repeatable = repeatable,
                           .once = once};
        const Result<ApiReply> answer = client.call(call, soon());
        const bool whole = cut == kFine.size();
        const bool again = repeatable && !once && !whole;
        const Cut expected{.answered = whole || again, .made = again ? 2 : 1};
        EXPECT_EQ((Cut{.answered = answer.has_value(), .made = made}), expected)
            << cut << (answer.has_value() ? "" : ": " + answer.error().message);
      }
    }
  }
}

TEST_F(FaultsTest, EndWithTheCallsDeadline) {
  const FaultyServer server({"silence"});
  Client& client = client_for(server.url());
  const ApiCall call{.service = AwsService::Ecs, .operation = "UpdateService", .body = "{}"};
  EXPECT_EQ(client.call(call, after(100ms)).error().kind, ErrorKind::Unavailable);
  EXPECT_EQ(server.requests().size(), 1U);
  EXPECT_TRUE(transport_.pauses.empty());
}

TEST(Session, IsBuiltFromTheEnvironmentAndOpensConnectionsAhead) {
  const FaultyServer server(
      {reply("200 OK", R"({"Attributes":{"QueueArn":"a","VisibilityTimeout":"30"}})")});
  Environment environment = test_environment();
  environment["AWS_ENDPOINT_URL"] = server.url();
  const VirtualClock clock(*parse_instant("2026-11-23T12:00:00Z"));
  const Log log(-1, LogLevel::Fatal, clock);
  const std::unique_ptr<Session> session = *Session::create(environment, clock, {}, log);
  session->prewarm({.service = {.cluster = "c", .service = "s"},
                    .queue_urls = {"https://sqs.us-east-1.amazonaws.com/123456789012/p"}},
                   after(5s));
  EXPECT_TRUE(server.requests().empty());
  EXPECT_EQ(
      session->sqs().settings("https://sqs.us-east-1.amazonaws.com/123456789012/p", soon())->arn,
      "a");
  environment["AWS_ENDPOINT_URL"] = "nowhere";
  EXPECT_EQ(Session::create(environment, clock, {}, log).error().kind, ErrorKind::Malformed);
}

}  // namespace
}  // namespace scaler::aws
