#pragma once
// What an invocation needs of the outside beside the ports of a pass: the job queue's messages that
// came with a wake, the event source mapping that brought them, and the scaler's own ticks.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "scaler/invocation/trigger.h"

namespace scaler {

struct ReturnedMessage {
  std::string receipt_handle = {};
  Duration visibility = {};  ///< after this a worker can receive it
};

/// What of a queue's settings decides whether it may wake.
struct WakeSettings {
  bool fifo = false;
  std::optional<std::int64_t> receives_max = {};  ///< maxReceiveCount; nothing: no redrive policy
};

class JobMessages {
 public:
  virtual ~JobMessages() = default;
  /// Hands messages back to the queue. One result per message, in order.
  virtual std::vector<Result<void>> hand_back(const std::string& queue_url,
                                              std::span<const ReturnedMessage> messages,
                                              Deadline deadline) = 0;
  virtual Result<WakeSettings> settings(const std::string& queue_url, Deadline deadline) = 0;
};

/// Which mappings are meant: those of the function at hand on one queue.
struct MappingQuestion {
  std::string queue_url = {};     ///< asked for when there is no ARN
  std::string queue_arn = {};     ///< as an event named it; empty: it follows from the URL
  std::string function_arn = {};  ///< as the function was invoked: plain, by alias or by version
};

/// An event source mapping of the function on one queue.
struct MappingStatus {
  std::string id = {};
  std::string queue_arn = {};     ///< where its messages come from
  std::string function_arn = {};  ///< what it delivers to: plain, an alias or a version
  bool invoked = false;           ///< that is what was invoked
  bool enabled = false;           ///< Enabled, or on the way there
  bool in_transition = false;     ///< Creating, Enabling, Disabling, Updating, Deleting
  bool reports_failures =
      false;  ///< ReportBatchItemFailures is on: a listed message is not deleted
};

class WakeMapping {
 public:
  virtual ~WakeMapping() = default;
  /// The mappings, at least one, that deliver to this function, by whatever alias or version.
  /// Errors: NotFound, naming the ARNs that were asked for; Malformed for a function_arn that is
  ///         none.
  virtual Result<std::vector<MappingStatus>> find(const MappingQuestion& question,
                                                  Deadline deadline) = 0;
  /// All mappings that deliver to this function, by whatever alias or version, on whatever queue;
  /// none is no error.
  /// Errors: as find().
  virtual Result<std::vector<MappingStatus>> list(const std::string& function_arn,
                                                  Deadline deadline) = 0;
  /// Errors: Conflict while the mapping is in transition.
  virtual Result<void> set_enabled(const std::string& id, bool enabled, Deadline deadline) = 0;
};

class Ticks {
 public:
  virtual ~Ticks() = default;
  /// Sends one tick for each delay (whole seconds, up to 15 minutes).
  /// Errors: of the first that was refused; the others may have been sent.
  virtual Result<void> send(const std::string& queue_url, std::span<const Duration> delays,
                            Deadline deadline) = 0;
};

class ShardOrders {
 public:
  virtual ~ShardOrders() = default;
  /// Gives the orders to whoever takes them from the queue.
  /// Errors: of the first that was refused; the others may have been sent.
  virtual Result<void> send(const std::string& queue_url, std::span<const ShardOrder> orders,
                            Deadline deadline) = 0;
  /// From now on this process keeps within that part of the services' rates.
  virtual void share_rates(std::int64_t parts) = 0;
};

}  // namespace scaler
