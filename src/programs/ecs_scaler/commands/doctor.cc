#include <algorithm>
#include <cstdio>
#include <iterator>
#include <unistd.h>

#include <fmt/core.h>

#include "checkup/access/checkup.h"
#include "checkup/doctor/diagnosis.h"
#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/examined.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/help.h"

namespace scaler::cli {
namespace {

struct DoctorFlags {
  PlaceFlags place = {};
  FleetChoice choice = {};
  Output output = Output::Text;
};

Result<doctor::Examination> find_place(Checkup& checkup, const Environment& own,
                                       const PlaceFlags& flags) {
  doctor::Examination place{
      .function = PlaceVariables{.first = own}.value(flags.function, "ECS_SCALER_FUNCTION")};
  Result<Environment> functions;
  if (!place.function.empty()) {
    functions = checkup.function_environment(place.function);
  }
  const PlaceVariables words =
      PlaceVariables::of(own, functions.value_or(Environment()), !flags.function.empty());
  place.queue_url = words.value(flags.queue_url, "SQS_QUEUE_URL");
  place.service.cluster = words.value(flags.cluster, "ECS_CLUSTER_NAME");
  place.service.service = words.value(flags.service, "ECS_SERVICE_NAME");
  place.scale_in_when = words.value("", "SCALE_IN_WHEN");
  place.busy_window = words.value("", "BUSY_WINDOW");
  place.capacity = words.value("", "CAPACITY");
  Problems problems;
  // Without the function's own words, its error is the one to mend first.
  problems.add_if_failed(functions);
  for (const auto& [value, names] :
       {std::pair(place.queue_url, "--queue-url nor SQS_QUEUE_URL"),
        std::pair(place.service.cluster, "--cluster nor ECS_CLUSTER_NAME"),
        std::pair(place.service.service, "--service nor ECS_SERVICE_NAME")}) {
    if (value.empty()) {
      problems.add(fmt::format("neither {} is given", names));
    }
  }
  const bool complete =
      !place.queue_url.empty() && !place.service.cluster.empty() && !place.service.service.empty();
  if (!complete) {
    TRY(problems.result());
  }
  LookRequest look = TRY(examined(checkup, place.queue_url, place.service, place.function));
  place.service = std::move(look.service);
  place.queue_url = std::move(look.queue_urls.front());
  return place;
}

int examine_fleet(const Environment& environment, const DoctorFlags& flags, Checkup& checkup) {
  auto fleet = open_fleet(environment, flags.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const doctor::FleetFacts facts =
      checkup.examine((*fleet)->specs, std::move((*fleet)->news), flags.place.function);
  const std::vector<doctor::Finding> findings = doctor::diagnose_fleet(facts);
  const std::string text =
      flags.output == Output::Json
          ? doctor::fleet_json_of(facts, findings)
          : for_people(doctor::fleet_identity_of(facts) + doctor::text_of(findings), environment);
  std::fputs(text.c_str(), stdout);
  return doctor::has_problem(findings) ? kFailed : kDone;
}

/// The environment's FLEET as other commands have it, unless one service is named.
bool means_a_fleet(const Environment& environment, const DoctorFlags& flags) {
  const PlaceFlags& place = flags.place;
  const bool one = !place.queue_url.empty() || !place.cluster.empty() || !place.service.empty();
  return !flags.choice.config_file.empty() || !flags.choice.fleet.empty() ||
         (!one && is_fleet(environment));
}

int examine(const Environment& environment, const DoctorFlags& flags) {
  const Log log(STDERR_FILENO, LogLevel::Error, system_clock());
  const auto checkup = Checkup::create(environment, system_clock(), log);
  if (!checkup) {
    return complain(kConfiguration, checkup.error().message);
  }
  if (means_a_fleet(environment, flags)) {
    return examine_fleet(environment, flags, **checkup);
  }
  const Result<doctor::Examination> place = find_place(**checkup, environment, flags.place);
  if (!place) {
    return complain(kConfiguration, place.error().message);
  }
  const doctor::Facts facts = (*checkup)->examine(*place);
  const std::vector<doctor::Finding> findings = doctor::diagnose(facts);
  const std::string text =
      flags.output == Output::Json
          ? doctor::json_of(facts, findings)
          : for_people(doctor::identity_of(facts) + doctor::text_of(findings), environment);
  std::fputs(text.c_str(), stdout);
  return doctor::has_problem(findings) ? kFailed : kDone;
}

}  // namespace

Command doctor_command() {
  const auto flags = std::make_shared<DoctorFlags>();
  Command command{
      .name = "doctor",
      .sentence = "What is wrong or risky with queue, service, permissions, deployment; only reads",
      .example = "ecs-scaler doctor --function ecs-scaler",
      .run = [flags](const Environment& environment) { return examine(environment, *flags); }};
  add_place(command.options, flags->place);
  std::ranges::move(fleet_options(flags->choice), std::back_inserter(command.options));
  command.exclusive = {{kConfigFlag, kFleetFlag},   {kConfigFlag, "--queue-url"},
                       {kConfigFlag, "--cluster"},  {kConfigFlag, "--service"},
                       {kFleetFlag, "--queue-url"}, {kFleetFlag, "--cluster"},
                       {kFleetFlag, "--service"}};
  command.options.push_back(output_option(flags->output));
  return command;
}

}  // namespace scaler::cli
