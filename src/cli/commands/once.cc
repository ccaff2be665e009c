#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/commands/fleet_source.h"
#include "cli/commands/report.h"
#include "config/environment.h"
#include "journal/decision_json.h"
#include "pass/dry_run.h"
#include "wiring/cloud.h"

namespace scaler::cli {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(30);

}  // namespace

int once_command(const Environment& environment, const OnceFlags& flags) {
  const Result<LogLevel> level = log_level_from_environment(environment);
  Result<std::vector<ManagedService>> fleet = load_fleet(environment, flags.config_file);
  if (!level || !fleet) {
    return complain(kConfiguration, level ? fleet.error().message : level.error().message);
  }
  const Log log(STDERR_FILENO, *level, system_clock());
  const auto cloud = Cloud::create(environment, system_clock(), log);
  if (!cloud) {
    return complain(kConfiguration, cloud.error().message);
  }
  DryRun dry;
  const Ports ports{.reader = (*cloud)->reader(),
                    .scaler = flags.dry_run ? dry : (*cloud)->scaler(),
                    .states = flags.dry_run ? &dry : &(*cloud)->states(),
                    .clock = system_clock()};
  const std::vector<PassRecord> records = run_pass(*fleet, ports, {.deadline = after(kTimeout)});
  bool failed = false;
  for (const PassRecord& record : records) {
    const std::string text =
        flags.output == Output::Json ? record_json(record) + "\n" : describe(record, flags.dry_run);
    std::fputs(text.c_str(), stdout);
    for (const std::string& error : record.errors) {
      failed = true;
      complain(kFailed, error);
    }
  }
  return failed ? kFailed : kDone;
}

}  // namespace scaler::cli
