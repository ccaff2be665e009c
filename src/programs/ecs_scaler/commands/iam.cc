#include <algorithm>
#include <cstdio>
#include <iterator>
#include <optional>

#include <fmt/core.h>

#include "edge/iam/fleet_iam.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/lease_address.h"
#include "scaler/core/names.h"

namespace scaler::cli {
namespace {

constexpr std::size_t kInlineMax = 10'240;  ///< IAM's own limit

Take lease_of(IamLease& lease) {
  return [&lease](const std::string& text) -> Result<void> {
    aws::LeaseItem item = TRY(parse_lease_address(text));
    lease = {.table = std::move(item.table), .key = std::move(item.key)};
    return {};
  };
}

Take account_number(std::string& account) {
  return [&account](const std::string& text) -> Result<void> {
    if (!is_account(text)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is no number of an account, such as 123456789012", text));
    }
    account = text;
    return {};
  };
}

Take region_name(std::string& region) {
  return [&region](const std::string& text) -> Result<void> {
    if (!is_region(text)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("'{}' is no region, such as eu-central-1", text));
    }
    region = text;
    return {};
  };
}

Take role_arn(std::string& role) {
  return [&role](const std::string& text) -> Result<void> {
    TRY(parse_role({.arn = text}));
    role = text;
    return {};
  };
}

struct IamFlags {
  IamOverrides overrides = {};
  FleetChoice choice = {};
  std::string caller = {};
  bool guard = false;
  Output output = Output::Text;
};

/// What is printed, and the size of the largest policy in it.
struct Printed {
  std::string text = {};
  std::size_t largest = 0;
};

Result<Printed> of_one(const Environment& environment, const IamFlags& flags) {
  ServiceConfig config = TRY(service_from_environment(environment));
  config.wake = config.wake && !flags.guard;  // The worker's tasks switch no mapping of a function.
  // The worker's tasks drive no instances either.
  if (config.policy->capacity == Capacity::Own && flags.overrides.instances.group.empty() &&
      !flags.guard) {
    return fail(ErrorKind::Malformed,
                "CAPACITY is own, but the Auto Scaling group that is driven is not known: give its "
                "name with --group");
  }
  const IamScope scope = TRY(iam_scope(flags.overrides, environment, config));
  const std::vector<IamStatement> statements =
      flags.guard ? guard_iam_statements(config, scope) : iam_statements(config, scope);
  const std::string document = iam_json(statements);
  return Printed{.text = flags.output == Output::Json ? document + "\n" : iam_text(statements),
                 .largest = document.size()};
}

/// Services, and what the deployment says of those that carry the tag.
std::vector<std::string> who_drives_groups(const ChosenFleet& chosen) {
  std::vector<std::string> who;
  for (const ServiceSpec& service : chosen.scope.fixed) {
    if (service.policy->capacity == Capacity::Own) {
      who.push_back(service.id.service);
    }
  }
  if (!chosen.asks()) {
    return who;
  }
  const TagRules& rules = chosen.scope.rules;
  if (rules.defaults.options.capacity == Capacity::Own) {
    who.emplace_back("a service whose tags do not say otherwise");
  }
  for (const auto& [name, profile] : rules.profiles) {
    if (profile.options.capacity == Capacity::Own &&
        profile.options.capacity != rules.defaults.options.capacity) {
      who.push_back("a service of the profile " + name);
    }
  }
  return who;
}

Result<Printed> of_many(const Environment& environment, const IamFlags& flags) {
  if (flags.guard) {
    return fail(ErrorKind::Malformed,
                "--guard is of one service's tasks, and not of a fleet: without --config, --fleet "
                "and FLEET");
  }
  const ChosenFleet chosen = TRY(load_fleet(environment, flags.choice));
  if (flags.overrides.instances.group.empty()) {
    for (const std::string& who : who_drives_groups(chosen)) {
      complain(kDone, fmt::format("note: {} drives an Auto Scaling group, which takes more: give "
                                  "its name with --group, with * for those of several services",
                                  who));
    }
  }
  std::optional<ObjectAddress> object;
  if (!chosen.object.empty()) {
    object = TRY(parse_object(chosen.object));
  }
  const FleetIam fleet =
      TRY(fleet_iam({.services = chosen.scope.fixed,
                     .places = chosen.scope.places,
                     .ceilings = chosen.scope.rules.ceilings,
                     .object = object},
                    chosen.deployment, flags.overrides, flags.caller, environment));
  Printed printed{
      .text = flags.output == Output::Json ? fleet_iam_json(fleet) + "\n" : fleet_iam_text(fleet),
      .largest = iam_json(fleet.caller).size()};
  for (const FleetIam::Role& role : fleet.roles) {
    printed.largest = std::max(printed.largest, iam_json(role.policy).size());
  }
  return printed;
}

int iam(const Environment& environment, const IamFlags& flags) {
  const bool many =
      !flags.choice.config_file.empty() || !flags.choice.fleet.empty() || is_fleet(environment);
  const Result<Printed> printed = many ? of_many(environment, flags) : of_one(environment, flags);
  if (!printed) {
    return complain(kConfiguration, printed.error().message);
  }
  std::fputs(printed->text.c_str(), stdout);
  if (printed->largest > kInlineMax) {
    complain(kDone, fmt::format("note: a role's own policies may have {} characters together, and "
                                "this one has {}: split it, or have services carry the tag",
                                kInlineMax, printed->largest));
  }
  return kDone;
}

}  // namespace

Command iam_command() {
  const auto flags = std::make_shared<IamFlags>();
  IamOverrides& overrides = flags->overrides;
  Command command{
      .name = "iam",
      .sentence = "The least-privilege IAM policies of this configuration; no AWS",
      .options = {{"--account", "NUMBER", "account (default: the job queue's)",
                   account_number(overrides.account)},
                  {"--region", "REGION", "region (default: AWS_REGION, else the queue's)",
                   region_name(overrides.region)},
                  {"--function-name", "NAME",
                   "the Lambda function (default: AWS_LAMBDA_FUNCTION_NAME; none: run or once)",
                   text(overrides.function_name)},
                  {"--caller", "ARN",
                   "the role of function or controller, which alone may assume those of a fleet's "
                   "accounts (default: all of its account)",
                   role_arn(flags->caller)},
                  {"--group", "NAME",
                   "the Auto Scaling group under the service, of a fleet with * for those of all "
                   "(needed with CAPACITY=own)",
                   text(overrides.instances.group)},
                  {"--capacity-provider", "NAME",
                   "what the service runs on (default: any, where there is a group)",
                   text(overrides.instances.provider)},
                  {"--guard", "", "of the worker's tasks under ecs-guard, not of the scaler",
                   flag(flags->guard)},
                  {"--lease", "dynamodb:TABLE[/KEY]", "the lease of `run --lease`",
                   lease_of(overrides.lease)},
                  output_option(flags->output)},
      .exclusive = {{kConfigFlag, kFleetFlag},
                    {"--guard", "--function-name"},
                    {"--guard", "--lease"},
                    {"--guard", "--group"},
                    {"--guard", "--capacity-provider"}},
      .reads_environment = true,
      .example = "ecs-scaler iam --function-name ecs-scaler --output json",
      .run = [flags](const Environment& environment) { return iam(environment, *flags); }};
  std::ranges::move(fleet_options(flags->choice), std::back_inserter(command.options));
  return command;
}

}  // namespace scaler::cli
