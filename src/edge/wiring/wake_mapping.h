#pragma once
// AwsWakeMapping: a function's event source mappings on its job queue, by Lambda's API. One list
// call by the queue's ARN tells them all: a list by function name tells only those that are bound
// to the very qualifier it names.

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

class AwsWakeMapping final : public WakeMapping {
 public:
  explicit AwsWakeMapping(aws::EventSourceMappings& mappings) : mappings_(&mappings) {}

  Result<std::vector<MappingStatus>> find(const MappingQuestion& question,
                                          Deadline deadline) override;
  Result<void> set_enabled(const std::string& id, bool enabled, Deadline deadline) override;

 private:
  aws::EventSourceMappings* mappings_;
};

}  // namespace scaler
