#include "emulator/lambda/sandbox.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/core.h>

#include "ground/base/check.h"
#include "ground/base/clock.h"

namespace scaler::emulator {
namespace {

constexpr std::size_t kLogMax = 4096;  // What a caller is told of it.

/// How long a runtime that reported a failed start may take to end by itself.
constexpr Duration kEndTime = std::chrono::milliseconds(500);

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

/// As Lambda words it for the one who invoked.
std::string for_request(const std::string& request_id, const std::string& message) {
  return "RequestId: " + request_id + " Error: " + message;
}

}  // namespace

Environment process_environment(const FunctionSettings& settings, const std::string& version,
                                int runtime_api_port) {
  const std::string root = folder_of(settings.bootstrap);
  Environment environment = {
      {"AWS_ACCESS_KEY_ID", settings.access_key_id},
      {"AWS_DEFAULT_REGION", settings.region},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(settings.memory_mb)},
      {"AWS_LAMBDA_FUNCTION_NAME", settings.name},
      {"AWS_LAMBDA_FUNCTION_VERSION", version},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/" + settings.name},
      {"AWS_LAMBDA_LOG_STREAM_NAME", fmt::format("[{}]{:032x}", version, runtime_api_port)},
      {"AWS_LAMBDA_RUNTIME_API", "127.0.0.1:" + std::to_string(runtime_api_port)},
      {"AWS_REGION", settings.region},
      {"AWS_SECRET_ACCESS_KEY", settings.secret_access_key},
      {"AWS_SESSION_TOKEN", settings.session_token},
      {"LAMBDA_RUNTIME_DIR", "/var/runtime"},
      {"LAMBDA_TASK_ROOT", root},
      {"LANG", "en_US.UTF-8"},
      {"LD_LIBRARY_PATH",
       "/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:" + root + ":" + root + "/lib:/opt/lib"},
      {"PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"},
      {"TZ", ":UTC"},
      {"_HANDLER", "bootstrap"}};
  for (const auto& [name, value] : settings.environment) {
    environment.insert_or_assign(name, value);
  }
  return environment;
}

Result<std::unique_ptr<Sandbox>> Sandbox::start(net::EventLoop& loop,
                                                const FunctionSettings& settings,
                                                std::string version,
                                                std::function<void(std::string_view)> on_line) {
  auto sandbox = std::unique_ptr<Sandbox>(new Sandbox(loop, settings, std::move(version)));
  TRY(sandbox->run(std::move(on_line)));
  return sandbox;
}

Sandbox::Sandbox(net::EventLoop& loop, const FunctionSettings& settings, std::string version)
    : loop_(loop), settings_(settings), version_(std::move(version)), limit_(loop), kill_(loop) {}

Sandbox::~Sandbox() = default;

RuntimeEvents Sandbox::events() {
  using Outcome = SandboxResult::Outcome;
  return {.on_waiting =
              [this] {
                started_ = true;
                if (invocation_) {
                  deliver();
                }
              },
          .on_response = [this](std::string payload) { finish(Outcome::Ok, std::move(payload)); },
          .on_error = [this](std::string payload) { finish(Outcome::Failed, std::move(payload)); },
          .on_init_error = [this](const std::string& payload) { failed_to_start(payload); }};
}

Result<void> Sandbox::run(std::function<void(std::string_view)> on_line) {
  on_line_ = std::move(on_line);
  api_ = TRY(RuntimeApiServer::create(loop_, events()));
  process_ = TRY(ChildProcess::start(
      loop_, {.executable = settings_.bootstrap,
              .directory = folder_of(settings_.bootstrap),
              .environment = process_environment(settings_, version_, api_->port()),
              .on_line = [this](std::string_view line) { note_line(line); },
              .on_exit = [this](ProcessExit exit) { process_ended(exit); }}));
  limit(settings_.init_timeout);
  return {};
}

