#include "cli/commands/fleet_source.h"

#include "base/file.h"
#include "config/environment.h"
#include "config/fleet.h"
#include "yaml/yaml.h"

namespace scaler::cli {

Result<std::vector<ManagedService>> load_fleet(const Environment& environment,
                                               const std::string& config_file) {
  if (config_file.empty()) {
    ServiceConfig config = TRY(service_from_environment(environment));
    std::vector<ManagedService> fleet;
    fleet.push_back(
        {.id = config.id, .queues = {{config.queue_url}}, .policy = std::move(config.policy)});
    return fleet;
  }
  const std::string text = TRY(read_file(config_file, yaml::kSizeMax + 1));
  const Result<json::Value> document = yaml::parse(text);
  if (!document) {
    return fail(document.error(), config_file);
  }
  return read_fleet(*document, config_file);
}

Ports LiveFleet::ports() const {
  return {.reader = cloud->reader(),
          .scaler = cloud->scaler(),
          .states = &cloud->states(),
          .clock = system_clock()};
}

Result<std::unique_ptr<LiveFleet>> open_fleet(const Environment& environment,
                                              const std::string& config_file, int log_descriptor) {
  const LogLevel level = TRY(log_level_from_environment(environment));
  auto fleet = std::make_unique<LiveFleet>(Log(log_descriptor, level, system_clock()));
  fleet->services = TRY(load_fleet(environment, config_file));
  fleet->cloud = TRY(Cloud::create(environment, system_clock(), fleet->log));
  return fleet;
}

}  // namespace scaler::cli
