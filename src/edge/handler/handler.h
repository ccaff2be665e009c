#pragma once
// What Lambda says, translated: an event's JSON into an invocation, and what came of it into log
// lines and an answer. What each trigger may do is decided in src/invocation.

#include <string>
#include <string_view>

#include "edge/config/environment.h"
#include "edge/lambda/event.h"
#include "ground/base/log.h"
#include "scaler/invocation/invocation.h"

namespace scaler {

class Handler {
 public:
  Handler(const ServiceConfig& config, const InvocationPorts& ports, const Log& log);
  /// Of many services, which `ports.fleet` may change; the config is of none.
  Handler(const ServiceConfig& config, std::vector<ManagedService> fleet,
          const InvocationPorts& ports, const Log& log);
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;

  /// The answer to one event, as JSON. `function_arn` is what was invoked, perhaps by alias or
  /// version.
  /// Errors: whatever failed; the invocation then counts as failed and every message that came with
  ///         it goes back to its queue.
  Result<std::string> handle(std::string_view event, Deadline deadline, std::string function_arn);

 private:
  Result<Invocation> translate(const lambda::Event& event) const;
  Result<Trigger> trigger_of(const std::string& queue_arn) const;
  bool is_fleet() const { return config_.queue_url.empty(); }
  void log(const Invocation& invocation, const Effect& effect) const;
  void log_fleet(const Invocation& invocation, const Effect& effect) const;

  ServiceConfig config_;
  const Log* log_;
  Invoker invoker_;
};

}  // namespace scaler
