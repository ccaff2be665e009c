// referee: starts a Lambda custom runtime, gives it events through a Runtime API of its own, lets
// it talk to a canned AWS over TLS, and prints what that took as one line of JSON.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <poll.h>
#include <sys/socket.h>

#include <fmt/core.h>

#include "ground/base/clock.h"
#include "ground/json/writer.h"
#include "referee/canned_aws.h"
#include "referee/child.h"
#include "referee/peer.h"

namespace scaler::bench {
namespace {

struct Options {
  std::string certificates = {};  ///< folder with chain.pem, key.pem and root.pem
  std::string output = "/dev/null";
  int invocations = 1;
  int close_every = 0;
  int sample_every = 0;
  std::string cgroup = {};
  bool cgroup_after_init = false;
  int timeout = 60;
  std::vector<std::string> command = {};
};

/// What is known at one moment of the run.
struct Mark {
  std::int64_t wall = 0;  ///< nanoseconds since the start
  std::int64_t cpu = 0;   ///< nanoseconds of the child's CPU time
};

struct Sample {
  int invocation = 0;
  std::int64_t resident = 0;  ///< KiB
  int files = 0;
};

struct Findings {
  std::int64_t first_connection = 0;
  Mark ready = {};
  Mark event_sent = {};
  Mark first_answer = {};
  std::vector<std::int64_t> passes = {};  ///< wall nanoseconds of the invocations after the first
  std::int64_t cpu_of_passes = 0;
  std::vector<Sample> samples = {};
  std::int64_t peak_memory = 0;
  int failures = 0;
  std::string answer = {};
};

constexpr std::string_view kEvent =
    R"({"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",)"
    R"("source":"aws.events","account":"123456789012","time":"2026-11-25T12:00:00Z",)"
    R"("region":"eu-central-1","resources":["arn:aws:events:eu-central-1:123456789012:rule/every"],)"
    R"("detail":{}})";

std::string event_response(int number, int timeout) {
  const Instant deadline = system_clock().now() + std::chrono::seconds(timeout);
  return response_text(
      "200 OK",
      fmt::format("Content-Type: application/json\r\nLambda-Runtime-Aws-Request-Id: "
                  "8476a536-e9f4-11e8-9739-{:012}\r\nLambda-Runtime-Deadline-Ms: {}\r\n"
                  "Lambda-Runtime-Invoked-Function-Arn: "
                  "arn:aws:lambda:eu-central-1:123456789012:function:scaler\r\n",
                  number, deadline.time_since_epoch().count()),
      kEvent);
}

class Run {
 public:
  Run(const Options& options, CannedAws& aws, Child& child, int listener)
      : options_(options), aws_(aws), child_(child), listener_(listener) {}

  /// The findings, or nothing when the child ended, failed to answer, or was too slow.
  std::optional<Findings> play();

 private:
  std::unique_ptr<Peer> accept_peer();
  bool next_request(std::string_view what);
  bool answer_one(int number);
  Mark mark() { return {.wall = steady_now() - child_.started(), .cpu = child_.cpu()}; }

