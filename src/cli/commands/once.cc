#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/commands/fleet_source.h"
#include "cli/commands/report.h"
#include "journal/decision_json.h"

namespace scaler::cli {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(30);

}  // namespace

int once_command(const Environment& environment, const OnceFlags& flags) {
  const auto fleet = open_fleet(environment, flags.config_file, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const PassOptions options{
      .permission = flags.dry_run ? Permission::Nothing : Permission::Everything,
      .deadline = after(kTimeout)};
  bool failed = false;
  for (const PassRecord& record : run_pass((*fleet)->services, (*fleet)->ports(), options)) {
    const std::string text =
        flags.output == Output::Json ? record_json(record) + "\n" : describe(record);
    std::fputs(text.c_str(), stdout);
    for (const std::string& error : record.errors) {
      failed = true;
      complain(kFailed, error);
    }
  }
  return failed ? kFailed : kDone;
}

}  // namespace scaler::cli