void Sandbox::invoke(SandboxInvocation invocation) {
  CHECK(!busy());
  CHECK(!over_);
  invocation_ = std::move(invocation);
  invoked_at_ = system_clock().now();
  if (started_) {
    // Counts from here: a runtime that answered but never asks again must not wait for ever.
    limit(settings_.timeout);
  }
  if (waiting()) {
    deliver();
  }
}

void Sandbox::deliver() {
  limit(settings_.timeout);
  const auto now = system_clock().now();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  const std::string& qualifier = invocation_->qualifier;
  const std::string suffix = qualifier.empty() ? "" : ":" + qualifier;
  const std::string hex = fmt::format("{:024x}", now.time_since_epoch().count());
  api_->deliver({.request_id = invocation_->request_id,
                 .payload = invocation_->payload,
                 .function_arn = function_arn(settings_) + suffix,
                 .trace_id = fmt::format("Root=1-{:08x}-{};Parent={};Sampled=0", seconds.count(),
                                         hex, hex.substr(8)),
                 .deadline = now + settings_.timeout});
}

void Sandbox::note_line(std::string_view line) {
  log_.append(line).append("\n");
  if (log_.size() > 2 * kLogMax) {
    log_.erase(0, log_.size() - kLogMax);
  }
  if (on_line_) {
    on_line_(line);
  }
}

std::string Sandbox::take_log() {
  if (process_) {
    process_->read_now();  // What was written before the answer may not have been read yet.
  }
  const std::string& id = invocation_->request_id;
  const auto ms = std::max<std::int64_t>(1, (system_clock().now() - invoked_at_).count());
  std::string log = fmt::format(
      "START RequestId: {0} Version: {1}\n{2}END RequestId: {0}\nREPORT RequestId: {0}\tDuration: "
      "{3}.00 ms\tBilled Duration: {3} ms\tMemory Size: {4} MB\n",
      id, version_, std::exchange(log_, {}), ms, settings_.memory_mb);
  return log.substr(log.size() - std::min(log.size(), kLogMax));
}

void Sandbox::finish(SandboxResult::Outcome outcome, std::string payload) {
  limit_.cancel();
  if (!invocation_) {
    return;
  }
  std::string log = take_log();
  const SandboxInvocation invocation = *std::exchange(invocation_, std::nullopt);
  invocation.on_result({.outcome = outcome, .payload = std::move(payload), .log = std::move(log)});
}

void Sandbox::failed_to_start(const std::string& payload) {
  over_ = true;
  finish(SandboxResult::Outcome::Failed, payload);
  kill_.start(kEndTime, [this] { kill(); });
}

void Sandbox::process_ended(ProcessExit exit) {
  over_ = true;
  ended_ = true;
  if (invocation_) {
    const bool silent = exit.signal == 0 && exit.code == 0;
    const std::string reason = silent ? "Runtime exited without providing a reason"
                                      : "Runtime exited with error: " + describe(exit);
    finish(SandboxResult::Outcome::Failed,
           error_payload("Runtime.ExitError", for_request(invocation_->request_id, reason)));
  }
  if (on_ended_) {
    on_ended_();
  }
}

void Sandbox::limit(Duration duration) {
  limit_.start(duration, [this, duration] { time_out(duration); });
}

void Sandbox::time_out(Duration duration) {
  // A runtime that is started and has nothing to do is only frozen.
  if (over_ || (started_ && !invocation_)) {
    return;
  }
  over_ = true;
  const double seconds = in_seconds(duration);
  const std::string id = invocation_ ? invocation_->request_id : "";
  finish(
      SandboxResult::Outcome::TimedOut,
      error_payload("Sandbox.Timedout",
                    for_request(id, fmt::format("Task timed out after {:.2f} seconds", seconds))));
  kill();
}

void Sandbox::freeze() {
  if (process_) {
    process_->stop();
  }
}

void Sandbox::kill_later(Duration delay) {
  kill_.start(delay, [this, id = invocation_ ? invocation_->request_id : ""] {
    if (invocation_ && invocation_->request_id == id) {
      kill();
    }
  });
}

void Sandbox::kill() {
  over_ = true;
  if (process_) {
    process_->kill();
  }
}

}  // namespace scaler::emulator
