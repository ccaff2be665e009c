#pragma once
// What an invocation needs of the outside beside the ports of a pass: the job queue's messages that
// came with a wake, and the event source mapping that brought them.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace scaler {

struct ReturnedMessage {
  std::string receipt_handle = {};
  Duration visibility = {};  ///< after this a worker can receive it
};

class JobMessages {
 public:
  virtual ~JobMessages() = default;
  /// Hands messages back to the queue. One result per message, in order.
  virtual std::vector<Result<void>> hand_back(const std::string& queue_url,
                                              std::span<const ReturnedMessage> messages,
                                              Deadline deadline) = 0;
};

/// The function's event source mapping on one queue.
struct MappingStatus {
  std::string id = {};
  bool enabled = false;        ///< Enabled, or on the way there
  bool in_transition = false;  ///< Creating, Enabling, Disabling, Updating, Deleting
  bool reports_failures =
      false;  ///< ReportBatchItemFailures is on: a listed message is not deleted
};

class WakeMapping {
 public:
  virtual ~WakeMapping() = default;
  /// The mapping of this function on the queue whose ARN ends in "account:name"; nothing when there
  /// is none.
  virtual Result<std::optional<MappingStatus>> find(const std::string& queue_path,
                                                    Deadline deadline) = 0;
  /// Errors: Conflict while the mapping is in transition.
  virtual Result<void> set_enabled(const std::string& id, bool enabled, Deadline deadline) = 0;
};

}  // namespace scaler