  const Options& options_;
  CannedAws& aws_;
  Child& child_;
  int listener_;
  std::unique_ptr<Peer> peer_ = {};
  Request request_ = {};
  Findings findings_ = {};
};

std::unique_ptr<Peer> Run::accept_peer() {
  pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
  for (int i = 0; i < options_.timeout * 10; ++i) {
    if (::poll(&waiting, 1, 100) == 1) {
      return std::make_unique<Peer>(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    }
    if (!child_.running()) {
      return nullptr;
    }
  }
  return nullptr;
}

/// Reads the runtime's next request, over a new connection if it has closed the old one.
bool Run::next_request(std::string_view what) {
  for (int i = 0; i < 2; ++i) {
    if (peer_ == nullptr) {
      peer_ = accept_peer();
    }
    if (peer_ == nullptr) {
      return false;
    }
    if (std::optional<Request> request = peer_->read()) {
      request_ = *std::move(request);
      return request_.head.substr(0, request_.head.find("\r\n")).contains(what);
    }
    peer_.reset();
  }
  return false;
}

/// Answers the request for an event, and reads the answer to it.
bool Run::answer_one(int number) {
  const std::int64_t begun = steady_now();
  if (!peer_->write(event_response(number, options_.timeout)) || !next_request("/invocation/")) {
    return false;
  }
  const std::int64_t wall = steady_now() - begun;
  if (number == 0) {
    findings_.first_answer = mark();
    findings_.first_answer.wall = begun + wall - child_.started();
    findings_.event_sent.wall = begun - child_.started();
  } else {
    findings_.passes.push_back(wall);
  }
  findings_.failures += request_.head.contains("/response HTTP/1.1") ? 0 : 1;
  findings_.answer = request_.body;
  return peer_->write(response_text("202 Accepted", "Content-Type: application/json\r\n",
                                    R"({"status":"OK"})")) &&
         next_request("/invocation/next");
}

std::optional<Findings> Run::play() {
  if (!next_request("/invocation/next")) {
    return std::nullopt;
  }
  const std::int64_t ready_at = steady_now();
  findings_.ready = mark();
  findings_.ready.wall = ready_at - child_.started();
  findings_.first_connection =
      std::max<std::int64_t>(aws_.first_connection() - child_.started(), 0);
  if (options_.cgroup_after_init) {
    child_.join_cgroup(options_.cgroup);
  }
  std::int64_t cpu_after_first = 0;
  for (int i = 0; i < options_.invocations; ++i) {
    if (options_.close_every > 0 && i > 0 && i % options_.close_every == 0) {
      aws_.close_connections();
      ::poll(nullptr, 0, 2);
    }
    if (!answer_one(i)) {
      return std::nullopt;
    }
    if (i == 0) {
      cpu_after_first = child_.cpu();
    }
    if (options_.sample_every > 0 && (i + 1) % options_.sample_every == 0) {
      findings_.samples.push_back(
          {.invocation = i + 1, .resident = child_.memory("VmRSS"), .files = child_.open_files()});
    }
  }
  findings_.cpu_of_passes = child_.cpu() - cpu_after_first;
  findings_.peak_memory = child_.memory("VmHWM");
  return std::move(findings_);
}

std::int64_t median(std::vector<std::int64_t> values) {
  if (values.empty()) {
    return 0;
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

std::string report(const Findings& findings, const CannedAwsCounts& counts) {
  const auto passes = static_cast<std::int64_t>(findings.passes.size());
  json::Writer out;
  out.begin_object()
      .field("first_connection_wall_ns", findings.first_connection)
      .field("ready_wall_ns", findings.ready.wall)
      .field("ready_cpu_ns", findings.ready.cpu)
      .field("first_answer_wall_ns", findings.first_answer.wall)
      .field("first_answer_cpu_ns", findings.first_answer.cpu)
      .field("first_invocation_wall_ns", findings.first_answer.wall - findings.event_sent.wall)
      .field("first_invocation_cpu_ns", findings.first_answer.cpu - findings.ready.cpu)
      .field("pass_wall_ns", median(findings.passes))
      .field("pass_cpu_ns", passes == 0 ? 0 : findings.cpu_of_passes / passes)
      .field("peak_memory_kib", findings.peak_memory)
      .field("failures", findings.failures)
      .field("connections", counts.connections)
      .field("handshakes", counts.handshakes)
      .field("resumed", counts.resumed)
      .field("unsigned_calls", counts.unsigned_calls);
  out.name("calls").begin_object();
  for (const auto& [operation, count] : counts.calls) {
    out.field(operation, count);
  }
  out.end_object().name("samples").begin_array();
  for (const Sample& sample : findings.samples) {
    out.begin_object()
        .field("invocation", sample.invocation)
        .field("resident_kib", sample.resident)
        .field("open_files", sample.files)
        .end_object();
  }
  out.end_array().field("answer", findings.answer).end_object();
  return std::move(out).text();
}

std::vector<std::string> environment_for(const Options& options, const CannedAws& aws,
                                         int runtime_port) {
  const auto at = [](std::string_view scheme, int port) {
    return fmt::format("{}localhost:{}", scheme, port);
  };
  return {
      "PATH=/usr/bin:/bin",
      "LANG=C.UTF-8",
      "AWS_LAMBDA_RUNTIME_API=" + fmt::format("127.0.0.1:{}", runtime_port),
      "AWS_LAMBDA_FUNCTION_NAME=scaler",
      "AWS_REGION=eu-central-1",
      "AWS_ACCESS_KEY_ID=ASIAEXAMPLEEXAMPLE00",
      "AWS_SECRET_ACCESS_KEY=example-secret-access-key-0123456789abcd",
      "AWS_SESSION_TOKEN=" + std::string(400, 'T'),
      "AWS_EC2_METADATA_DISABLED=true",
      "AWS_ENDPOINT_URL_SQS=" + at("https://", aws.sqs_port()),
      "AWS_ENDPOINT_URL_ECS=" + at("https://", aws.ecs_port()),
      "AWS_CA_BUNDLE=" + options.certificates + "/root.pem",
      "SQS_QUEUE_URL=" + at("https://", aws.sqs_port()) + "/123456789012/jobs",
      "ECS_CLUSTER_NAME=main",
      "ECS_SERVICE_NAME=worker",
      "SCALE_UP_TARGET=1",
      "SCALE_DOWN_THRESHOLD=2",
  };
}

int run(const Options& options) {
  CannedAws aws(options.certificates + "/chain.pem", options.certificates + "/key.pem");
  int runtime_port = 0;
  const int listener = listen_on_loopback(runtime_port);
  Child child({.command = options.command,
               .environment = environment_for(options, aws, runtime_port),
               .cgroup = options.cgroup_after_init ? "" : options.cgroup,
               .output = options.output});
  const std::optional<Findings> findings = Run(options, aws, child, listener).play();
  // The client's last word of a handshake may still be on its way into the server.
  for (int i = 0; i < 1000 && aws.counts().handshakes < aws.counts().connections; ++i) {
    ::poll(nullptr, 0, 1);
  }
  child.end();
  if (!findings) {
    fmt::print(stderr,
               "referee: {} ended, was too slow or sent something unexpected; its output: {}\n",
               options.command.front(), options.output);
    return 1;
  }
  fmt::print("{}\n", report(*findings, aws.counts()));
  return 0;
}

int measure(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(bugprone-signal-handler): OpenSSL's sockets raise it.
  Options options;
  CLI::App app("Measures a Lambda custom runtime; prints one line of JSON.", "referee");
  app.add_option("--certificates", options.certificates, "folder: chain.pem, key.pem, root.pem")
      ->required();
  app.add_option("--output", options.output, "file for the runtime's own output");
  app.add_option("--invocations", options.invocations, "events to give it");
  app.add_option("--close-every", options.close_every, "close AWS's connections every so often");
  app.add_option("--sample-every", options.sample_every, "note memory and open files so often");
  app.add_option("--cgroup", options.cgroup, "folder of a cgroup that it joins");
  app.add_flag("--cgroup-after-init", options.cgroup_after_init, "join only when it is ready");
  app.add_option("--timeout", options.timeout, "seconds to wait for it");
  app.add_option("command", options.command, "the runtime with its full path, and arguments")
      ->required();
  CLI11_PARSE(app, argc, argv);
  return run(options);
}

}  // namespace
}  // namespace scaler::bench

int main(int argc, char** argv) try {
  return scaler::bench::measure(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "referee: %s\n", error.what());
  return 1;
}
