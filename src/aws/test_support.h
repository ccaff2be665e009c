#pragma once
// What the tests of this folder share: a scripted transport and a client on it that never sleeps.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aws/client.h"

namespace scaler::aws {

/// A clock that stands still until it is told to move.
class StillClock final : public Clock {
 public:
  explicit StillClock(Instant start) : now_(start) {}
  Instant now() const override { return now_; }
  bool wait_until(Instant instant, const std::stop_token&) override {
    now_ = instant;
    return true;
  }
  void advance(Duration duration) { now_ += duration; }

 private:
  Instant now_;
};

/// Answers from a function, and remembers what it was asked, round by round.
class ScriptedTransport final : public Transport {
 public:
  using Answer = std::function<Result<net::HttpResponse>(const net::HttpRequest& request)>;

  Answer answer = {};
  std::vector<net::HttpRequest> requests = {};
  std::vector<std::size_t> round_sizes = {};

  std::vector<Result<net::HttpResponse>> send(std::span<const net::HttpRequest> sent,
                                              Deadline) override {
    round_sizes.push_back(sent.size());
    std::vector<Result<net::HttpResponse>> results;
    for (const net::HttpRequest& request : sent) {
      requests.push_back(request);
      results.push_back(answer(request));
    }
    return results;
  }
  void connect(std::span<const net::Origin>, Deadline) override {}

  /// Answers with these replies, in order; the last one again and again.
  void reply_with(std::vector<Result<net::HttpResponse>> replies) {
    answer = [replies = std::move(replies), next = std::size_t{0}](const auto&) mutable {
      const std::size_t index = std::min(next++, replies.size() - 1);
      return replies[index];
    };
  }
};

inline net::HttpResponse ok(std::string body) {
  return {.status = 200, .body = std::move(body)};
}

inline net::HttpResponse service_failure(int status, const std::string& type,
                                         const std::string& message = "why") {
  return {.status = status,
          .headers = {{.name = "x-amzn-RequestId", .value = "req-1"}},
          .body = R"({"__type":")" + type + R"(","message":")" + message + "\"}"};
}

inline Environment test_environment() {
  return {{"AWS_REGION", "us-east-1"},
          {"AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"},
          {"AWS_SECRET_ACCESS_KEY", "top-secret-key"},
          {"AWS_EC2_METADATA_DISABLED", "true"}};
}

/// A client with everything below it. The environment is that of test_environment() and `more`.
struct TestClient {
  explicit TestClient(const Environment& more = {}) {
    for (const auto& [name, value] : more) {
      environment[name] = value;
    }
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  Environment environment = test_environment();
  StillClock clock{*parse_instant("2026-11-23T12:00:00Z")};
  Log log{-1, LogLevel::Fatal, clock};
  ScriptedTransport transport = {};
  std::vector<Duration> pauses = {};
  Sleeper sleeper = [this](Duration pause) { pauses.push_back(pause); };
  Random random{1};

  /// Made at the first use, so that a test can still change the environment.
  Client& client() {
    if (!client_) {
      provider_ = std::make_unique<CredentialProvider>(
          CredentialSurroundings{
              .environment = environment, .transport = transport, .clock = clock, .sleep = sleeper},
          log);
      client_ = std::make_unique<Client>(*read_settings(environment),
                                         ClientSurroundings{.transport = transport,
                                                            .credentials = *provider_,
                                                            .clock = clock,
                                                            .random = random,
                                                            .log = log,
                                                            .sleep = sleeper});
    }
    return *client_;
  }

 private:
  std::unique_ptr<CredentialProvider> provider_ = {};
  std::unique_ptr<Client> client_ = {};
};

inline Deadline soon() {
  return after(std::chrono::seconds(30));
}

}  // namespace scaler::aws
