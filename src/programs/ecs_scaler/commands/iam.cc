#include <cstdio>

#include "edge/iam/iam_policy.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/lease_address.h"

namespace scaler::cli {
namespace {

Take lease_of(IamLease& lease) {
  return [&lease](const std::string& text) -> Result<void> {
    aws::LeaseItem item = TRY(parse_lease_address(text));
    lease = {.table = std::move(item.table), .key = std::move(item.key)};
    return {};
  };
}

int iam(const Environment& environment, const IamOverrides& flags, bool guard, Output output) {
  Result<ServiceConfig> config = service_from_environment(environment);
  if (!config) {
    return complain(kConfiguration, config.error().message);
  }
  config->wake = config->wake && !guard;  // The worker's tasks switch no mapping of a function.
  const Result<IamScope> scope = iam_scope(flags, environment, *config);
  if (!scope) {
    return complain(kConfiguration, scope.error().message);
  }
  const std::vector<IamStatement> statements =
      guard ? guard_iam_statements(*config, *scope) : iam_statements(*config, *scope);
  const std::string text =
      output == Output::Json ? iam_json(statements) + "\n" : iam_text(statements);
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace

Command iam_command() {
  const auto flags = std::make_shared<IamOverrides>();
  const auto guard = std::make_shared<bool>(false);
  const auto output = std::make_shared<Output>(Output::Text);
  return {.name = "iam",
          .sentence = "The least-privilege IAM policy of this configuration; no AWS",
          .options = {{"--account", "NUMBER", "account (default: the job queue's)",
                       text(flags->account)},
                      {"--region", "REGION", "region (default: AWS_REGION, else the queue's)",
                       text(flags->region)},
                      {"--function-name", "NAME",
                       "the Lambda function (default: AWS_LAMBDA_FUNCTION_NAME; none: run or once)",
                       text(flags->function_name)},
                      {"--guard", "", "of the worker's tasks under ecs-guard, not of the scaler",
                       flag(*guard)},
                      {"--lease", "dynamodb:TABLE[/KEY]", "the lease of `run --lease`",
                       lease_of(flags->lease)},
                      output_option(*output)},
          .reads_environment = true,
          .example = "ecs-scaler iam --function-name ecs-scaler --output json",
          .run = [flags, guard, output](const Environment& environment) {
            return iam(environment, *flags, *guard, *output);
          }};
}

}  // namespace scaler::cli
