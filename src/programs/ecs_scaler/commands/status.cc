#include <cstdio>
#include <unistd.h>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/json/value.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/controller_client.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/help.h"
#include "watch/fleet_status.h"

namespace scaler::cli {
namespace {

struct StatusFlags {
  FleetChoice choice = {};
  ControllerFlags controller = {};  ///< no address: AWS is looked at
  Output output = Output::Text;
};

int print(const FleetStatus& status, Output output, const Environment& environment) {
  const std::string text = output == Output::Json
                               ? status_json(status) + "\n"
                               : for_people(status_text(status, system_clock().now()), environment);
  std::fputs(text.c_str(), stdout);
  const bool wrong =
      (status.reload && !status.reload->success) || !status.settings_problems.empty();
  int code = wrong ? kFailed : kDone;
  for (const ServiceView& service : status.services) {
    code = service.error.empty() ? code : kFailed;
  }
  return code;
}

Result<FleetStatus> told_by_controller(const ControllerFlags& flags) {
  const net::HttpResponse answer = TRY(ask_controller(flags, "/status"));
  if (answer.status != 200) {
    return fail(ErrorKind::Rejected,
                fmt::format("/status answered {}: {}", answer.status, shortened(answer.body)));
  }
  const json::Value document = TRY(json::parse(answer.body));
  return read_status(document);
}

int look_at_aws(const Environment& environment, const StatusFlags& flags) {
  const auto fleet = open_fleet(environment, flags.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const auto records =
      run_pass((*fleet)->services, (*fleet)->ports(),
               {.permission = Permission::Nothing, .deadline = after(kLookTimeout)});
  FleetStatus status;
  status.add(records, system_clock().now());
  status.settings_problems = settings_problems((*fleet)->news.problems);
  int code = print(status, flags.output, environment);
  // A fleet that could not be searched looks like one without services.
  for (const std::string& error : (*fleet)->news.errors) {
    code = complain(kFailed, error);
  }
  return code;
}

int status(const Environment& environment, const StatusFlags& flags) {
  if (flags.controller.address.empty() && !flags.controller.token_file.empty()) {
    return complain(kUsage, "--listen-token-file needs --listen");
  }
  if (flags.controller.address.empty()) {
    return look_at_aws(environment, flags);
  }
  const Result<FleetStatus> told = told_by_controller(flags.controller);
  return told ? print(*told, flags.output, environment) : complain(kFailed, told.error().message);
}

}  // namespace

Command status_command() {
  const auto flags = std::make_shared<StatusFlags>();
  std::vector<Option> options = fleet_options(flags->choice);
  options.push_back(output_option(flags->output));
  add_controller(options, flags->controller,
                 "ask a running controller there (default: a look at AWS and the state tags)");
  return {
      .name = "status",
      .sentence = "One line a service: queue, tasks, last change, why; changes nothing",
      .options = std::move(options),
      .exclusive = {{kConfigFlag, kFleetFlag}, {kConfigFlag, "--listen"}, {kFleetFlag, "--listen"}},
      .reads_environment = true,
      .example = "ecs-scaler status --config fleet.yaml",
      .run = [flags](const Environment& environment) { return status(environment, *flags); }};
}

}  // namespace scaler::cli
