#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/commands/fleet_source.h"
#include "cli/commands/report.h"
#include "journal/decision_json.h"
#include "pass/dry_run.h"

namespace scaler::cli {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(30);

}  // namespace

int once_command(const Environment& environment, const OnceFlags& flags) {
  const auto fleet = open_fleet(environment, flags.config_file, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  DryRun dry;
  const Ports ports{.reader = (*fleet)->cloud->reader(),
                    .scaler = flags.dry_run ? dry : (*fleet)->cloud->scaler(),
                    .states = flags.dry_run ? &dry : &(*fleet)->cloud->states(),
                    .clock = system_clock()};
  std::vector<PassRecord> records =
      run_pass((*fleet)->services, ports, {.deadline = after(kTimeout)});
  bool failed = false;
  for (PassRecord& record : records) {
    if (flags.dry_run) {
      record.outcome = Outcome::Held;  // Nothing was done, whatever was decided.
    }
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
