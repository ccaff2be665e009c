#include <cstdio>
#include <unistd.h>

#include <fmt/core.h>

#include "edge/config/documents.h"
#include "edge/config/environment.h"
#include "edge/wiring/places.h"
#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "scaler/core/names.h"
#include "wire/fleet.h"

namespace scaler::cli {
namespace {

struct ConfigFlags {
  FleetChoice choice = {};
  Output output = Output::Text;
  bool markdown = false;
  bool schema = false;
};

std::string row(std::string_view name, const aws::Location& where) {
  const std::string account =
      where.account.empty() ? "the credentials' account" : "account " + where.account;
  return where.region.empty()
             ? fmt::format("  {:<24} {}, region: none, for AWS_REGION is not set\n", name, account)
             : fmt::format("  {:<24} {}, {}, {}\n", name, where.region, account, where.endpoint);
}

/// Each service and its queues with region, account and endpoint.
Result<std::string> describe(const Environment& environment,
                             const std::vector<ServiceSpec>& specs) {
  const std::vector<ManagedService> fleet = adopted({}, specs);
  const Places places = TRY(Places::create(environment));
  std::string text;
  Problems problems;
  for (const ManagedService& service : fleet) {
    const std::size_t count = service.queues.size();
    text += fmt::format("{}/{}: {}\n", service.id.cluster, service.id.service,
                        plural(static_cast<std::int64_t>(count), "queue"));
    const Result<aws::Whereabouts> found = places.of(look_at_all_of(service));
    problems.add_if_failed(found);
    if (!found) {
      continue;
    }
    text += row("service", found->service);
    for (std::size_t i = 0; i < count; ++i) {
      text += row(fmt::format("queue {}", plain_name(service.queues[i].url)), found->queues[i]);
    }
  }
  TRY(problems.result());
  return text;
}

int show(const Environment& environment, const ConfigFlags& flags,
         const std::vector<ServiceSpec>& specs) {
  const auto text = describe(environment, specs);
  if (!text) {
    return complain(kConfiguration, text.error().message);
  }
  const std::string shown = flags.output == Output::Json ? fleet_json(specs) + "\n" : *text;
  std::fputs(shown.c_str(), stdout);
  return kDone;
}

/// Services whose tags are wrong are told, and are no reason not to show the others.
int show_tagged(const Environment& environment, const ConfigFlags& flags) {
  static const std::vector<ServiceSpec> kNobody;
  const auto fleet = open_fleet(environment, flags.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const int told = tell_news(**fleet);
  if (const int code = show(environment, flags, (*fleet)->news.services.value_or(kNobody));
      code != kDone) {
    return code;
  }
  return !(*fleet)->news.errors.empty() ? kFailed : told == kDone ? kDone : kConfiguration;
}

int show_config(const Environment& environment, const ConfigFlags& flags) {
  if (flags.markdown || flags.schema) {
    const std::string text = flags.markdown ? settings_markdown() : fleet_schema() + "\n";
    std::fputs(text.c_str(), stdout);
    return kDone;
  }
  const auto fleet = load_fleet(environment, flags.choice);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  if (is_by_tags(environment, flags.choice)) {
    return show_tagged(environment, flags);
  }
  if (const int code = show(environment, flags, *fleet); code != kDone) {
    return code;
  }
  if (flags.choice.config_file.empty() && flags.choice.fleet.empty() && !is_fleet(environment)) {
    const Result<ServiceConfig> config = service_from_environment(environment);
    if (config && config->wake && config->queue_url.ends_with(".fifo")) {
      fmt::print(stderr,
                 "warning: WAKE is true, but the job queue is FIFO: the function refuses to wake; "
                 "schedule, ticks and doorbell work\n");
    }
  }
  return kDone;
}

}  // namespace

Command config_command() {
  const auto flags = std::make_shared<ConfigFlags>();
  return {
      .name = "config",
      .sentence = "Check a fleet file or the environment, or print all settings",
      .options = {{"FILE", "", "fleet file (default: the environment)",
                   text(flags->choice.config_file)},
                  {kFleetFlag, "tags|FILE",
                   "the services that carry the tag ecs-scaler:queue, or those of a fleet file "
                   "(default: FLEET)",
                   text(flags->choice.fleet)},
                  output_option(flags->output),
                  {"--markdown", "", "print docs/configuration.md", flag(flags->markdown)},
                  {"--schema", "", "print the fleet file's JSON Schema", flag(flags->schema)}},
      .exclusive = {{"--schema", "--markdown"}, {"FILE", kFleetFlag}},
      .reads_environment = true,
      .example = "ecs-scaler config fleet.yaml",
      .run = [flags](const Environment& environment) { return show_config(environment, *flags); }};
}

}  // namespace scaler::cli
