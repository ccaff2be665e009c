#pragma once
// One service from environment variables: the five of the seed, one for each policy field, and a
// few of the program's own; or what a deployment says about a whole fleet. There is no default
// queue, cluster or service.

#include <string>
#include <vector>

#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "scaler/core/object_names.h"
#include "scaler/core/policy.h"
#include "scaler/fleet/fleet_account.h"
#include "scaler/pass/ports.h"
#include "watch/metrics.h"

namespace scaler {

struct ServiceConfig {
  ServiceId id = {};
  std::string queue_url = {};  ///< of all queues: as QueueAddress::url
  Policy policy;
  bool wake = false;  ///< the job queue's own event source mapping is ours to switch on and off
  Duration wake_return =
      std::chrono::seconds(30);  ///< visibility given back to a message that woke us
  /// The scaler's own queues; empty: there is none. Never the job queue.
  std::string tick_queue_url = {};
  std::string doorbell_queue_url = {};
  std::string shard_queue_url = {};          ///< of a fleet only
  std::size_t shard_size = 500;              ///< services that one invocation looks after
  Duration tick = std::chrono::seconds(10);  ///< between ticks, 1 to 59 s; zero: none are sent
  Duration look_every = kLookEvery;          ///< the distance of scheduled passes
  std::vector<Metric> metrics = {};          ///< published as CloudWatch metrics
};

/// Errors: Malformed, naming every variable that is missing or wrong, its value and what would be
/// right.
Result<ServiceConfig> service_from_environment(const Environment& environment);

/// A deployment for many services, by FLEET.
struct FleetConfig {
  std::string source = {};   ///< "tags", or where the fleet file is
  ServiceConfig deployment;  ///< of no service: its id and its job queue are empty
  TagRules rules = {};
  std::vector<FleetAccount> accounts = {};  ///< none: the program's own, in the default region
  std::vector<std::string> unused = {};     ///< variables of a single service that are set, too

  bool by_tags() const { return source == kFleetByTags; }
  bool in_s3() const { return source.starts_with(kObjectScheme); }
  static constexpr std::string_view kFleetByTags = "tags";
};

/// Whether FLEET is set: then fleet_from_environment() is to be asked, else
/// service_from_environment().
bool is_fleet(const Environment& environment);
/// Errors: Malformed, as service_from_environment().
Result<FleetConfig> fleet_from_environment(const Environment& environment);

/// Those variables of a single service that are set, which a fleet leaves unused.
std::vector<std::string> variables_of_one_service(const Environment& environment);

/// What a fleet file that the command line names stands on: nothing but the environment's pauses.
/// Whoever sets PAUSED means that no count changes, wherever the services come from.
struct FileBase {
  PolicyBase base = {};
  std::vector<std::string> unused = {};  ///< variables of the policy that are set, too
};
/// Errors: Malformed for a pause that is neither true nor false.
Result<FileBase> base_of_file(const Environment& environment);

/// Variables that nobody reads and that are most likely meant for settings which are not given:
/// "TASK_MAX is no setting; did you mean 'TASKS_MAX'?"
std::vector<std::string> misspelt_variables(const Environment& environment);
/// The same of variables by which AWS's SDKs are told region, endpoint and identity.
std::vector<std::string> misspelt_aws_variables(const Environment& environment);

/// LOG_LEVEL, else AWS_LAMBDA_LOG_LEVEL, else INFO. Errors: Malformed for a level that does not
/// exist.
Result<LogLevel> log_level_from_environment(const Environment& environment);

/// The variables above with unit and sentence, for --help and the documents.
struct VariableHelp {
  std::string name = {};
  std::string unit = {};
  std::string default_value = {};
  std::string sentence = {};
};
std::vector<VariableHelp> environment_help();

}  // namespace scaler
