#include <cstdio>

#include "programs/ecs_scaler/commands/commands.h"
#include "programs/ecs_scaler/commands/iam_policy.h"

namespace scaler::cli {

int iam_command(const Environment& environment, const IamFlags& flags) {
  const Result<ServiceConfig> config = service_from_environment(environment);
  if (!config) {
    return complain(kConfiguration, config.error().message);
  }
  const Result<IamScope> scope = iam_scope(flags, environment, *config);
  if (!scope) {
    return complain(kConfiguration, scope.error().message);
  }
  const std::vector<IamStatement> statements = iam_statements(*config, *scope);
  const std::string text =
      flags.output == Output::Json ? iam_json(statements) + "\n" : iam_text(statements);
  std::fputs(text.c_str(), stdout);
  return kDone;
}

}  // namespace scaler::cli
