#pragma once
// Metrics: a pass record as named numbers, and the members that make CloudWatch take them out of
// the record's log line (embedded metric format). One table, also for Prometheus.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scaler/pass/pass.h"

namespace scaler {

enum class Metric {
  QueueDepth,
  InFlight,
  DesiredTasks,
  RunningTasks,
  Demand,
  ScaleOut,
  ScaleIn,
  Errors,
  PassMilliseconds,
  CapacityShortage,
  InstancesDesired,
  InstancesInService,
  InstancesIdle,
  InstancesDraining,
  InstanceLaunchFailures,  ///< the last
};
inline constexpr std::size_t kMetricCount =
    static_cast<std::size_t>(Metric::InstanceLaunchFailures) + 1;

/// A row of the table: everything that a metric is.
struct MetricRow {
  Metric metric;
  std::string_view name;  ///< CloudWatch's
  std::string_view unit;  ///< CloudWatch's
  /// Prometheus', after "ecs_scaler_"; empty: there it is told of the process, not of each service.
  std::string_view family;
  std::string_view type;
  std::string_view help;
  std::optional<std::int64_t> (*value)(const PassRecord& record, Duration took);
};
const MetricRow& row_of(Metric metric);

/// All of them, in the order in which people should read them.
std::span<const Metric> all_metrics();
/// CloudWatch's name: "QueueDepth", ...
std::string_view to_string(Metric metric);

/// "emf" (all) or "emf:QueueDepth,Demand" (these).
/// Errors: Malformed, naming a metric that does not exist and the nearest that does.
Result<std::vector<Metric>> parse_metrics(std::string_view text);

/// The metric's value after a pass that took so long; nothing when the pass could not learn it, for
/// an unknown count is no zero.
std::optional<std::int64_t> metric_value(Metric metric, const PassRecord& record, Duration took);

/// The members that turn one log line into metrics: `_aws` as JSON, the dimensions Cluster and
/// Service (names, also where the configuration has ARNs), for a service that is reached in another
/// place than the program's own Region and Account as well, and a value for each metric.
/// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/
///         CloudWatch_Embedded_Metric_Format_Specification.html
struct MetricMembers {
  std::string aws = {};
  std::string cluster = {};
  std::string service = {};
  std::string region = {};  ///< empty: no dimension, as is the next
  std::string account = {};
  struct Value {
    std::string_view name = {};
    std::int64_t value = 0;
  };
  std::vector<Value> values = {};  ///< empty: nothing is known, and there is no metric
};
MetricMembers metric_members(std::span<const Metric> wanted, const PassRecord& record,
                             Duration took);

/// A pass over many services, in a few numbers.
struct FleetPass {
  std::int64_t services = 0;
  std::int64_t unread = 0;   ///< there was no time for these
  std::int64_t resting = 0;  ///< looked at by their queues alone
  std::int64_t changes = 0;
  std::int64_t failed = 0;
  Duration took = {};
};
FleetPass fleet_pass(std::span<const PassRecord> records, Duration took);

/// The members that tell it in one log line, by the place that the services are in: ShardServices,
/// ShardUnread, ShardResting, ShardChanges, ShardFailed, ShardMilliseconds.
struct FleetPassMembers {
  std::string aws = {};  ///< `_aws` as JSON; empty where they are to be no metrics
  std::string place = {};
  std::vector<MetricMembers::Value> values = {};
};
FleetPassMembers fleet_pass_members(const FleetPass& pass, const std::string& place, Instant at,
                                    bool metrics);

}  // namespace scaler
