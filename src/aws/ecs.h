#pragma once
// ECS: services with their state tag, desired counts, tags.

#include <span>
#include <string>
#include <vector>

#include "aws/client.h"
#include "pass/ports.h"

namespace scaler::aws {

/// The tag that keeps a service's state between passes.
inline constexpr std::string_view kStateTag = "ecs-scaler:state";

/// DescribeServices for any number of services: by cluster, ten a call, tags included. For batches
/// that mix services: send `calls`, then give their replies to read().
///
/// A service counts as deploying while more than one of its deployments, or of its task sets under
/// an external or CodeDeploy controller, is PRIMARY or ACTIVE: old tasks and new ones live side by
/// side. A rolloutState of IN_PROGRESS does not count by itself, because a new service has it until
/// its first tasks run, and a plain change of the desired count makes no new deployment. This errs
/// towards `deploying`: a rollout that failed without a circuit breaker keeps both deployments.
class ServiceDescriptions {
 public:
  explicit ServiceDescriptions(std::span<const ServiceId> ids);

  const std::vector<ApiCall>& calls() const { return calls_; }
  /// One result per id, in order; `replies` holds one per call.
  /// Errors: those of the calls; NotFound for a service that ECS does not know; Malformed.
  std::vector<Result<ServiceReading>> read(std::span<const Result<ApiReply>> replies) const;

 private:
  std::vector<ServiceId> ids_;
  std::vector<ApiCall> calls_;
  std::vector<std::size_t> call_of_;  ///< id -> its call
};

struct Tag {
  std::string key = {};
  std::string value = {};
};

class Ecs {
 public:
  explicit Ecs(Client& client) : client_(&client) {}

  /// As ServiceDescriptions::read().
  std::vector<Result<ServiceReading>> describe(std::span<const ServiceId> ids, Deadline deadline);
  /// UpdateService with nothing but the desired count: starts no deployment.
  std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes, Deadline deadline);
  Result<void> tag(const std::string& arn, std::span<const Tag> tags, Deadline deadline);
  Result<void> untag(const std::string& arn, std::span<const std::string> keys, Deadline deadline);
  /// Sets or (with an empty text) removes the state tag of each service, side by side.
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline);

 private:
  Client* client_;
};

}  // namespace scaler::aws
