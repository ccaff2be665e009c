// bootstrap: the Lambda custom runtime. Builds everything before the first event is asked for, then
// serves.

#include <csignal>
#include <unistd.h>

#include "edge/config/environment.h"
#include "edge/handler/handler.h"
#include "edge/lambda/runtime.h"
#include "edge/wiring/process_environment.h"
#include "edge/wiring/wiring.h"

// Nothing is thrown, so nobody needs the library's handler, which brings a demangler of 50 KB.
namespace __gnu_cxx {  // NOLINT(bugprone-reserved-identifier): the library's own name.
void __verbose_terminate_handler();   // NOLINT(bugprone-reserved-identifier)
void __verbose_terminate_handler() {  // NOLINT(bugprone-reserved-identifier)
  __builtin_trap();
}
}  // namespace __gnu_cxx

namespace {

using namespace scaler;

Result<void> serve(const Environment& environment, lambda::RuntimeApi& api, const Log& log,
                   const ServiceConfig& config) {
  const std::unique_ptr<Wiring> wiring = TRY(Wiring::create(environment, system_clock(), log));
  const LookRequest look{.service = config.id, .queue_urls = {config.queue_url}};
  TRY(wiring->check(look));
  Handler handler(config,
                  {.reader = wiring->reader(),
                   .scaler = wiring->scaler(),
                   .states = &wiring->states(),
                   .clock = system_clock(),
                   .messages = &wiring->messages(),
                   .mapping = &wiring->mapping(),
                   .ticks = &wiring->ticks()},
                  log);
  wiring->prewarm(look);
  const Error ended = lambda::run_loop(
      api,
      [&handler](const lambda::RuntimeEvent& invocation) {
        return handler.handle(invocation.event, invocation.deadline, invocation.function_arn);
      },
      log);
  log.write(LogLevel::Fatal, ended.message);
  return {};
}

/// Everything that can be wrong before the first event: reported as an init error.
Result<void> start(const Environment& environment, lambda::RuntimeApi& api, const Log& log) {
  const LogLevel level = TRY(log_level_from_environment(environment));
  const ServiceConfig config = TRY(service_from_environment(environment));
  return serve(environment, api, log.at_level(level), config);
}

}  // namespace

int main() {
  std::signal(SIGPIPE, SIG_IGN);  // A log's reader that has gone must not end the scaling.
  const Environment environment = process_environment();
  const Log log(STDOUT_FILENO, LogLevel::Info, system_clock());
  // The wait for the next event may last for hours, and so may the sandbox's sleep within it.
  net::HttpClient http({.idle_timeout = std::chrono::hours(24 * 365)});
  auto api = lambda::RuntimeApi::create(
      variable(environment, "AWS_LAMBDA_RUNTIME_API").value_or(""), http, system_clock());
  if (!api) {
    log.write(LogLevel::Fatal, api.error().message);
    return 1;
  }
  const Result<void> started = start(environment, *api, log);
  if (!started) {
    log.write(LogLevel::Fatal, started.error().message);
    const Result<void> reported = api->report_init_failure(started.error());
    if (!reported) {
      log.write(LogLevel::Fatal, reported.error().message);
    }
  }
  return 1;  // Serving ends only when the Runtime API is gone; the platform starts the process
             // anew.
}
