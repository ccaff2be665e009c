#include <cstdio>

#include <fmt/format.h>

#include "cli/commands/commands.h"
#include "cli/commands/fleet_source.h"
#include "config/documents.h"
#include "config/environment.h"

namespace scaler::cli {

int config_command(const Environment& environment, const ConfigFlags& flags) {
  if (flags.markdown || flags.schema) {
    const std::string text = flags.markdown ? settings_markdown() : fleet_schema() + "\n";
    std::fputs(text.c_str(), stdout);
    return kDone;
  }
  const auto fleet = load_fleet(environment, flags.config_file);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  for (const ManagedService& service : *fleet) {
    fmt::print("{}/{}: {} queue{}\n", service.id.cluster, service.id.service, service.queues.size(),
               service.queues.size() == 1 ? "" : "s");
  }
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

}  // namespace scaler::cli
