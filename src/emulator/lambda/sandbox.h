#pragma once
// Sandbox: one execution environment of a function: a bootstrap process and the Runtime API that it
// talks to. It carries out one invocation at a time and ends with the first crash, failed start or
// timeout.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "emulator/lambda/lambda_function.h"
#include "emulator/lambda/runtime_api.h"
#include "emulator/process/child_process.h"
#include "ground/base/environment.h"
#include "ground/net/event_loop.h"
#include "ground/net/timer.h"

namespace scaler::emulator {

struct SandboxResult {
  enum class Outcome { Ok, Failed, TimedOut };
  Outcome outcome = Outcome::Ok;
  std::string payload = {};
  std::string log = {};  ///< the end of what the process wrote, as Lambda tells it
};

struct SandboxInvocation {
  std::string request_id = {};
  std::string payload = {};
  std::string qualifier = {};  ///< by which the function was invoked; empty: by none
  std::function<void(const SandboxResult& result)> on_result = {};
};

class Sandbox {
 public:
  /// Starts the process of one version of the function.
  /// Errors: Unavailable when the bootstrap cannot be run.
  static Result<std::unique_ptr<Sandbox>> start(net::EventLoop& loop,
                                                const FunctionSettings& settings,
                                                std::string version,
                                                std::function<void(std::string_view line)> on_line);
  ~Sandbox();
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  /// Takes no further invocation, and does not count towards the concurrency.
  bool over() const { return over_; }
  /// over(), and its process has ended.
  bool ended() const { return ended_; }
  const std::string& version() const { return version_; }
  bool busy() const { return invocation_.has_value(); }
  bool waiting() const { return api_->state() == RuntimeApiServer::State::Waiting; }

  /// Carries it out as soon as the runtime asks for it. Only for a sandbox that is not busy or
  /// over. on_result may come from within, and must not destroy the Sandbox.
  void invoke(SandboxInvocation invocation);
  void kill();
  /// Unless the invocation under way has ended by then.
  void kill_later(Duration delay);
  /// Stops the process for ever: its invocation can only time out.
  void freeze();
  void on_ended(std::function<void()> function) { on_ended_ = std::move(function); }

 private:
  Sandbox(net::EventLoop& loop, const FunctionSettings& settings, std::string version);
  RuntimeEvents events();
  Result<void> run(std::function<void(std::string_view line)> on_line);
  void deliver();
  void note_line(std::string_view line);
  /// The log of the invocation under way, which is ending.
  std::string take_log();
  void finish(SandboxResult::Outcome outcome, std::string payload);
  void failed_to_start(const std::string& payload);
  void process_ended(ProcessExit exit);
  void limit(Duration duration);
  void time_out(Duration duration);

  net::EventLoop& loop_;
  const FunctionSettings& settings_;
  std::string version_;
  std::unique_ptr<RuntimeApiServer> api_ = {};
  std::unique_ptr<ChildProcess> process_ = {};
  std::optional<SandboxInvocation> invocation_ = {};
  std::function<void(std::string_view line)> on_line_ = {};
  std::string log_ = {};  ///< of the invocation under way
  Instant invoked_at_ = {};
  std::function<void()> on_ended_ = {};
  bool started_ = false;  ///< the runtime has asked for an invocation once
  bool over_ = false;
  bool ended_ = false;
  net::Timer limit_;  ///< the time limit in force
  net::Timer kill_;
};

/// The environment of the process, as Lambda sets it for provided.al2023.
/// Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
Environment process_environment(const FunctionSettings& settings, const std::string& version,
                                int runtime_api_port);

}  // namespace scaler::emulator
