#pragma once
// GroupRecord: what one pass saw and did of the instances under some services.

#include <string>
#include <vector>

#include "scaler/core/instances.h"

namespace scaler {

struct GroupRecord {
  Instant at = {};
  std::string provider = {};
  std::string group = {};    ///< the Auto Scaling group's name; empty: it was not read
  std::int64_t max = 0;      ///< instances, as are the next
  std::int64_t desired = 0;  ///< after the pass
  std::int64_t in_service = 0;
  std::int64_t idle = 0;  ///< of these, those without a task that take tasks
  std::int64_t draining = 0;
  std::int64_t launch_failures = 0;  ///< in a row
  std::vector<InstanceStep> steps = {};
  std::vector<InstanceAction> done = {};  ///< the actions that were carried out
  bool operator==(const GroupRecord&) const = default;
};

}  // namespace scaler
