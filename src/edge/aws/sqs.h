#pragma once
// SQS: depths, settings, sending with delay, visibility. Never receives and never deletes a
// message.

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "edge/aws/client.h"
#include "scaler/core/observation.h"

namespace scaler::aws {

struct QueueSettings {
  std::string arn = {};
  Duration visibility_timeout = {};
  bool fifo = false;
  std::optional<std::int64_t> receives_max = {};  ///< of the redrive policy; nothing without one
  std::string dead_letter_arn = {};
  std::optional<QueueDepth> depth = {};  ///< at that moment; nothing when the reply lacks it
};

struct OutgoingMessage {
  std::string body = {};
  Duration delay = {};  ///< 0 to 15 minutes, whole seconds
};

struct VisibilityChange {
  std::string receipt_handle = {};
  Duration visibility = {};  ///< 0 to 12 hours, whole seconds
};

/// The call that reads one queue's three counts, and its reply taken apart. A count that is missing
/// or no number is Malformed, never zero. For batches that mix services.
ApiCall queue_depth_call(const std::string& queue_url);
Result<QueueDepth> read_queue_depth(const Result<ApiReply>& reply, const std::string& queue_url);

class Sqs {
 public:
  /// Of queues that are reached as that role; `region`: of those whose URL does not say it.
  explicit Sqs(Client& client, AccountRole role = {}, std::string region = {})
      : client_(&client), role_(std::move(role)), region_(std::move(region)) {}

  /// One result per queue, in order.
  std::vector<Result<QueueDepth>> depths(std::span<const std::string> queue_urls,
                                         Deadline deadline);
  Result<QueueSettings> settings(const std::string& queue_url, Deadline deadline);

  /// Shape: the message's id, or why this message was refused, for each; ten go in one request. A
  /// request whose fate is unclear is not repeated: no message goes twice.
  std::vector<Result<std::string>> send(const std::string& queue_url,
                                        std::span<const OutgoingMessage> messages,
                                        Deadline deadline);

  /// Shape: one result per change; ten go in one request.
  std::vector<Result<void>> change_visibility(const std::string& queue_url,
                                              std::span<const VisibilityChange> changes,
                                              Deadline deadline);

 private:
  ApiCall call(std::string operation, const std::string& queue_url, std::string body) const;

  Client* client_;
  AccountRole role_;
  std::string region_;
};

}  // namespace scaler::aws
