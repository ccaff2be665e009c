#include <csignal>
#include <unistd.h>

#include "cli/commands/commands.h"
#include "cli/commands/fleet_source.h"
#include "cli/signals.h"
#include "config/environment.h"
#include "controller/controller.h"
#include "journal/decision_json.h"
#include "wiring/cloud.h"

namespace scaler::cli {

int run_command(const Environment& environment, const RunFlags& flags) {
  const Result<LogLevel> level = log_level_from_environment(environment);
  Result<std::vector<ManagedService>> fleet = load_fleet(environment, flags.config_file);
  if (!level || !fleet) {
    return complain(kConfiguration, level ? fleet.error().message : level.error().message);
  }
  const StopOnSignal stop;
  const Log log(STDOUT_FILENO, *level, system_clock());
  const auto cloud = Cloud::create(environment, system_clock(), log);
  if (!cloud) {
    return complain(kConfiguration, cloud.error().message);
  }
  const auto on_pass = [&log](std::span<const PassRecord> records) {
    for (const PassRecord& record : records) {
      log.write(record.failed() ? LogLevel::Error : LogLevel::Info, "pass",
                {{"trigger", "controller"}, {"record", RawJson{record_json(record)}}});
    }
  };
  log.write(LogLevel::Info, "controller started", {{"interval", format_duration(flags.interval)}});
  // The state lives in this process: after a restart nothing is known, and nothing scales in before
  // one full threshold has been seen.
  run_controller(*fleet,
                 {.reader = (*cloud)->reader(),
                  .scaler = (*cloud)->scaler(),
                  .states = nullptr,
                  .clock = system_clock()},
                 {.interval = flags.interval}, on_pass, stop.token());
  log.write(LogLevel::Info, "controller stopped");
  return kDone;
}

}  // namespace scaler::cli
