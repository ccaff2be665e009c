#pragma once
// ECS: services with their state tag, desired counts, tags.

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/aws/client.h"
#include "scaler/pass/ports.h"

namespace scaler::aws {

using scaler::kPauseTag;
using scaler::kStateTag;

inline constexpr std::size_t kServicesPerDescription = 10;

/// Services with the same can be described in one call: place and cluster.
std::pair<Place, std::string_view> call_key(const ServiceId& id);

enum class WithTags { Yes, No };

/// What MISSING among a reply's failures means.
inline constexpr std::string_view kNoSuchService =
    "MISSING: there is no such service in this cluster, account and region";

/// DescribeServices for up to ten services of one cluster.
ApiCall describe_call(std::span<const ServiceId> ids, WithTags with_tags);

/// One service's reading out of the reply to describe_call().
///
/// A service counts as deploying while a deployment's rolloutState is IN_PROGRESS or a task set's
/// stabilityStatus is STABILIZING. A rollout that FAILED does not, nor do two task sets in a steady
/// state: nothing of theirs is going to end. A plain change of the desired count makes no new
/// deployment. Only for a deployment that tells no rolloutState (as under other deployment
/// controllers) it counts that another lives beside it. Since when is that of the latest.
/// Errors: NotFound for a service that ECS does not know; Rejected; Malformed.
Result<ServiceReading> read_description(const ApiReply& reply, const ServiceId& id);

/// DescribeServices for any number of services: by cluster, ten a call, tags included. For batches
/// that mix services: send `calls`, then give their replies to read().
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
  Result<void> tag(const std::string& arn, std::span<const Tag> tags, Deadline deadline,
                   const AccountRole& role = {});
  Result<void> untag(const std::string& arn, std::span<const std::string> keys, Deadline deadline,
                     const AccountRole& role = {});
  /// Sets or (with an empty text) removes a tag of each service, side by side.
  std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline);

 private:
  Client* client_;
};

}  // namespace scaler::aws
