// bootstrap: the Lambda custom runtime. Builds everything before the first event is asked for, then
// serves.

#include <csignal>
#include <unistd.h>

#include "edge/config/fleet_scope.h"
#include "edge/handler/handler.h"
#include "edge/lambda/runtime.h"
#include "edge/wiring/process_environment.h"
#include "edge/wiring/wiring.h"
#include "ground/base/file.h"
#include "wire/fleet.h"

// Nothing is thrown, so nobody needs the library's handler, which brings a demangler of 50 KB.
namespace __gnu_cxx {  // NOLINT(bugprone-reserved-identifier): the library's own name.
void __verbose_terminate_handler();   // NOLINT(bugprone-reserved-identifier)
void __verbose_terminate_handler() {  // NOLINT(bugprone-reserved-identifier)
  __builtin_trap();
}
}  // namespace __gnu_cxx

namespace {

using namespace scaler;

/// More than the largest fleet file, and less than what would fill the memory.
constexpr std::size_t kFleetFileMax = std::size_t{16} << 20U;

Result<void> run(Handler& handler, lambda::RuntimeApi& api, const Log& log) {
  const Error ended = lambda::run_loop(
      api,
      [&handler](const lambda::RuntimeEvent& invocation) {
        return handler.handle(invocation.event, invocation.deadline, invocation.function_arn);
      },
      log);
  log.write(LogLevel::Fatal, ended.message);
  return {};
}

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
                   .ticks = &wiring->ticks(),
                   .instances = &wiring->instances(),
                   .instance_scaler = &wiring->instance_scaler()},
                  log);
  wiring->prewarm(look);
  return run(handler, api, log);
}

/// What is scaled: the services of a file of the package, or those that carry the tag.
Result<FleetScope> scope_in(const Environment& environment, const FleetConfig& config,
                            const Wiring& wiring) {
  if (config.by_tags()) {
    return scope_of_tags(config);
  }
  const std::string text = TRY(read_file(config.source, kFleetFileMax));
  const json::Value file = TRY(json::parse(text));
  const std::string region = variable(environment, "AWS_REGION").value_or("");
  FleetDocument document = TRY(read_fleet(file, config.source, region, config.rules.defaults));
  TRY(check_job_queues(config, document.services));
  for (const ManagedService& service : adopted({}, document.services)) {
    TRY(wiring.check(look_at_all_of(service)));
  }
  return scope_of(config, std::move(document));
}

/// As serve(), for many services.
Result<void> serve_fleet(const Environment& environment, lambda::RuntimeApi& api, const Log& log,
                         const FleetConfig& config) {
  const std::unique_ptr<Wiring> wiring = TRY(Wiring::create(environment, system_clock(), log));
  FleetScope scope = TRY(scope_in(environment, config, *wiring));
  for (const std::string& name : config.unused) {
    log.write(LogLevel::Warn, name + " is not used: FLEET says which services are scaled");
  }
  const bool searches = !scope.places.empty();
  std::vector<ManagedService> fleet = adopted({}, scope.fixed);
  TaggedFleet tagged(wiring->directory(), system_clock(), std::move(scope));
  Handler handler(config.deployment, std::move(fleet),
                  {.reader = wiring->reader(),
                   .scaler = wiring->scaler(),
                   .states = &wiring->states(),
                   .clock = system_clock(),
                   .ticks = &wiring->ticks(),
                   .instances = &wiring->instances(),
                   .instance_scaler = &wiring->instance_scaler(),
                   .fleet = searches ? &tagged : nullptr},
                  log);
  return run(handler, api, log);
}

/// Everything that can be wrong before the first event: reported as an init error.
Result<void> start(const Environment& environment, lambda::RuntimeApi& api, const Log& log) {
  const LogLevel level = TRY(log_level_from_environment(environment));
  if (is_fleet(environment)) {
    const FleetConfig fleet = TRY(fleet_from_environment(environment));
    return serve_fleet(environment, api, log.at_level(level), fleet);
  }
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
