#include <algorithm>
#include <iterator>
#include <unistd.h>

#include <fmt/core.h>

#include "edge/config/environment.h"
#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/forget.h"
#include "programs/ecs_scaler/commands/lease_address.h"
#include "programs/ecs_scaler/commands/running_controller.h"

namespace scaler::cli {
namespace {

constexpr Duration kIntervalMin = std::chrono::milliseconds(100);

struct RunFlags {
  RunSettings settings = {};
  bool forget = false;  ///< remove the state tags instead
};

int run(const Environment& environment, const RunFlags& flags) {
  const RunSettings& settings = flags.settings;
  if (flags.forget) {
    return forget(environment, settings.choice);
  }
  if (!settings.token_file.empty() && !settings.listen) {
    return complain(kUsage, "--listen-token-file needs --listen");
  }
  // First of all: the first look for the services may take half a minute.
  StopOnSignal stop(Log(STDOUT_FILENO,
                        log_level_from_environment(environment).value_or(LogLevel::Info),
                        system_clock()));
  // Before the file is read: no change is missed.
  FileWatch watch(watched_file(settings.choice));
  auto fleet = open_fleet(environment, settings.choice, STDOUT_FILENO);
  if (!fleet) {
    // What passes by itself is no matter of settings: those systemd takes for final, and starts the
    // controller no more. A machine that was up before its network was left without one.
    const ErrorKind kind = fleet.error().kind;
    const bool passes = kind == ErrorKind::Unavailable || kind == ErrorKind::Throttled ||
                        kind == ErrorKind::Unauthorized;
    return complain(passes ? kFailed : kConfiguration, fleet.error().message);
  }
  return run_fleet(*std::move(fleet), std::move(watch), environment, settings, stop);
}

}  // namespace

Command run_command(std::string_view version, std::string_view commit) {
  const auto flags = std::make_shared<RunFlags>();
  RunSettings& settings = flags->settings;
  settings.version = version;
  settings.commit = commit;
  Command command{
      .name = "run",
      .sentence = "The long-running controller: a pass every interval",
      .options =
          {{"--interval", "DURATION", with_default("time between passes", settings.interval),
            duration(settings.interval, kIntervalMin)},
           {"--listen", "ADDRESS:PORT",
            "serve the live page, /metrics for Prometheus, /healthz, /readyz and /status there: "
            "127.0.0.1:9464 for this machine alone, 0.0.0.0:9464 on all addresses; port 0 lets the "
            "system choose "
            "(default: not served)",
            listen_address(settings.listen)},
           {"--listen-token-file", "FILE",
            "ask for the bearer token that stands in the file (in a browser: as the password); "
            "read "
            "again when it changes",
            text(settings.token_file)},
           {"--lease", "dynamodb:TABLE[/KEY]",
            "of several controllers only the one writes that holds this lease; KEY tells fleets "
            "apart that share a table (default ecs-scaler)",
            lease_address(settings.lease)},
           {"--forget", "", "remove the state tags of the services, say what they held, and exit",
            flag(flags->forget)}},
      .exclusive = {{kConfigFlag, kFleetFlag}},
      .reads_environment = true,
      .footer =
          "SIGHUP, or a change of the fleet file, reads the file again; a bad one changes "
          "nothing. Tags, and a file in S3, are asked for once a minute.\n",
      .example = "ecs-scaler run --config fleet.yaml --listen 127.0.0.1:9464",
      .run = [flags](const Environment& environment) { return run(environment, *flags); }};
  std::ranges::move(fleet_options(settings.choice), std::back_inserter(command.options));
  return command;
}

}  // namespace scaler::cli
