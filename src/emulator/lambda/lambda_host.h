#pragma once
// LambdaHost: the emulated Lambda: one function from a real `bootstrap`, the mappings of the job
// queue and of the scaler's own queues to it, the schedule, and the control API under /2015-03-31/.
// Everything runs on the event loop's thread.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/lambda/event_source_mapping.h"
#include "emulator/lambda/lambda_api.h"
#include "emulator/lambda/lambda_function.h"
#include "emulator/lambda/schedule_rule.h"
#include "ground/base/log.h"
#include "ground/base/result.h"
#include "ground/net/event_loop.h"
#include "ground/net/http_server.h"
#include "ground/net/timer.h"
#include "lab/world/world.h"

namespace scaler::emulator {

/// What the default deployment gives the function, as environment variables.
struct FunctionSurroundings {
  std::string endpoint = {};  ///< AWS_ENDPOINT_URL
  std::string queue_url = {};
  std::string cluster = {};
  std::string service = {};
  std::string tick_queue_url = {};      ///< empty: none
  std::string doorbell_queue_url = {};  ///< empty: none
  Environment overrides = {};           ///< added last; an empty value removes a variable
};
Environment function_environment(const FunctionSurroundings& deployment);

struct LambdaOptions {
  FunctionSettings function = {};
  std::string job_queue = {};                ///< a queue's name in the world; empty: no mapping
  std::vector<std::string> own_queues = {};  ///< the scaler's own, each with a mapping as well
  MappingSettings mapping = {};
  Duration mapping_toggle = std::chrono::seconds(30);
  Duration schedule = std::chrono::seconds(60);  ///< zero: none
  /// Brings the world to the present before the mapping looks; without it the host does.
  std::function<void()> advance = {};
  /// A line of the function's output; without it, the line goes to the log.
  std::function<void(std::string_view line)> log_line = {};
  std::function<std::optional<InjectedFault>()> fault = {};  ///< what strikes the next invocation
};

class LambdaHost {
 public:
  /// Starts no process yet: the first invocation does.
  /// Errors: Malformed for settings that Lambda refuses (reserved or too large environment, memory,
  ///         timeout, batch size) and for a bootstrap that is no executable file.
  static Result<std::unique_ptr<LambdaHost>> create(net::EventLoop& loop, world::World& world,
                                                    LambdaOptions options, const Log& log);
  ~LambdaHost();
  LambdaHost(const LambdaHost&) = delete;
  LambdaHost& operator=(const LambdaHost&) = delete;

  /// Whether the caller's account and region have the function.
  bool is_of(const Caller& caller) const;
  /// Answers a request of the Lambda API, its signature's form included.
  void handle(const net::ServerRequest& request, const net::Respond& respond);
  static bool handles(std::string_view target) { return target.starts_with("/2015-03-31/"); }

  void invoke(std::string payload, OnResult on_result);
  /// Kills the processes of all invocations under way.
  void crash();
  /// Kills the sandboxes and ends polling and schedule.
  void shutdown();

  const LambdaFunction& function() const { return *function_; }
  /// The first of the job queue, or nullptr.
  const EventSourceMapping* mapping() const;
  std::span<const std::unique_ptr<EventSourceMapping>> mappings() const { return mappings_; }
  const ScheduleRule* schedule() const { return schedule_.get(); }

 private:
  LambdaHost(net::EventLoop& loop, world::World& world, LambdaOptions options, const Log& log);
  EventSourceMapping& add_mapping(const std::string& queue, std::string function_arn,
                                  const MappingSettings& settings);
  Result<EventSourceMapping*> create_mapping(const NewMapping& wanted);
  void invoke_by_arn(const std::string& arn, std::string payload, const OnResult& on_result);
  void tick();
  void tick_later();
  void finished(const InvocationReport& report);

  net::EventLoop& loop_;
  world::World& world_;
  LambdaOptions options_;
  const Log& log_;
  Instant created_at_;
  Random seeds_;
  FunctionVersions versions_;
  std::unique_ptr<LambdaFunction> function_;
  std::vector<std::unique_ptr<EventSourceMapping>> mappings_;
  std::unique_ptr<ScheduleRule> schedule_;
  net::Timer tick_;
};

}  // namespace scaler::emulator
