#include "programs/ecs_scaler/commands/fleet_source.h"

#include "edge/config/environment.h"
#include "edge/wiring/places.h"
#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "ground/yaml/yaml.h"
#include "programs/ecs_scaler/commands/command.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "wire/fleet.h"

namespace scaler::cli {

Result<std::vector<ManagedService>> load_fleet(const Environment& environment,
                                               const std::string& config_file) {
  if (config_file.empty()) {
    for (const std::string& warning : misspelt_variables(environment)) {
      complain(kDone, "warning: " + warning);
    }
    ServiceConfig config = TRY(service_from_environment(environment));
    std::vector<ManagedService> fleet;
    fleet.push_back(
        {.id = config.id, .queues = {{config.queue_url}}, .policy = std::move(config.policy)});
    return fleet;
  }
  TRY(check_file(config_file));
  const std::string text = TRY(read_file(config_file, yaml::kSizeMax + 1));
  const Result<json::Value> document = yaml::parse(text);
  if (!document) {
    return fail(document.error(), config_file);
  }
  const Places places = TRY(Places::create(environment));
  return read_fleet(*document, config_file, places.default_region());
}

LookRequest look_at_all_of(const ManagedService& service) {
  LookRequest look{.service = service.id};
  for (const JobQueue& queue : service.queues) {
    look.queue_urls.push_back(queue.url);
  }
  return look;
}

Result<void> check_fleet(std::span<const ManagedService> services, const Wiring& wiring) {
  Problems problems;
  for (const ManagedService& service : services) {
    problems.add_if_failed(wiring.check(look_at_all_of(service)));
  }
  return problems.result();
}

Ports LiveFleet::ports() const {
  return {.reader = wiring->reader(),
          .scaler = wiring->scaler(),
          .states = &wiring->states(),
          .clock = system_clock()};
}

Result<std::unique_ptr<LiveFleet>> open_fleet(const Environment& environment,
                                              const std::string& config_file, int log_descriptor) {
  const LogLevel level = TRY(log_level_from_environment(environment));
  auto fleet = std::make_unique<LiveFleet>(Log(log_descriptor, level, system_clock()));
  fleet->services = TRY(load_fleet(environment, config_file));
  fleet->wiring = TRY(Wiring::create_on_workstation(environment, system_clock(), fleet->log));
  TRY(check_fleet(fleet->services, *fleet->wiring));
  return fleet;
}

}  // namespace scaler::cli
