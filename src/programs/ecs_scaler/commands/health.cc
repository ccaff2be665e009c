#include <cstdio>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/controller_client.h"

namespace scaler::cli {
namespace {

struct HealthFlags {
  ControllerFlags controller = {.address = kControllerAddress};
  bool ready = false;
};

int ask_health(const HealthFlags& flags) {
  const char* const path = flags.ready ? "/readyz" : "/healthz";
  const Result<net::HttpResponse> answer = ask_controller(flags.controller, path);
  if (!answer) {
    const bool malformed = answer.error().kind == ErrorKind::Malformed;
    return complain(malformed ? kConfiguration : kFailed, answer.error().message);
  }
  std::fputs(answer->body.c_str(), stdout);
  return answer->status == 200
             ? kDone
             : complain(kFailed, fmt::format("{} answered {}", path, answer->status));
}

}  // namespace

Command health_command() {
  const auto flags = std::make_shared<HealthFlags>();
  std::vector<Option> options;
  add_controller(options, flags->controller,
                 fmt::format("where `run --listen` serves (default {})", kControllerAddress));
  options.push_back({"--ready", "",
                     "ask whether most services were read lately, not whether passes are made",
                     cli::flag(flags->ready)});
  return {.name = "health",
          .sentence = "Whether a running controller is well, as an exit code",
          .options = std::move(options),
          .example = "ecs-scaler health --listen 127.0.0.1:9464",
          .run = [flags](const Environment&) { return ask_health(*flags); }};
}

}  // namespace scaler::cli
