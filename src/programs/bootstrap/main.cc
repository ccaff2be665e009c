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

/// So long the first document is waited for: Lambda gives a start ten seconds.
constexpr Duration kFirstDocument = std::chrono::seconds(8);

/// What a fleet file says, if this function can look at all of its services.
Result<FleetScope> read_scope(const std::string& text, const Environment& environment,
                              const FleetConfig& config, const Wiring& wiring) {
  const Result<json::Value> file = json::parse(text);
  if (!file) {
    return fail(file.error(), config.source);
  }
  const std::string region = variable(environment, "AWS_REGION").value_or("");
  FleetDocument document = TRY(read_fleet(*file, config.source, region, config.rules.defaults));
  TRY(check_job_queues(config, document.services));
  for (const ManagedService& service : adopted({}, document.services)) {
    TRY(wiring.check(look_at_all_of(service)));
  }
  return scope_of(config, std::move(document));
}

/// What the services come from, and those that are there at the start.
struct Source {
  std::unique_ptr<DocumentStore> store = {};
  std::unique_ptr<TaggedFleet> tagged = {};  ///< nullptr: they never change
  std::unique_ptr<DocumentFleet> document = {};
  std::vector<ServiceSpec> services = {};

  FleetSource* fleet() const {
    return document ? static_cast<FleetSource*>(document.get()) : tagged.get();
  }
};

Result<Source> open_source(const Environment& environment, const FleetConfig& config,
                           Wiring& wiring) {
  Source source;
  const auto read = [&environment, &config, &wiring](const std::string& text) {
    return read_scope(text, environment, config, wiring);
  };
  FleetScope scope{.places = {}};
  if (config.by_tags()) {
    scope = scope_of_tags(config);
  } else if (!config.in_s3()) {
    const std::string text = TRY(read_file(config.source, kFleetFileMax));
    scope = TRY(read(text));
    source.services = scope.fixed;
  }
  if (config.in_s3() || !scope.places.empty()) {
    source.tagged =
        std::make_unique<TaggedFleet>(wiring.directory(), system_clock(), std::move(scope));
  }
  if (config.in_s3()) {
    source.store = wiring.document(TRY(parse_object(config.source)));
    source.document = std::make_unique<DocumentFleet>(*source.store, *source.tagged, system_clock(),
                                                      config.source, read);
    if (Result<void> begun = source.document->begin(after(kFirstDocument)); !begun) {
      return fail(std::move(begun).error(), "FLEET: there is no fleet to begin with");
    }
    source.services = source.tagged->services();
  }
  return source;
}

/// As serve(), for many services.
Result<void> serve_fleet(const Environment& environment, lambda::RuntimeApi& api, const Log& log,
                         const FleetConfig& config) {
  const std::unique_ptr<Wiring> wiring = TRY(Wiring::create(environment, system_clock(), log));
  const Source source = TRY(open_source(environment, config, *wiring));
  for (const std::string& name : config.unused) {
    log.write(LogLevel::Warn, name + " is not used: FLEET says which services are scaled");
  }
  Handler handler(config.deployment, adopted({}, source.services),
                  {.reader = wiring->reader(),
                   .scaler = wiring->scaler(),
                   .states = &wiring->states(),
                   .clock = system_clock(),
                   .messages = &wiring->messages(),
                   .mapping = &wiring->mapping(),
                   .ticks = &wiring->ticks(),
                   .instances = &wiring->instances(),
                   .instance_scaler = &wiring->instance_scaler(),
                   .orders = &wiring->orders(),
                   .fleet = source.fleet()},
                  log);
  return run(handler, api, log);
}

/// Everything that can be wrong before the first event: reported as an init error.
Result<void> start(const Environment& environment, lambda::RuntimeApi& api, const Log& log) {
  const Log own = log.at_level(TRY(log_level_from_environment(environment)));
  for (const std::string& warning : misspelt_variables(environment)) {
    own.write(LogLevel::Warn, warning);
  }
  if (is_fleet(environment)) {
    const FleetConfig fleet = TRY(fleet_from_environment(environment));
    return serve_fleet(environment, api, own, fleet);
  }
  const ServiceConfig config = TRY(service_from_environment(environment));
  return serve(environment, api, own, config);
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
