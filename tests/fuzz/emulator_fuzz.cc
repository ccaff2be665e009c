// Requests to the emulated AWS, one after the other, separated by empty lines. The first line of
// each says which: "AmazonSQS.SendMessage", "form sqs /path" for a form to that service, or method
// and path of Lambda's API; the rest is its body. A second passes between two of them.

#include <algorithm>
#include <array>

#include "emulator/front/aws_front.h"
#include "emulator/front/emulator.h"
#include "fuzz.h"
#include "ground/json/value.h"

namespace scaler::fuzz {
namespace {

const std::string kRegion = "us-east-1";
const Instant kNoon =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + std::chrono::hours(12);

/// By which the requests are signed.
class NoonClock final : public Clock {
 public:
  Instant now() const override { return kNoon; }
  bool wait_until(Instant, const std::stop_token&) override { return true; }
};

class Cloud {
 public:
  Cloud()
      : sqs_(world_, "http://127.0.0.1:4566", kRegion),
        ecs_(world_, kRegion, {}),
        others_(world_, kRegion, {}),
        front_(loop_, world_, sqs_, ecs_, others_, clock_, 2) {
    world_.create_queue("jobs", {});
    world_.create_cluster("main");
    emulator::LambdaOptions options{.job_queue = "jobs"};
    options.function.bootstrap = "/bin/false";  // Never started: nothing is invoked.
    auto lambda = emulator::LambdaHost::create(loop_, world_, std::move(options), log_);
    CHECK(lambda.has_value());
    lambda_ = *std::move(lambda);
    front_.set_lambda(lambda_.get());
  }
  ~Cloud() { lambda_->shutdown(); }
  Cloud(const Cloud&) = delete;
  Cloud& operator=(const Cloud&) = delete;

  void send(const net::ServerRequest& request) {
    auto answers = std::make_shared<int>(0);
    front_.handle(request, [answers](const net::HttpResponse& response) {
      CHECK(++*answers == 1);
      constexpr int kNotOffered = 501;  // A service of AWS's that is none of these.
      CHECK(response.status >= 200 && (response.status < 500 || response.status == kNotOffered));
      const bool json = response.body.starts_with('{');
      CHECK(!json || json::parse(response.body).has_value());
      CHECK(response.status < 400 || response.body.size() < 8192);
    });
    sqs_.serve_waiting();
    world_.advance(world_.now() + std::chrono::seconds(1));
  }

 private:
  net::EventLoop loop_;
  Log log_{-1, LogLevel::Fatal, system_clock()};
  Random random_{1};
  NoonClock clock_;
  world::World world_{{}, kNoon, random_};
  emulator::SqsApi sqs_;
  emulator::EcsPlaces ecs_;
  emulator::OtherServices others_;
  emulator::AwsFront front_;
  std::unique_ptr<emulator::LambdaHost> lambda_;
};

struct JsonTarget {
  std::string_view begins = {};
  std::string_view service = {};
  std::string_view type = {};
};
constexpr std::array<JsonTarget, 5> kTargets{
    {{"AmazonSQS.", "sqs", "application/x-amz-json-1.0"},
     {"AmazonEC2", "ecs", "application/x-amz-json-1.1"},
     {"Logs_", "logs", "application/x-amz-json-1.1"},
     {"AWSEvents.", "events", "application/x-amz-json-1.1"},
     {"Granite", "monitoring", "application/x-amz-json-1.0"}}};

net::ServerRequest read_request(std::string_view text) {
  const std::string line(take_until(text, "\n"));
  net::ServerRequest request{.method = "POST", .target = "/", .body = std::string(text)};
  std::string service = "lambda";
  const auto* const target = std::ranges::find_if(
      kTargets, [&](const JsonTarget& known) { return line.starts_with(known.begins); });
  if (target != kTargets.end()) {
    service = target->service;
    request.headers = {{.name = "Content-Type", .value = std::string(target->type)}};
  } else if (line.starts_with("form ")) {
    std::string_view rest = line;
    take_until(rest, " ");
    service = take_until(rest, " ");
    request.target = rest;
    request.headers = {{.name = "Content-Type", .value = "application/x-www-form-urlencoded"}};
  } else {
    std::string_view rest = line;
    request.method = take_until(rest, " ");
    request.target = "/2015-03-31/" + std::string(rest);
  }
  std::string names = "host;x-amz-date";
  if (target != kTargets.end()) {
    request.headers.push_back({.name = "X-Amz-Target", .value = line});
    names += ";x-amz-target";
  }
  request.headers.push_back({.name = "Host", .value = "127.0.0.1"});
  request.headers.push_back({.name = "X-Amz-Date", .value = "20261123T120000Z"});
  request.headers.push_back({.name = "Authorization",
                             .value = "AWS4-HMAC-SHA256 Credential=AKID/20261123/" + kRegion + "/" +
                                      service + "/aws4_request, SignedHeaders=" + names +
                                      ", Signature=" + std::string(64, 'a')});
  return request;
}

}  // namespace

FUZZ(emulator) {
  constexpr int kRequestsMax = 60;  // Within the five minutes that a signature is good for.
  Cloud cloud;
  for (int i = 0; i < kRequestsMax && !bytes.empty(); ++i) {
    const net::ServerRequest request = read_request(take_until(bytes, "\n\n"));
    if (!request.target.contains("/invocations")) {
      cloud.send(request);
    }
  }
}

}  // namespace scaler::fuzz
