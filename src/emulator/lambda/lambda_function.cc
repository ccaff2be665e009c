#include "emulator/lambda/lambda_function.h"

#include <algorithm>
#include <utility>

#include "emulator/lambda/lambda_ids.h"
#include "emulator/lambda/runtime_api.h"
#include "emulator/lambda/sandbox.h"
#include "ground/base/clock.h"

namespace scaler::emulator {
namespace {

constexpr Duration kRetryPause = std::chrono::minutes(1);
constexpr Duration kEventAgeMax = std::chrono::hours(6);

}  // namespace

struct LambdaFunction::AsyncEvent {
  std::string payload = {};
  InvokedAs invoked = {};
  int retries = 0;
  int failures = 0;
  Instant sent_at = {};
};

std::string function_arn(const FunctionSettings& settings) {
  return "arn:aws:lambda:" + settings.region + ":" + settings.account +
         ":function:" + settings.name;
}

LambdaFunction::LambdaFunction(net::EventLoop& loop, FunctionSettings settings, FunctionHooks hooks,
                               std::uint64_t seed)
    : loop_(loop),
      settings_(std::move(settings)),
      hooks_(std::move(hooks)),
      random_(seed),
      sweep_(loop) {}

LambdaFunction::~LambdaFunction() = default;

std::size_t LambdaFunction::sandboxes() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(sandboxes_, [](const auto& sandbox) { return !sandbox->over(); }));
}

void LambdaFunction::invoke(std::string payload, OnResult on_result, InvokedAs invoked) {
  const std::optional<InjectedFault> fault = hooks_.fault ? hooks_.fault() : std::nullopt;
  if (fault && fault->kind == FaultKind::Throttle) {
    return throttle(on_result);
  }
  if (fault && fault->kind == FaultKind::Duplicate) {
    // Whoever invoked hears of the first only.
    carry_out(payload, std::move(on_result), invoked, std::nullopt);
    return carry_out(std::move(payload), [](const InvocationResult&) {}, invoked, std::nullopt);
  }
  carry_out(std::move(payload), std::move(on_result), invoked, fault);
}

void LambdaFunction::throttle(const OnResult& on_result) {
  ++totals_.throttles;
  on_result({.outcome = InvocationOutcome::Throttled});
}

void LambdaFunction::carry_out(std::string payload, OnResult on_result, const InvokedAs& invoked,
                               const std::optional<InjectedFault>& fault) {
  const std::string request_id = make_uuid(random_);
  Sandbox* sandbox = shut_down_ ? nullptr : free_sandbox(invoked.version);
  const bool cold_start = sandbox == nullptr;
  if (cold_start) {
    if (shut_down_ || std::cmp_greater_equal(sandboxes(), settings_.concurrency_max)) {
      return throttle(on_result);
    }
    sandbox = start_sandbox(request_id, invoked.version, on_result);
    if (sandbox == nullptr) {
      return;
    }
  }
  ++totals_.invocations;
  const Instant started_at = system_clock().now();
  const bool dies_at_once = fault && fault->kind == FaultKind::Crash && fault->delay.count() == 0;
  if (fault && (fault->kind == FaultKind::Hang || dies_at_once)) {
    // Before it has the event: on a busy machine it may run before this program's next line.
    sandbox->freeze();
  }
  sandbox->invoke({.request_id = request_id,
                   .payload = std::move(payload),
                   .qualifier = invoked.qualifier,
                   .on_result = [this, request_id, cold_start, started_at,
                                 on_result = std::move(on_result)](const SandboxResult& result) {
                     const bool ok = result.outcome == SandboxResult::Outcome::Ok;
                     totals_.errors += ok ? 0 : 1;
                     totals_.timeouts += result.outcome == SandboxResult::Outcome::TimedOut ? 1 : 0;
                     const auto outcome =
                         ok ? InvocationOutcome::Ok : InvocationOutcome::FunctionError;
                     report({.request_id = request_id,
                             .outcome = outcome,
                             .cold_start = cold_start,
                             .duration = system_clock().now() - started_at,
                             .payload = result.payload});
                     on_result({.outcome = outcome, .payload = result.payload, .log = result.log});
                   }});
  if (fault && fault->kind == FaultKind::Crash) {
    sandbox->kill_later(fault->delay);
  }
}

Sandbox* LambdaFunction::free_sandbox(const std::string& version) {
  Sandbox* answered = nullptr;
  for (const auto& sandbox : sandboxes_) {
    if (sandbox->over() || sandbox->busy() || sandbox->version() != version) {
      continue;
    }
    if (sandbox->waiting()) {
      return sandbox.get();
    }
    answered = sandbox.get();
  }
  // It has answered and will ask for the next invocation in a moment.
  return answered;
}

Sandbox* LambdaFunction::start_sandbox(const std::string& request_id, const std::string& version,
                                       OnResult& on_result) {
  auto sandbox = Sandbox::start(loop_, settings_, version, hooks_.log_line);
  if (!sandbox) {
    ++totals_.invocations;
    ++totals_.errors;
    const std::string payload =
        error_payload("Runtime.InvalidEntrypoint",
                      "RequestId: " + request_id + " Error: " + sandbox.error().message);
    report({.request_id = request_id,
            .outcome = InvocationOutcome::FunctionError,
            .cold_start = true,
            .payload = payload});
    on_result({.outcome = InvocationOutcome::FunctionError, .payload = payload});
    return nullptr;
  }
  ++totals_.cold_starts;
  (*sandbox)->on_ended([this] { sweep_later(); });
  return sandboxes_.emplace_back(std::move(*sandbox)).get();
}

/// Not at once: a sandbox says that it has ended from inside its own functions.
void LambdaFunction::sweep_later() {
  sweep_.start(Duration(0), [this] {
    std::erase_if(sandboxes_, [](const auto& sandbox) { return sandbox->ended(); });
  });
}

void LambdaFunction::report(const InvocationReport& report) {
  if (hooks_.finished) {
    hooks_.finished(report);
  }
}

void LambdaFunction::invoke_later(std::string payload, int retries, InvokedAs invoked) {
  attempt(std::make_shared<AsyncEvent>(AsyncEvent{.payload = std::move(payload),
                                                  .invoked = std::move(invoked),
                                                  .retries = retries,
                                                  .sent_at = system_clock().now()}));
}

void LambdaFunction::attempt(const std::shared_ptr<AsyncEvent>& event) {
  const auto on_result = [this, event](const InvocationResult& result) {
    if (result.outcome == InvocationOutcome::Throttled) {
      try_again(event, kThrottlePause);
    } else if (result.outcome == InvocationOutcome::FunctionError &&
               event->failures < event->retries) {
      ++event->failures;
      try_again(event, event->failures * kRetryPause);
    }
  };
  invoke(event->payload, on_result, event->invoked);
}

void LambdaFunction::try_again(const std::shared_ptr<AsyncEvent>& event, Duration delay) {
  if (shut_down_ || system_clock().now() + delay > event->sent_at + kEventAgeMax) {
    return;
  }
  std::erase_if(retries_, [](const net::Timer& timer) { return !timer.waits(); });
  retries_.emplace_back(loop_).start(delay, [this, event] { attempt(event); });
}

void LambdaFunction::crash() {
  for (const auto& sandbox : sandboxes_) {
    if (sandbox->busy()) {
      sandbox->kill();
    }
  }
}

void LambdaFunction::shutdown() {
  shut_down_ = true;
  for (const auto& sandbox : sandboxes_) {
    sandbox->kill();
  }
}

}  // namespace scaler::emulator
