#include <cstdio>
#include <unistd.h>

#include <fmt/core.h>

#include "checkup/doctor/fleet_checks.h"
#include "edge/config/documents.h"
#include "edge/config/environment.h"
#include "edge/wiring/places.h"
#include "ground/base/problems.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "scaler/core/names.h"
#include "scaler/core/queue_names.h"
#include "wire/fleet.h"
#include "wire/fleet_diff.h"

namespace scaler::cli {
namespace {

struct ConfigFlags {
  FleetChoice choice = {};
  Output output = Output::Text;
  std::string other = {};  ///< what to compare with
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

/// The services' text, and what contradicts itself of those that have none.
struct Described {
  std::string text = {};
  std::vector<ServiceSpec> specs = {};
  Problems problems = {};
};

/// A service and its queues with region, account and endpoint.
Result<std::string> describe(const Places& places, const ServiceSpec& spec) {
  const ManagedService service = adopted({}, std::span(&spec, 1)).front();
  const std::size_t count = service.queues.size();
  const aws::Whereabouts found = TRY(places.of(look_at_all_of(service)));
  std::string text = fmt::format("{}/{}: {}\n", service.id.cluster, service.id.service,
                                 plural(static_cast<std::int64_t>(count), "queue"));
  text += row("service", found.service);
  if (const AccountRole& role = service.id.role; !role.arn.empty()) {
    text += fmt::format("  {:<24} {}{}\n", "as", role.arn,
                        role.external_id.empty() ? "" : ", with an external id");
  }
  for (std::size_t i = 0; i < count; ++i) {
    text += row(fmt::format("queue {}", plain_name(service.queues[i].url)), found.queues[i]);
  }
  return text;
}

Result<Described> describe(const Environment& environment, const std::vector<ServiceSpec>& specs) {
  const Places places = TRY(Places::create(environment));
  Described described;
  for (const ServiceSpec& spec : specs) {
    const Result<std::string> text = describe(places, spec);
    described.problems.add_if_failed(text);
    if (text) {
      described.text += *text;
      described.specs.push_back(spec);
    }
  }
  return described;
}

/// Of a file all is shown or nothing. Whose own tags or file in S3 are wrong harms nobody else.
int show(const Environment& environment, const ConfigFlags& flags,
         const std::vector<ServiceSpec>& specs, const ChosenFleet& chosen, bool whole = true) {
  auto described = describe(environment, specs);
  if (!described) {
    return complain(kConfiguration, described.error().message);
  }
  int code = kDone;
  if (const auto right = described->problems.result(); !right) {
    code = complain(kConfiguration, right.error().message);
    if (whole) {
      return code;
    }
  }
  for (const SearchedPlace& place : chosen.scope.places) {
    const std::string where = scaler::describe(place);
    described->text += fmt::format("services with the tag {}: {}\n", kQueueTag,
                                   where.empty() ? "the credentials' account" : where);
  }
  const std::string shown = flags.output == Output::Json
                                ? fleet_json({.services = std::move(described->specs),
                                              .accounts = chosen.accounts,
                                              .defaults = chosen.scope.rules.defaults,
                                              .profiles = chosen.scope.rules.profiles}) +
                                      "\n"
                                : described->text;
  std::fputs(shown.c_str(), stdout);
  return code;
}

/// Services whose tags are wrong are told, and are no reason not to show the others.
int show_asked_for(const Environment& environment, const ConfigFlags& flags,
                   const ChosenFleet& chosen) {
  static const std::vector<ServiceSpec> kNobody;
  const auto fleet = open_fleet(environment, flags.choice, STDERR_FILENO);
  if (!fleet) {
    return complain(kConfiguration, fleet.error().message);
  }
  const int told = tell_news(**fleet);
  ChosenFleet shown = chosen;
  shown.accounts.clear();  // As a file it is those services, and nobody is searched for.
  const auto& services = (*fleet)->news.services;
  if (const int code = show(environment, flags, services.value_or(kNobody), shown, false);
      code != kDone) {
    return code;
  }
  return !(*fleet)->news.errors.empty() ? kFailed : told == kDone ? kDone : kConfiguration;
}

/// All services, with every setting that would count.
/// Errors: Malformed also for tags that are wrong: who is left out for them is not removed.
Result<std::vector<ServiceSpec>> effective(const Environment& environment,
                                           const FleetChoice& choice) {
  ChosenFleet chosen = TRY(load_fleet(environment, choice));
  if (!chosen.asks()) {
    return std::move(chosen.scope.fixed);
  }
  const auto fleet = TRY(open_fleet(environment, choice, STDERR_FILENO));
  if (tell_news(*fleet) != kDone) {
    return fail(ErrorKind::Malformed, "the services' tags cannot be compared while some are wrong");
  }
  return fleet->news.services.value_or(std::vector<ServiceSpec>());
}

/// The other one is read as this one is: a file of FLEET stands on the variables, one of --config
/// does not.
FleetChoice other_choice(const Environment& environment, const ConfigFlags& flags) {
  const std::string& other = flags.other;
  if (other == FleetConfig::kFleetByTags) {
    return {.fleet = other};
  }
  const bool is_of_fleet =
      flags.choice.config_file.empty() && (!flags.choice.fleet.empty() || is_fleet(environment));
  if (!is_of_fleet) {
    return {.config_file = other};
  }
  return {.fleet = other};
}

Result<FleetDiff> compare(const Environment& environment, const ConfigFlags& flags) {
  const auto before = TRY(effective(environment, flags.choice));
  const auto after = TRY(effective(environment, other_choice(environment, flags)));
  const Places places = TRY(Places::create(environment));
  return compare_fleets(before, after, places.default_region());
}

/// As diff(1) ends: 0 the same, 1 something differs, 2 it could not be compared.
int show_diff(const Environment& environment, const ConfigFlags& flags) {
  const Result<FleetDiff> diff = compare(environment, flags);
  if (!diff) {
    return complain(kUsage, diff.error().message);
  }
  const std::string shown =
      flags.output == Output::Json ? diff_json(*diff) + "\n" : diff_text(*diff);
  std::fputs(shown.c_str(), stdout);
  return diff->empty() ? kDone : kFailed;
}

/// The function starts all the same: schedule, ticks and doorbell work.
void warn_of_fifo(std::span<const ServiceSpec> fleet) {
  for (const ServiceSpec& service : fleet) {
    for (const JobQueue& queue : service.queues) {
      if (service.wake.value_or(false) && is_fifo(queue.url)) {
        complain(kDone,
                 fmt::format("warning: wake is true for {}, but its queue {} is FIFO: the "
                             "function refuses to wake it; schedule, ticks and doorbell work",
                             described(service.id), queue.url));
      }
    }
  }
}

/// What a look tells may be that old, and nothing but memory and protection spares a task whose
/// message it does not tell of.
void warn_of_counts_that_lag(std::span<const ServiceSpec> fleet) {
  constexpr Duration kCountsLag = std::chrono::minutes(1);
  for (const ServiceSpec& service : fleet) {
    const PolicyOptions& policy = *service.policy.operator->();
    if (policy.busy_window < kCountsLag && policy.scale_in_when != ScaleInWhen::Protected) {
      complain(kDone, fmt::format("warning: busy_window is {} for {}: SQS's counts may be a minute "
                                  "late, and a scale-in after a shorter time may stop a task at "
                                  "work unless workers protect themselves "
                                  "(scale_in_when=protected)",
                                  format_duration(policy.busy_window), described(service.id)));
    }
  }
}

/// Each of them counts all of the queue's messages.
void warn_of_shared_queues(std::span<const ServiceSpec> fleet) {
  for (const auto& [url, names] : doctor::shared_queues(fleet)) {
    complain(kDone, fmt::format("warning: {} is the job queue of {}: each of them starts tasks for "
                                "all of its messages",
                                url, names));
  }
}

/// A slip of a sender is then thousands of tasks.
void warn_of_no_limit(std::span<const ServiceSpec> fleet) {
  for (const ServiceSpec& service : fleet) {
    const PolicyOptions& policy = *service.policy.operator->();
    if (policy.mode != Mode::Fixed && !policy.tasks_max) {
      complain(kDone, fmt::format("warning: tasks_max is not set for {}: a long queue starts up to "
                                  "{} tasks, which is all that ECS allows",
                                  described(service.id), kTasksLimit));
    }
  }
}

int show_config(const Environment& environment, const ConfigFlags& flags) {
  if (flags.markdown || flags.schema) {
    const std::string text = flags.markdown ? settings_markdown() : fleet_schema() + "\n";
    std::fputs(text.c_str(), stdout);
    return kDone;
  }
  if (!flags.other.empty()) {
    return show_diff(environment, flags);
  }
  const auto fleet = load_fleet(environment, flags.choice);
  const auto level = log_level_from_environment(environment);
  if (!fleet || !level) {
    Problems problems;
    problems.add_if_failed(fleet);
    problems.add_if_failed(level);
    return complain(kConfiguration, problems.result().error().message);
  }
  // A file is checked without a call; who is found by tags alone is asked for.
  if (!fleet->object.empty() ||
      (fleet->searches() && fleet->scope.fixed.empty() && flags.choice.config_file.empty())) {
    return show_asked_for(environment, flags, *fleet);
  }
  if (const int code = show(environment, flags, fleet->scope.fixed, *fleet); code != kDone) {
    return code;
  }
  warn_of_fifo(fleet->scope.fixed);
  warn_of_counts_that_lag(fleet->scope.fixed);
  warn_of_shared_queues(fleet->scope.fixed);
  warn_of_no_limit(fleet->scope.fixed);
  if (flags.choice.config_file.empty() && flags.choice.fleet.empty() && !is_fleet(environment)) {
    const Result<ServiceConfig> config = service_from_environment(environment);
    if (config && config->wake && is_fifo(config->queue_url)) {
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
      .options =
          {{"FILE", "", "fleet file, also s3://BUCKET/KEY (default: the environment)",
            text(flags->choice.config_file)},
           {kConfigFlag, "FILE", "the same, as other commands take it",
            text(flags->choice.config_file)},
           {kFleetFlag, "tags|FILE|s3://BUCKET/KEY",
            "the services that carry the tag ecs-scaler:queue, or those of a fleet file "
            "(default: FLEET)",
            which_fleet(flags->choice.fleet)},
           {"--diff", "FILE|tags|s3://BUCKET/KEY",
            "what would change if this fleet came into force instead, by effective settings; "
            "ends with 0: nothing, 1: something, 2: they cannot be compared",
            which_fleet(flags->other)},
           output_option(flags->output),
           {"--markdown", "", "print docs/configuration.md", flag(flags->markdown)},
           {"--schema", "", "print the fleet file's JSON Schema", flag(flags->schema)}},
      .exclusive = {{"--schema", "--markdown"},
                    {"FILE", kFleetFlag},
                    {"FILE", kConfigFlag},
                    {kConfigFlag, kFleetFlag},
                    {"--diff", "--markdown"},
                    {"--diff", "--schema"}},
      .reads_environment = true,
      .example = "ecs-scaler config fleet.yaml",
      .run = [flags](const Environment& environment) { return show_config(environment, *flags); }};
}

}  // namespace scaler::cli
