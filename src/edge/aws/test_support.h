#pragma once
// What the tests of this folder share: a scripted transport and a client on it that never sleeps.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "edge/aws/client.h"
#include "ground/base/file.h"
#include "ground/json/reader.h"

namespace scaler::aws {

/// Wall and steady time that stand still until they are told to move.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Instant start) : now_(start) {}
  Instant now() const override { return now_; }
  Deadline steady() const override { return steady_; }
  bool wait_until(Instant instant, const std::stop_token&) override {
    advance(instant - now_);
    return true;
  }
  /// Sets the wall's hands; no time passes.
  void set(Instant instant) { now_ = instant; }
  void advance(Duration duration) { advance_to(steady_ + duration); }
  void advance_to(Deadline moment) {
    now_ += std::chrono::floor<Duration>(moment - steady_);
    steady_ = moment;
  }

 private:
  Instant now_;
  Deadline steady_ = after(Duration::zero());
};

/// Answers from a function, at once or later in virtual time, and remembers what it was asked.
class ScriptedTransport final : public Transport {
 public:
  using Answer = std::function<Result<net::HttpResponse>(const net::HttpRequest& request)>;

  explicit ScriptedTransport(VirtualClock& clock) : clock_(&clock) {}

  Answer answer = {};
  /// How long the answer takes; none: no time.
  std::function<Duration(const net::HttpRequest& request)> delay = {};
  std::vector<net::HttpRequest> requests = {};
  std::set<std::string> pools = {};           ///< whose connections those used
  std::vector<Deadline> sent_at = {};         ///< one per request
  std::vector<std::size_t> round_sizes = {};  ///< how many were begun between two runs
  std::vector<Duration> pauses = {};          ///< runs that waited with nothing under way
  std::size_t cancelled = 0;

  std::size_t under_way() const { return under_way_.size(); }

  net::Ticket begin(const net::HttpRequest& request, const net::RequestLimits& limits) override {
    const net::Ticket ticket = ++last_ticket_;
    requests.push_back(request);
    pools.insert(limits.pool);
    sent_at.push_back(clock_->steady());
    ++begun_;
    UnderWay one{.at = clock_->steady() + (delay ? delay(request) : Duration::zero())};
    one.finished = {.ticket = ticket, .response = answer(request), .left = clock_->steady()};
    if (one.at > limits.deadline) {
      one.at = limits.deadline;
      one.finished.response = fail(ErrorKind::Unavailable, "no reply before the deadline");
    }
    under_way_.push_back(std::move(one));
    return ticket;
  }

  std::vector<net::Finished> run(Deadline until) override {
    if (begun_ > 0) {
      round_sizes.push_back(std::exchange(begun_, 0));
    }
    Deadline next = until;
    for (const UnderWay& one : under_way_) {
      next = std::min(next, one.at);
    }
    if (next > clock_->steady() && next != Deadline::max()) {
      if (under_way_.empty()) {
        pauses.push_back(std::chrono::ceil<Duration>(next - clock_->steady()));
      }
      clock_->advance_to(next);
    }
    std::vector<net::Finished> finished;
    for (const UnderWay& one : under_way_) {
      if (one.at <= clock_->steady()) {
        finished.push_back(one.finished);
      }
    }
    std::erase_if(under_way_, [this](const UnderWay& one) { return one.at <= clock_->steady(); });
    return finished;
  }

  void cancel(net::Ticket ticket) override {
    cancelled += std::erase_if(
        under_way_, [ticket](const UnderWay& one) { return one.finished.ticket == ticket; });
  }

  std::vector<Result<net::HttpResponse>> send(std::span<const net::HttpRequest> sent,
                                              Deadline) override {
    std::vector<Result<net::HttpResponse>> results;
    for (const net::HttpRequest& request : sent) {
      requests.push_back(request);
      sent_at.push_back(clock_->steady());
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

 private:
  struct UnderWay {
    Deadline at = {};
    net::Finished finished = {};
  };

  VirtualClock* clock_;
  std::vector<UnderWay> under_way_ = {};
  std::size_t begun_ = 0;
  net::Ticket last_ticket_ = 0;
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
  VirtualClock clock{*parse_instant("2026-11-23T12:00:00Z")};
  Log log{-1, LogLevel::Fatal, clock};
  ScriptedTransport transport{clock};
  std::vector<Duration>& pauses = transport.pauses;
  Sleeper sleeper = [this](Duration pause) { pauses.push_back(pause); };
  Random random{1};
  bool within_limits = true;

  /// Made at the first use, so that a test can still change the environment.
  Client& client() {
    if (!client_) {
      provider_ = std::make_unique<CredentialProvider>(lambda_sources({.environment = environment,
                                                                       .transport = transport,
                                                                       .clock = clock,
                                                                       .sleep = sleeper},
                                                                      log),
                                                       clock, log);
      client_ = std::make_unique<Client>(*read_settings(environment),
                                         ClientSurroundings{.transport = transport,
                                                            .credentials = *provider_,
                                                            .clock = clock,
                                                            .random = random,
                                                            .log = log,
                                                            .within_limits = within_limits});
    }
    return *client_;
  }

 private:
  std::unique_ptr<CredentialProvider> provider_ = {};
  std::unique_ptr<Client> client_ = {};
};

/// A document of tests/vectors.
inline json::Value read_vectors(const std::string& path) {
  const Result<std::string> text = read_file(path);
  EXPECT_TRUE(text.has_value()) << path;
  const Result<json::Value> value = json::parse(text.value_or(""));
  EXPECT_TRUE(value.has_value()) << path;
  return value.value_or(json::Value());
}

/// The member's text; empty where there is none.
inline std::string text_in(const json::Reader& object, std::string_view name) {
  const auto member = object.optional_field(name);
  return member ? member->string().value_or("") : "";
}

/// Name and value of each member, the values being texts.
inline std::map<std::string, std::string, std::less<>> texts_in(const json::Reader& object,
                                                                std::string_view name) {
  std::map<std::string, std::string, std::less<>> texts;
  const auto member = object.optional_field(name);
  if (member) {
    for (const auto& [key, value] : std::get<json::Object>(member->value().data())) {
      texts[key] = std::get<std::string>(value.data());
    }
  }
  return texts;
}

/// A folder of its own, removed afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "scaler-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path() const { return path_; }
  /// The path of the file that it writes; `name` may begin with a slash.
  std::string write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = path_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }

 private:
  std::string path_;
};

inline Deadline soon() {
  return after(std::chrono::seconds(30));
}

}  // namespace scaler::aws
