#include "programs/ecs_scaler/commands/fleet_source.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "edge/config/fleet_scope.h"
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

bool is_object(const std::string& file) {
  return file.starts_with(kObjectScheme);
}

Result<FleetDocument> read_text_of(const Environment& environment, const std::string& file,
                                   const std::string& text, const PolicyBase& base) {
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

/// The environment's words on fleets, for a file that is named in the command line.
Result<FleetConfig> config_for_file(const Environment& environment, const std::string& file) {
  Environment chosen = environment;
  chosen.insert_or_assign("FLEET", "/" + file);
  chosen.erase("FLEET_ACCOUNTS");
  FleetConfig config = TRY(fleet_from_environment(chosen));
  config.rules.defaults = {};
  return config;
}

ChosenFleet chosen_from(const FleetConfig& config, FleetDocument document) {
  ChosenFleet fleet{.deployment = config.deployment, .accounts = document.accounts};
  fleet.scope = scope_of(config, std::move(document));
  return fleet;
}

/// A file's own defaults stand on the environment's pauses, those of FLEET on its whole policy.
Result<ChosenFleet> chosen_of_text(const Environment& environment, const FleetChoice& choice,
                                   const std::string& text) {
  if (const std::string& file = choice.config_file; !file.empty()) {
    const FileBase below = TRY(base_of_file(environment));
    FleetDocument document = TRY(read_text_of(environment, file, text, below.base));
    if (searched_places(document.accounts).empty()) {
      return ChosenFleet{.scope = {.fixed = std::move(document.services), .places = {}},
                         .accounts = std::move(document.accounts)};
    }
    return chosen_from(TRY(config_for_file(environment, file)), std::move(document));
  }
  const FleetConfig config = TRY(fleet_from_environment(with_choice(environment, choice)));
  FleetDocument document =
      TRY(read_text_of(environment, config.source, text, config.rules.defaults));
  TRY(check_job_queues(config, document.services));
  return chosen_from(config, std::move(document));
}

void warn_of_unused(const std::vector<std::string>& names, const std::string& reason) {
  if (!names.empty()) {
    warn_once(fmt::format("{} {} not used: {}", fmt::join(names, ", "),
                          names.size() == 1 ? "is" : "are", reason));
  }
}

/// The profiles of tags stand on the environment's policy also beside a file.
Result<void> warn_beside_file(const Environment& environment, const std::string& file) {
  std::vector<std::string> unused = variables_of_one_service(environment);
  const FileBase below = TRY(base_of_file(environment));
  if (!variable(environment, "FLEET_PROFILES")) {
    std::ranges::copy(below.unused, std::back_inserter(unused));
  }
  warn_of_unused(unused, file + " says which services are scaled, and how");
  return {};
}

Result<std::string> text_of_file(const std::string& file) {
  TRY(check_file(file));
  return read_file(file, yaml::kJsonSizeMax + 1);
}

/// Follows a file in S3 from now on. Errors: why there is none to begin with.
Result<void> open_document(const Environment& environment, const FleetChoice& choice,
                           const std::string& object, LiveFleet& fleet) {
  fleet.store = fleet.wiring->document(TRY(parse_object(object)));
  const auto read = [environment, choice, &fleet](const std::string& text) -> Result<FleetScope> {
    ChosenFleet chosen = TRY(chosen_of_text(environment, choice, text));
    TRY(check_fleet(adopted({}, chosen.scope.fixed), *fleet.wiring));
    return std::move(chosen.scope);
  };
  fleet.document =
      std::make_unique<DocumentFleet>(*fleet.store, *fleet.tagged, system_clock(), object, read);
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

Result<ChosenFleet> load_fleet(const Environment& environment, const FleetChoice& choice) {
  for (const std::string& warning : misspelt_aws_variables(environment)) {
    warn_once(warning);
  }
  if (const std::string& file = choice.config_file; !file.empty()) {
    TRY(warn_beside_file(environment, file));
    if (is_object(file)) {
      TRY(parse_object(file));
      return ChosenFleet{.scope = {.places = {}}, .object = file};
    }
    return chosen_of_text(environment, choice, TRY(text_of_file(file)));
  }
  for (const std::string& warning : misspelt_variables(environment)) {
    warn_once(warning);
  }
  const Environment chosen = with_choice(environment, choice);
  if (!is_fleet(chosen)) {
    ServiceConfig config = TRY(service_from_environment(environment));
    return ChosenFleet{.scope = {.fixed = alone(environment, std::move(config)), .places = {}}};
  }
  const FleetConfig config = TRY(fleet_from_environment(chosen));
  warn_of_unused(config.unused, fmt::format("{} says which services are scaled",
                                            choice.fleet.empty() ? "FLEET" : kFleetFlag));
  if (config.by_tags()) {
    return ChosenFleet{.scope = scope_of_tags(config),
                       .deployment = config.deployment,
                       .accounts = config.accounts};
  }
  if (config.in_s3()) {
    return ChosenFleet{.scope = {.places = {}, .rules = config.rules},
                       .deployment = config.deployment,
                       .object = config.source};
  }
  return chosen_of_text(environment, choice, TRY(text_of_file(config.source)));
}

std::string watched_file(const FleetChoice& choice) {
  return is_object(choice.config_file) ? "" : choice.config_file;
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
  ChosenFleet chosen = TRY(load_fleet(environment, choice));
  fleet->specs = chosen.scope.fixed;
  fleet->services = adopted({}, fleet->specs);
  fleet->wiring = TRY(Wiring::create_on_workstation(environment, system_clock(), fleet->log));
  TRY(check_fleet(fleet->services, *fleet->wiring));
  // A file may name accounts to be searched when it is read again.
  if (!chosen.asks() && choice.config_file.empty()) {
    return fleet;
  }
  fleet->tagged = std::make_unique<TaggedFleet>(fleet->wiring->directory(), system_clock(),
                                                std::move(chosen.scope));
  if (!chosen.object.empty()) {
    TRY(open_document(environment, choice, chosen.object, *fleet));
  }
  fleet->news = fleet->source()->ask(after(kAsking));
  if (fleet->document && !fleet->news.services) {
    return fail(ErrorKind::Unavailable, fleet->news.errors.front());
  }
  fleet->specs = fleet->tagged->services();
  fleet->services = adopted({}, fleet->specs);
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
