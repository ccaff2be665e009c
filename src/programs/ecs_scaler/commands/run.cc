#include <csignal>
#include <unistd.h>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/forget.h"
#include "programs/ecs_scaler/commands/metrics_server.h"
#include "programs/ecs_scaler/signals.h"
#include "scaler/controller/controller.h"
#include "wire/record.h"

namespace scaler::cli {
namespace {

constexpr Duration kIntervalMin = std::chrono::milliseconds(100);

struct RunFlags {
  std::string config_file = {};    ///< empty: the environment
  std::optional<int> listen = {};  ///< port on 127.0.0.1 for /metrics and /healthz
  bool forget = false;             ///< remove the state tags instead
  Duration interval = std::chrono::seconds(10);
};

/// Healthy is who ends a pass now and then: three beats may be missed, and one pass may take all of
/// its time.
Duration healthy_for(const ControllerOptions& options) {
  return 3 * options.interval + options.pass_timeout;
}

OnEffect recorder(const Log& log, MetricsServer* metrics) {
  return [&log, metrics](const Effect& effect) {
    for (const PassRecord& record : effect.records) {
      if (!record.complaint.empty()) {
        log.write(LogLevel::Warn, record.complaint, {{"service", record.id.service}});
      }
      if (record.looked) {
        log.write(record.failed() ? LogLevel::Error : LogLevel::Info, "pass",
                  {{"trigger", "controller"}, {"record", RawJson{record_json(record)}}});
      }
    }
    if (metrics != nullptr) {
      metrics->add(effect.records, effect.took);
    }
  };
}

Result<std::unique_ptr<MetricsServer>> serve_metrics(const std::optional<int>& port,
                                                     const ControllerOptions& options) {
  return port ? MetricsServer::listen(*port, healthy_for(options), system_clock())
              : Result<std::unique_ptr<MetricsServer>>(nullptr);
}

/// Takes the fleet, so that its wiring goes while the watcher of signals still bounds every wait.
int control(std::unique_ptr<LiveFleet> fleet, const RunFlags& flags, const std::stop_token& stop) {
  const Log& log = fleet->log;
  const ControllerOptions options{.interval = flags.interval};
  const auto metrics = serve_metrics(flags.listen, options);
  if (!metrics) {
    return complain(kFailed, metrics.error().message);
  }
  log.write(LogLevel::Info, "controller started",
            {{"interval", format_duration(flags.interval)},
             {"services", static_cast<std::int64_t>(fleet->services.size())},
             {"metrics_port", *metrics ? (*metrics)->port() : 0}});
  // The state lives in this process and in the services' tags, so that a restart forgets nothing.
  Wiring& wiring = *fleet->wiring;
  Invoker invoker(std::move(fleet->services),
                  {.look_every = flags.interval, .patience = Patience::AllButSlow},
                  {.reader = wiring.reader(),
                   .scaler = wiring.scaler(),
                   .states = &wiring.states(),
                   .clock = system_clock()});
  run_controller(invoker, system_clock(), options, recorder(log, metrics->get()), stop);
  log.write(LogLevel::Info, "controller stopped");
  return kDone;
}

int run(const Environment& environment, const RunFlags& flags) {
  if (flags.forget) {
    return forget(environment, flags.config_file);
  }
  auto fleet = open_fleet(environment, flags.config_file, STDOUT_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const StopOnSignal stop((*fleet)->log);
  return control(*std::move(fleet), flags, stop.token());
}

/// "127.0.0.1:9464"
Take loopback_address(std::optional<int>& port) {
  return [&port](const std::string& address) -> Result<void> {
    constexpr int kPortMax = 65'535;
    const std::size_t colon = address.rfind(':');
    const std::string host = address.substr(0, colon);
    const auto number =
        parse_integer(colon == std::string::npos ? "" : address.substr(colon + 1), 0, kPortMax);
    if ((host != "127.0.0.1" && host != "localhost") || !number) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is not 127.0.0.1:PORT with a port from 0 to {}",
                              shortened(address), kPortMax));
    }
    port = static_cast<int>(*number);
    return {};
  };
}

}  // namespace

Command run_command() {
  const auto flags = std::make_shared<RunFlags>();
  return {
      .name = "run",
      .sentence = "The long-running controller: a pass every interval",
      .options = {config_option(flags->config_file),
                  {"--interval", "DURATION", with_default("time between passes", flags->interval),
                   duration(flags->interval, kIntervalMin)},
                  {"--listen", "127.0.0.1:PORT",
                   "serve /metrics for Prometheus and /healthz there; loopback only, port 0 "
                   "lets the system choose (default: not served)",
                   loopback_address(flags->listen)},
                  {"--forget", "",
                   "remove the state tags of the services, say what they held, and exit",
                   flag(flags->forget)}},
      .reads_environment = true,
      .example = "ecs-scaler run --config fleet.yaml --listen 127.0.0.1:9464",
      .run = [flags](const Environment& environment) { return run(environment, *flags); }};
}

}  // namespace scaler::cli
