#include "programs/ecs_scaler/commands/fleet_source.h"

#include "edge/config/environment.h"
#include "edge/wiring/places.h"
#include "ground/base/file.h"
#include "ground/base/problems.h"
#include "ground/yaml/yaml.h"
#include "programs/ecs_scaler/commands/command.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "wire/fleet.h"
#include "wire/policy.h"

namespace scaler::cli {

namespace {

constexpr Duration kAsking = std::chrono::seconds(30);

Result<std::vector<ServiceSpec>> read_file_of(const Environment& environment,
                                              const std::string& file, const PolicyBase& base) {
  TRY(check_file(file));
  const std::string text = TRY(read_file(file, yaml::kSizeMax + 1));
  const Result<json::Value> document = yaml::parse(text);
  if (!document) {
    return fail(document.error(), file);
  }
  const Places places = TRY(Places::create(environment));
  return read_fleet(*document, file, places.default_region(), base);
}

std::vector<ServiceSpec> alone(const Environment& environment, ServiceConfig config) {
  std::vector<ServiceSpec> fleet{
      {.id = config.id, .queues = {{config.queue_url}}, .policy = std::move(config.policy)}};
  for (const PolicyField& field : policy_fields()) {
    if (const std::string name = variable_name(field); variable(environment, name)) {
      set_origin(fleet.front().origins, field.name, name);
    }
  }
  return fleet;
}

/// A source of the services that carry the tag, with what it says at once.
Result<void> open_source(const Environment& chosen, LiveFleet& fleet) {
  FleetConfig config = TRY(fleet_from_environment(chosen));
  fleet.source = std::make_unique<TaggedFleet>(fleet.wiring->directory(), system_clock(),
                                               std::move(config.rules));
  fleet.news = fleet.source->ask(after(kAsking));
  fleet.services = adopted({}, fleet.news.services.value_or(std::vector<ServiceSpec>()));
  return {};
}

}  // namespace

Environment with_choice(const Environment& environment, const FleetChoice& choice) {
  Environment chosen = environment;
  if (!choice.fleet.empty()) {
    chosen.insert_or_assign("FLEET", choice.fleet);
  }
  return chosen;
}

bool is_by_tags(const Environment& environment, const FleetChoice& choice) {
  return choice.config_file.empty() &&
         variable(with_choice(environment, choice), "FLEET") == FleetConfig::kFleetByTags;
}

Result<std::vector<ServiceSpec>> load_fleet(const Environment& environment,
                                            const FleetChoice& choice) {
  if (!choice.config_file.empty()) {
    return read_file_of(environment, choice.config_file, {});
  }
  for (const std::string& warning : misspelt_variables(environment)) {
    complain(kDone, "warning: " + warning);
  }
  const Environment chosen = with_choice(environment, choice);
  if (!is_fleet(chosen)) {
    return alone(environment, TRY(service_from_environment(environment)));
  }
  const FleetConfig config = TRY(fleet_from_environment(chosen));
  std::vector<ServiceSpec> fleet;
  if (!config.by_tags()) {
    fleet = TRY(read_file_of(environment, config.source, config.rules.defaults));
    TRY(check_job_queues(config, adopted({}, fleet)));
  }
  return fleet;
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
          .clock = system_clock(),
          .instances = &wiring->instances(),
          .instance_scaler = &wiring->instance_scaler()};
}

Result<std::unique_ptr<LiveFleet>> open_fleet(const Environment& environment,
                                              const FleetChoice& choice, int log_descriptor) {
  const LogLevel level = TRY(log_level_from_environment(environment));
  auto fleet = std::make_unique<LiveFleet>(Log(log_descriptor, level, system_clock()));
  fleet->services = adopted({}, TRY(load_fleet(environment, choice)));
  fleet->wiring = TRY(Wiring::create_on_workstation(environment, system_clock(), fleet->log));
  if (is_by_tags(environment, choice)) {
    TRY(open_source(with_choice(environment, choice), *fleet));
  } else {
    TRY(check_fleet(fleet->services, *fleet->wiring));
  }
  return fleet;
}

std::vector<SettingsProblem> settings_problems(std::span<const SpecProblem> problems) {
  std::vector<SettingsProblem> told;
  told.reserve(problems.size());
  for (const SpecProblem& problem : problems) {
    told.push_back({.service = problem.service, .message = problem.message});
  }
  return told;
}

int tell_news(const LiveFleet& fleet) {
  int code = kDone;
  for (const std::string& error : fleet.news.errors) {
    code = complain(kFailed, error);
  }
  for (const SpecProblem& problem : fleet.news.problems) {
    code = complain(kFailed, problem.service + ": " + problem.message);
  }
  for (const SpecProblem& note : fleet.news.notes) {
    complain(kDone, "note: " + note.service + ": " + note.message);
  }
  return code;
}

}  // namespace scaler::cli
