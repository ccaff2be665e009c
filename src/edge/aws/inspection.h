#pragma once
// What a check-up wants to know beyond what a pass reads: how a service is run, what its cluster
// can run it on, and who else scales it. All of it only reads.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edge/aws/client.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

/// A deployment that has not been replaced, or the one whose tasks still go away.
struct ServiceDeployment {
  std::string id = {};
  std::string rollout = {};  ///< COMPLETED, IN_PROGRESS, FAILED; empty when ECS does not say
  std::string reason = {};   ///< for people
  std::optional<Instant> created_at = {};
  std::optional<Instant> updated_at = {};
};

/// A service as DescribeServices tells it, in AWS's own words.
struct ServiceDetails {
  std::string arn = {};
  std::string cluster_arn = {};
  std::string status = {};                           ///< ACTIVE, DRAINING, INACTIVE
  std::string scheduling_strategy = {};              ///< REPLICA, DAEMON
  std::string deployment_controller = {};            ///< ECS, CODE_DEPLOY, EXTERNAL
  std::string launch_type = {};                      ///< empty with capacity providers
  std::vector<std::string> capacity_providers = {};  ///< names, of the service's strategy
  std::int64_t desired = 0;
  std::int64_t running = 0;
  std::string zone_rebalancing = {};  ///< ENABLED, DISABLED; empty when ECS does not say
  std::vector<ServiceDeployment> deployments = {};
  std::map<std::string, std::string, std::less<>> tags = {};
};

/// A scalable target of Application Auto Scaling on a service's desired count.
struct ScalableTarget {
  std::int64_t tasks_min = 0;
  std::int64_t tasks_max = 0;
  bool suspended = false;  ///< scale-in, scale-out and schedules all are
};

/// Errors: NotFound for a service or cluster that ECS does not know.
Result<ServiceDetails> service_details(Client& client, const ServiceId& id, Deadline deadline);

/// Names of the cluster's other services whose strategy has this capacity provider.
Result<std::vector<std::string>> neighbours_on(Client& client, const ServiceId& id,
                                               const std::string& provider, Deadline deadline);

/// How many EC2 instances are registered with the service's cluster.
Result<std::int64_t> container_instances(Client& client, const ServiceId& id, Deadline deadline);

/// The target that is registered for the service, if any. `id` holds names or ARNs.
Result<std::optional<ScalableTarget>> scalable_target(Client& client, const ServiceId& id,
                                                      Deadline deadline);

}  // namespace scaler::aws
