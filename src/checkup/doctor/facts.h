#pragma once
// What the doctor looked at, as the services answered: every read on its own, so that one that was
// denied hides nothing of the others.

#include <optional>
#include <string>
#include <vector>

#include "edge/aws/auto_scaling.h"
#include "edge/aws/container_instances.h"
#include "edge/aws/event_source_mappings.h"
#include "edge/aws/functions.h"
#include "edge/aws/inspection.h"
#include "edge/aws/sqs.h"
#include "edge/aws/sts.h"

namespace scaler::doctor {

/// What to examine.
struct Examination {
  std::string queue_url = {};
  ServiceId service = {};
  std::string function = {};       ///< empty: none is named
  std::string scale_in_when = {};  ///< idle, protected, any; empty: the default, idle
  std::string busy_window = {};    ///< seconds; empty: the default, 60
  std::string capacity = {};       ///< follow, own, off; empty: the default, follow
};

/// Services whose calls go through a proxy.
struct ProxyUse {
  std::string proxy = {};  ///< "http://host:port", without user and password
  std::string variable = {};
  std::string services = {};  ///< "SQS, ECS"
};

/// A capacity provider of the service, and its group where it has one.
struct CapacityFacts {
  Result<aws::CapacityProvider> provider = {};
  std::optional<Result<aws::AutoScalingGroup>> group = {};
  std::optional<Result<std::vector<aws::ScalingActivity>>> activities = {};
  /// The group's scaling policies; asked only where capacity is own.
  std::optional<Result<std::int64_t>> policies = {};
  /// Other services on the same provider; asked as above.
  std::optional<Result<std::vector<std::string>>> neighbours = {};
};

struct Facts {
  Examination place = {};
  Instant at = {};  ///< by AWS's clock
  std::vector<ProxyUse> proxies = {};
  Result<aws::CallerIdentity> caller = {};
  std::string credential_source = {};  ///< which place had credentials; empty for none
  Duration clock_difference = {};      ///< what AWS's clock is ahead of ours
  Result<aws::QueueSettings> queue = {};
  Result<aws::ServiceDetails> service = {};
  std::optional<Result<std::int64_t>> instances = {};  ///< asked only for launch type EC2
  std::vector<CapacityFacts> capacity = {};            ///< those that are not Fargate's
  /// Asked only where scale_in_when is protected.
  std::optional<Result<std::int64_t>> protected_tasks = {};
  Result<std::optional<aws::ScalableTarget>> scalable_target = {};
  std::optional<Result<aws::FunctionConfiguration>> function = {};
  /// The function's mapping on the job queue, if it has one.
  std::optional<Result<std::optional<aws::EventSourceMapping>>> mapping = {};
};

/// Asks everything; changes nothing. `now` is by this machine's clock.
Facts examine(aws::Client& client, const Examination& place, Instant now, Deadline deadline);

}  // namespace scaler::doctor
