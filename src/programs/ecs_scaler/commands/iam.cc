#include <algorithm>
#include <cstdio>
#include <iterator>

#include <fmt/core.h>

#include "edge/iam/iam_policy.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/fleet_source.h"
#include "programs/ecs_scaler/commands/lease_address.h"

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

struct IamFlags {
  IamOverrides overrides = {};
  FleetChoice choice = {};
  bool guard = false;
  Output output = Output::Text;
};

Result<std::vector<IamStatement>> of_one(const Environment& environment, const IamFlags& flags) {
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
  return flags.guard ? guard_iam_statements(config, scope) : iam_statements(config, scope);
}

Result<std::vector<IamStatement>> of_many(const Environment& environment, const IamFlags& flags) {
  if (flags.guard) {
    return fail(ErrorKind::Malformed,
                "--guard is of one service's tasks, and not of a fleet: without --config, --fleet "
                "and FLEET");
  }
  FleetConfig fleet{.source = flags.choice.config_file,
                    .deployment = {.policy = Policy::create({}).value()}};
  if (flags.choice.config_file.empty()) {
    fleet = TRY(fleet_from_environment(with_choice(environment, flags.choice)));
  }
  if (!flags.overrides.instances.group.empty()) {
    return fail(
        ErrorKind::Malformed,
        "--group is of one service, and not of a fleet: without --config, --fleet and FLEET");
  }
  const std::vector<ServiceSpec> services = TRY(load_fleet(environment, flags.choice));
  for (const ServiceSpec& service : services) {
    if (service.policy->capacity == Capacity::Own) {
      complain(kDone,
               fmt::format("note: {} drives an Auto Scaling group, which takes more: iam with "
                           "the variables of this service alone and --group",
                           service.id.service));
    }
  }
  const IamScope scope = TRY(iam_scope(flags.overrides, environment, fleet, services));
  return iam_statements(fleet, services, scope);
}

int iam(const Environment& environment, const IamFlags& flags) {
  const bool many =
      !flags.choice.config_file.empty() || !flags.choice.fleet.empty() || is_fleet(environment);
  const auto statements = many ? of_many(environment, flags) : of_one(environment, flags);
  if (!statements) {
    return complain(kConfiguration, statements.error().message);
  }
  const std::string document = iam_json(*statements);
  const std::string text = flags.output == Output::Json ? document + "\n" : iam_text(*statements);
  std::fputs(text.c_str(), stdout);
  if (document.size() > kInlineMax) {
    complain(kDone, fmt::format("note: a role's own policies may have {} characters together, and "
                                "this one has {}: split it, or have services carry the tag",
                                kInlineMax, document.size()));
  }
  return kDone;
}

}  // namespace

Command iam_command() {
  const auto flags = std::make_shared<IamFlags>();
  IamOverrides& overrides = flags->overrides;
  Command command{
      .name = "iam",
      .sentence = "The least-privilege IAM policy of this configuration; no AWS",
      .options = {{"--account", "NUMBER", "account (default: the job queue's)",
                   text(overrides.account)},
                  {"--region", "REGION", "region (default: AWS_REGION, else the queue's)",
                   text(overrides.region)},
                  {"--function-name", "NAME",
                   "the Lambda function (default: AWS_LAMBDA_FUNCTION_NAME; none: run or once)",
                   text(overrides.function_name)},
                  {"--group", "NAME",
                   "the Auto Scaling group under the service (needed with CAPACITY=own)",
                   text(overrides.instances.group)},
                  {"--capacity-provider", "NAME", "its capacity provider (default: any)",
                   text(overrides.instances.provider)},
                  {"--guard", "", "of the worker's tasks under ecs-guard, not of the scaler",
                   flag(flags->guard)},
                  {"--lease", "dynamodb:TABLE[/KEY]", "the lease of `run --lease`",
                   lease_of(overrides.lease)},
                  output_option(flags->output)},
      .exclusive = {{kConfigFlag, kFleetFlag}},
      .reads_environment = true,
      .example = "ecs-scaler iam --function-name ecs-scaler --output json",
      .run = [flags](const Environment& environment) { return iam(environment, *flags); }};
  std::ranges::move(fleet_options(flags->choice), std::back_inserter(command.options));
  return command;
}

}  // namespace scaler::cli
