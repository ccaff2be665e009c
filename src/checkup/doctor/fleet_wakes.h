#pragma once
// The doctor over the mappings by which a function's fleet is woken. Asks for them, and judges
// them.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkup/doctor/findings.h"
#include "edge/aws/event_source_mappings.h"
#include "edge/aws/functions.h"
#include "edge/aws/sqs.h"
#include "scaler/fleet/service_spec.h"

namespace scaler::doctor {

/// A function, and its mappings on whatever queues.
struct WakeFacts {
  Result<aws::FunctionConfiguration> function = {};
  Result<std::vector<aws::EventSourceMapping>> mappings = {};
  /// Of their queues that some service has, by ARN.
  std::map<std::string, Result<aws::QueueSettings>> queues = {};
};

/// `function` is a name or an ARN.
WakeFacts examine_wakes(aws::Client& client, const std::string& function,
                        std::span<const ServiceSpec> services, Deadline deadline);

/// `looks`: one per service, in order.
void check_wakes(const WakeFacts& facts, std::span<const ServiceSpec> services,
                 std::span<const Look> looks, Findings& findings);

}  // namespace scaler::doctor
