#pragma once
// The outside world as one pass sees it. Ports are blocking and take batches: one result per item,
// in order. AWS, the simulator and the tests implement them; the pass knows none of these.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "core/observation.h"

namespace scaler {

struct ServiceId {
  std::string cluster = {};  ///< name or ARN
  std::string service = {};  ///< name or ARN
  bool operator==(const ServiceId&) const = default;
};

/// What one read of a service brings.
struct ServiceReading {
  ServiceObservation service = {};
  std::string arn = {};
  std::string saved_state =
      {};  ///< the text that the state store keeps with the service; may be empty
  /// Why the protected tasks could not be counted; then all count as protected.
  std::optional<Error> protection_error = {};
};

struct ReadRequest {
  std::vector<std::string> queue_urls = {};
  std::vector<ServiceId> services = {};
  std::vector<std::size_t> protection_of = {};  ///< of these services also the protected tasks
};

struct ReadResponse {
  std::vector<Result<QueueDepth>> queues = {};        ///< one per queue, in order
  std::vector<Result<ServiceReading>> services = {};  ///< one per service, in order
};

class CloudReader {
 public:
  virtual ~CloudReader() = default;
  /// Depths of the queues and counts of the services, read at the same time.
  /// Errors: Throttled, Unavailable, Unauthorized, Rejected for any item; NotFound for one item;
  ///         Malformed for a reply that lacks a count (a missing count is never a zero).
  virtual ReadResponse read(const ReadRequest& request, Deadline deadline) = 0;
};

struct DesiredCount {
  ServiceId service = {};
  std::int64_t desired = 0;
};

class ServiceScaler {
 public:
  virtual ~ServiceScaler() = default;
  /// Sets desired counts. Idempotent, and yet never repeated after a pause: a count is right at the
  /// moment of the look that it follows from only.
  virtual std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                                Deadline deadline) = 0;
};

struct SavedState {
  std::string service_arn = {};
  std::string text = {};  ///< an empty text removes what is kept
};

class StateWriter {
 public:
  virtual ~StateWriter() = default;
  /// Keeps each text with its service, so that a later read brings it back as `saved_state`.
  virtual std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) = 0;
};

}  // namespace scaler
