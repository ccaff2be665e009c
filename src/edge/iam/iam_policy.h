#pragma once
// The least-privilege IAM policy of a configuration: which calls the program makes, on what, and
// why. The templates in deploy hold the same statements.

#include <string>
#include <vector>

#include "edge/config/environment.h"
#include "ground/base/environment.h"
#include "ground/base/result.h"

namespace scaler {

/// The item of a DynamoDB table that several controllers share.
struct IamLease {
  std::string table = {};  ///< name or ARN; empty: there is no lease
  std::string key = {};    ///< the item's
};

/// What the service runs on, where this program starts or ends instances.
struct IamInstances {
  /// The Auto Scaling group's name, of a fleet a pattern for those of all; empty: they are left
  /// alone.
  std::string group = {};
  /// The capacity provider's; empty: any, where there is a group.
  std::string provider = {};
};

/// What somebody says in place of what the names say.
struct IamOverrides {
  std::string account = {};        ///< default: the job queue's
  std::string region = {};         ///< default: AWS_REGION, else the job queue's
  std::string function_name = {};  ///< default: AWS_LAMBDA_FUNCTION_NAME; empty: not in Lambda
  IamLease lease = {};
  IamInstances instances = {};
};

struct IamPlace {
  std::string region = {};
  std::string account = {};  ///< twelve digits
};

/// Whose ARNs the policy names.
struct IamScope {
  IamPlace service = {};
  IamPlace function = {};
  std::string queue_region = {};   ///< of queues whose URLs do not say theirs
  std::string function_name = {};  ///< empty: the program does not run in Lambda
  IamLease lease = {};
  IamInstances instances = {};
};

struct IamCondition {
  std::string comparison = {};  ///< "ArnEquals", ...
  std::string key = {};
  std::vector<std::string> values = {};
};

struct IamStatement {
  std::string sid = {};
  std::string why = {};  ///< for people
  std::vector<std::string> actions = {};
  std::vector<std::string> resources = {};
  std::vector<IamCondition> conditions = {};  ///< all of them; no comparison stands twice
};

/// Each part from the ARN of the service, its cluster or the function, else from its flag, else
/// from AWS_REGION (or AWS_DEFAULT_REGION) and AWS_LAMBDA_FUNCTION_NAME, else from the job queue.
/// Errors: Malformed, naming every part that is missing, wrong or contradicts a flag, and the flag
///         that gives it.
Result<IamScope> iam_scope(const IamOverrides& flags, const Environment& environment,
                           const ServiceConfig& config);

/// The same of a deployment for many services, as far as it concerns the program itself. `told`:
/// what its queues and services say, which counts last; a part that nothing tells is empty. `wake`:
/// the deployment wakes services, so that a function must be known.
Result<IamScope> fleet_scope(const IamOverrides& flags, const Environment& environment,
                             const IamPlace& told, bool wake);

/// The statements in the templates' order; never empty.
std::vector<IamStatement> iam_statements(const ServiceConfig& config, const IamScope& scope);
/// What the program needs for itself, whoever is scaled: lease, log, its own queues.
std::vector<IamStatement> deployment_iam_statements(const ServiceConfig& config,
                                                    const IamScope& scope);

/// What it needs so that messages of these queues, by ARN, wake services of a fleet.
std::vector<IamStatement> wake_iam_statements(const std::vector<std::string>& queues,
                                              const IamScope& scope);

/// What the role of the worker's own tasks needs beside the worker's own calls when `ecs-guard`
/// stands before it (docs/guard.md).
std::vector<IamStatement> guard_iam_statements(const ServiceConfig& config, const IamScope& scope);

/// {"Version":"2012-10-17","Statement":[...]}
std::string iam_json(const std::vector<IamStatement>& statements);
/// For people: each statement with its reason.
std::string iam_text(const std::vector<IamStatement>& statements);

}  // namespace scaler
