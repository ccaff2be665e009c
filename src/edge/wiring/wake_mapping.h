#pragma once
// AwsWakeMapping: a function's event source mappings on job queues, by Lambda's API. One list call
// by a queue's ARN tells those on it; those on several queues are picked out of all that there are
// in the function's account and region: whether a list by a function's name tells what is bound to
// its aliases and versions is documented nowhere.

#include <string_view>
#include <vector>

#include "edge/aws/event_source_mappings.h"
#include "scaler/invocation/ports.h"

namespace scaler {

/// The mappings on a queue that deliver to a function, by whatever alias or version.
Result<std::vector<aws::EventSourceMapping>> mappings_of(aws::EventSourceMappings& mappings,
                                                         const std::string& queue_arn,
                                                         std::string_view function_arn,
                                                         Deadline deadline);

/// The same on whatever queue.
Result<std::vector<aws::EventSourceMapping>> mappings_of(aws::EventSourceMappings& mappings,
                                                         std::string_view function_arn,
                                                         Deadline deadline);

class AwsWakeMapping final : public WakeMapping {
 public:
  explicit AwsWakeMapping(aws::EventSourceMappings& mappings) : mappings_(&mappings) {}

  Result<std::vector<MappingStatus>> find(const MappingQuestion& question,
                                          Deadline deadline) override;
  Result<std::vector<MappingStatus>> list(const std::string& function_arn,
                                          Deadline deadline) override;
  Result<void> set_enabled(const std::string& id, bool enabled, Deadline deadline) override;

 private:
  aws::EventSourceMappings* mappings_;
};

}  // namespace scaler
