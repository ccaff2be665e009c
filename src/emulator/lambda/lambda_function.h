#pragma once
// LambdaFunction: one function on Lambda. Sandboxes (sandbox.h) are started on demand, reused when
// idle, and replaced when they fail. InvokeFunction is how the mapping and the schedule see it, so
// that their tests need no process.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/lambda/lambda_versions.h"
#include "emulator/request/faults.h"
#include "ground/base/clock.h"
#include "ground/base/environment.h"
#include "ground/base/random.h"
#include "ground/net/event_loop.h"
#include "ground/net/timer.h"

namespace scaler::emulator {

/// What is throttled goes again after this.
inline constexpr Duration kThrottlePause = std::chrono::seconds(1);

enum class InvocationOutcome { Ok, FunctionError, Throttled };

struct InvocationResult {
  InvocationOutcome outcome = InvocationOutcome::Ok;
  std::string payload = {};  ///< what the function answered, or {"errorMessage":..,"errorType":..}
  std::string log = {};      ///< the end of what it wrote
};

using OnResult = std::function<void(InvocationResult)>;
/// Invokes what the ARN names with a payload and tells once what came of it, perhaps from within.
using InvokeFunction =
    std::function<void(const std::string& function_arn, std::string payload, OnResult on_result)>;

struct FunctionSettings {
  std::string bootstrap = {};  ///< path of the executable; its folder is LAMBDA_TASK_ROOT
  std::string name = "ecs-scaler";
  std::string region = "us-east-1";
  std::string account = "000000000000";
  std::string access_key_id = "ASIAEMULATEDFUNCTION";
  std::string secret_access_key = "emulated-secret-access-key-of-the-function";
  std::string session_token = "emulated-session-token-of-the-function";
  Duration timeout = std::chrono::seconds(30);
  Duration init_timeout = std::chrono::seconds(10);
  std::int64_t memory_mb = 128;
  std::int64_t concurrency_max = 10;  ///< reserved concurrency: sandboxes at one time
  Environment environment = {};       ///< the function's own variables
};

std::string function_arn(const FunctionSettings& settings);

struct FunctionTotals {
  std::int64_t invocations = 0;  ///< those that ran; throttled ones did not
  std::int64_t errors = 0;       ///< of these, failed; timeouts included
  std::int64_t timeouts = 0;
  std::int64_t throttles = 0;
  std::int64_t cold_starts = 0;  ///< sandboxes that were started
};

/// A finished invocation, for logs and the history.
struct InvocationReport {
  std::string request_id = {};
  InvocationOutcome outcome = InvocationOutcome::Ok;
  bool cold_start = false;
  Duration duration = Duration(0);
  std::string_view payload = {};
};

struct FunctionHooks {
  std::function<void(std::string_view line)> log_line = {};  ///< a line of the function's output
  std::function<void(const InvocationReport&)> finished = {};
  std::function<std::optional<InjectedFault>()> fault = {};  ///< what strikes the next invocation
};

class Sandbox;

class LambdaFunction {
 public:
  LambdaFunction(net::EventLoop& loop, FunctionSettings settings, FunctionHooks hooks,
                 std::uint64_t seed);
  ~LambdaFunction();
  LambdaFunction(const LambdaFunction&) = delete;
  LambdaFunction& operator=(const LambdaFunction&) = delete;

  /// RequestResponse: at once or never.
  void invoke(std::string payload, OnResult on_result, InvokedAs invoked = {});
  /// Event: throttled ones are tried again every second for up to six hours, failed ones
  /// `retries` times, after one minute and then two.
  void invoke_later(std::string payload, int retries, InvokedAs invoked = {});

  const FunctionSettings& settings() const { return settings_; }
  const FunctionTotals& totals() const { return totals_; }
  std::size_t sandboxes() const;
  /// Kills the sandboxes of all invocations under way.
  void crash();
  /// Kills all sandboxes; invocations under way end in errors.
  void shutdown();

 private:
  struct AsyncEvent;
  void carry_out(std::string payload, OnResult on_result, const InvokedAs& invoked,
                 const std::optional<InjectedFault>& fault);
  void throttle(const OnResult& on_result);
  void attempt(const std::shared_ptr<AsyncEvent>& event);
  void try_again(const std::shared_ptr<AsyncEvent>& event, Duration delay);
  Sandbox* free_sandbox(const std::string& version);
  Sandbox* start_sandbox(const std::string& request_id, const std::string& version,
                         OnResult& on_result);
  void sweep_later();
  void report(const InvocationReport& report);

  net::EventLoop& loop_;
  FunctionSettings settings_;
  FunctionHooks hooks_;
  Random random_;
  FunctionTotals totals_ = {};
  std::vector<std::unique_ptr<Sandbox>> sandboxes_;
  bool shut_down_ = false;
  net::Timer sweep_;
  std::vector<net::Timer> retries_ = {};  ///< of events, those that are over among them
};

}  // namespace scaler::emulator
