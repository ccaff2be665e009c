#pragma once
// Lambda's event source mappings: what feeds a queue's messages to a function, and its switch.

#include <string>
#include <vector>

#include "edge/aws/client.h"

namespace scaler::aws {

enum class MappingState { Creating, Enabling, Enabled, Disabling, Disabled, Updating, Deleting };

struct EventSourceMapping {
  std::string id = {};
  std::string event_source_arn = {};
  std::string function_arn = {};
  MappingState state = MappingState::Disabled;
  bool reports_batch_item_failures = false;
  std::int64_t batch_size = 0;
};

struct MappingFilter {
  std::string function_name = {};     ///< name or ARN; empty for any
  std::string event_source_arn = {};  ///< empty for any
  std::string region = {};            ///< where neither of them says it; empty: the default one
};

class EventSourceMappings {
 public:
  explicit EventSourceMappings(Client& client) : client_(&client) {}

  Result<EventSourceMapping> get(const std::string& id, Deadline deadline);
  /// All pages.
  Result<std::vector<EventSourceMapping>> list(const MappingFilter& filter, Deadline deadline);
  /// Returns the mapping as the service answers, usually on the way to the state asked for.
  /// Errors: Conflict while it is in transition.
  Result<EventSourceMapping> set_enabled(const std::string& id, bool enabled, Deadline deadline);

 private:
  Client* client_;
};

}  // namespace scaler::aws
