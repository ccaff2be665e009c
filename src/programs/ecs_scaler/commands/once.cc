#include <algorithm>
#include <cstdio>
#include <iterator>
#include <unistd.h>

#include <fmt/core.h>

#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/help.h"
#include "programs/ecs_scaler/commands/report.h"
#include "wire/record.h"

namespace scaler::cli {
namespace {

struct OnceFlags {
  FleetChoice choice = {};
  bool dry_run = false;
  Duration every = kLookEvery;  ///< how far apart the passes are that somebody makes this way
  Output output = Output::Text;
};

/// Looks that are farther apart than was said end no wait: says what would be right.
void advise_distance(Duration gap, Duration every) {
  if (gap <= longest_gap(every)) {
    return;
  }
  const auto minutes = std::chrono::ceil<std::chrono::minutes>(gap);
  complain(kDone, fmt::format("the last look was {} ago, but --every says {}: what waits on past "
                              "looks begins anew each time; if passes are that far apart, say "
                              "--every {}m",
                              format_duration(gap), format_duration(every), minutes.count()));
}

int once(const Environment& environment, const OnceFlags& flags) {
  const auto fleet = open_fleet(environment, flags.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const PassOptions options{
      .permission = flags.dry_run ? Permission::Nothing : Permission::Everything,
      .deadline = after(kLookTimeout),
      .look_every = flags.every};
  bool failed = tell_news(**fleet) != kDone;
  Duration longest_gap_seen{};
  for (const PassRecord& record : run_pass((*fleet)->services, (*fleet)->ports(), options)) {
    const std::string text = flags.output == Output::Json
                                 ? record_json(record) + "\n"
                                 : for_people(describe(record), environment);
    std::fputs(text.c_str(), stdout);
    for (const std::string& error : record.errors) {
      failed = true;
      complain(kFailed, error);
    }
    if (!record.complaint.empty()) {
      complain(kDone, record.complaint);
    }
    longest_gap_seen =
        std::max(longest_gap_seen, record.decision ? record.decision->gap : Duration::zero());
  }
  advise_distance(longest_gap_seen, flags.every);
  return failed ? kFailed : kDone;
}

}  // namespace

Command once_command() {
  const auto flags = std::make_shared<OnceFlags>();
  Command command{
      .name = "once",
      .sentence = "One pass, then exit",
      .options = {{"--dry-run", "", "decide and explain, but change nothing", flag(flags->dry_run)},
                  duration_option("--every", flags->every,
                                  "how far apart such passes are made: waits count looks, and "
                                  "looks that are farther apart than three times this (at "
                                  "least 3 min) end none"),
                  output_option(flags->output)},
      .exclusive = {{kConfigFlag, kFleetFlag}},
      .reads_environment = true,
      .example = "ecs-scaler once --dry-run --config fleet.yaml",
      .run = [flags](const Environment& environment) { return once(environment, *flags); }};
  std::ranges::move(fleet_options(flags->choice), std::back_inserter(command.options));
  return command;
}

}  // namespace scaler::cli
