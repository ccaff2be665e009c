#pragma once
// AwsWakeMapping: a function's event source mappings on its job queue, by Lambda's API. One list
// call by the queue's ARN tells them all: a list by function name tells only those that are bound
// to the very qualifier it names.

#include "edge/aws/event_source_mappings.h"
#include "scaler/invocation/ports.h"

namespace scaler {

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
