#pragma once
// RuntimeApiServer: the Lambda Runtime API of one sandbox, on a port of its own. It accepts what a
// runtime may send in its state and refuses everything else with Lambda's errors; what it accepted
// becomes an event for the sandbox. State: Starting -> Waiting -> Invoked -> Answered -> Waiting ->
// ... Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "ground/net/event_loop.h"
#include "ground/net/http_server.h"

namespace scaler::emulator {

/// What GET invocation/next answers with.
struct RuntimeInvocation {
  std::string request_id = {};
  std::string payload = {};
  std::string function_arn = {};
  std::string trace_id = {};
  Instant deadline = {};
};

/// Events of the runtime; none may destroy the RuntimeApiServer.
struct RuntimeEvents {
  std::function<void()> on_waiting = {};  ///< the runtime asks for an invocation
  std::function<void(std::string payload)> on_response = {};
  std::function<void(std::string payload)> on_error = {};
  std::function<void(std::string payload)> on_init_error = {};
};

class RuntimeApiServer {
 public:
  static constexpr std::size_t kResponseMax = std::size_t{6} << 20U;
  /// Lambda allows this much more than it says.
  static constexpr std::size_t kResponseSlack = 100;

  enum class State { Starting, Waiting, Invoked, Answered, InitFailed };

  static Result<std::unique_ptr<RuntimeApiServer>> create(net::EventLoop& loop,
                                                          RuntimeEvents events);
  RuntimeApiServer(const RuntimeApiServer&) = delete;
  RuntimeApiServer& operator=(const RuntimeApiServer&) = delete;

  int port() const { return server_->port(); }
  State state() const { return state_; }
  /// Answers the runtime that is Waiting.
  void deliver(const RuntimeInvocation& invocation);

 private:
  explicit RuntimeApiServer(RuntimeEvents events);
  void handle(const net::ServerRequest& request, const net::Respond& respond);
  void next(const net::Respond& respond);
  void init_error(const net::ServerRequest& request, const net::Respond& respond);
  void response(const net::ServerRequest& request, const net::Respond& respond);
  void error(const net::ServerRequest& request, const net::Respond& respond);
  static void report_error(const net::ServerRequest& request, const net::Respond& respond,
                           const std::function<void(std::string)>& event);

  RuntimeEvents events_;
  State state_ = State::Starting;
  std::string request_id_ = {};
  net::Respond waiting_ = {};
  std::unique_ptr<net::HttpServer> server_ = {};
};

/// {"errorMessage":..,"errorType":..}
std::string error_payload(std::string_view type, std::string_view message);

}  // namespace scaler::emulator
