#include <cstdio>

#include <fmt/core.h>

#include "edge/config/documents.h"
#include "edge/config/environment.h"
#include "edge/wiring/places.h"
#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "scaler/core/names.h"

namespace scaler::cli {
namespace {

struct ConfigFlags {
  std::string config_file = {};  ///< empty: the environment
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
                             const std::vector<ManagedService>& fleet) {
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

int show_config(const Environment& environment, const ConfigFlags& flags) {
  if (flags.markdown || flags.schema) {
    const std::string text = flags.markdown ? settings_markdown() : fleet_schema() + "\n";
    std::fputs(text.c_str(), stdout);
    return kDone;
  }
  const auto fleet = load_fleet(environment, flags.config_file);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const auto text = describe(environment, *fleet);
  if (!text) {
    return complain(kConfiguration, text.error().message);
  }
  std::fputs(text->c_str(), stdout);
  if (flags.config_file.empty()) {
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
      .options = {{"FILE", "", "fleet file (default: the environment)", text(flags->config_file)},
                  {"--markdown", "", "print docs/configuration.md", flag(flags->markdown)},
                  {"--schema", "", "print the fleet file's JSON Schema", flag(flags->schema)}},
      .exclusive = {{"--schema", "--markdown"}},
      .reads_environment = true,
      .example = "ecs-scaler config fleet.yaml",
      .run = [flags](const Environment& environment) { return show_config(environment, *flags); }};
}

}  // namespace scaler::cli
