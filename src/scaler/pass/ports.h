#pragma once
// The outside world as one pass sees it. Ports are blocking and take batches: one result per item,
// in order. AWS, the simulator and the tests implement them; the pass knows none of these.

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "scaler/core/names.h"
#include "scaler/core/observation.h"

namespace scaler {

/// The tag that keeps a service's state between passes.
inline constexpr std::string_view kStateTag = "ecs-scaler:state";
/// The tag that holds the instant until which nothing of the service is changed.
inline constexpr std::string_view kPauseTag = "ecs-scaler:pause";

struct ServiceId {
  std::string cluster = {};  ///< name or ARN
  std::string service = {};  ///< name or ARN
  std::string region = {};   ///< where neither of the two says it; empty: the default one
  AccountRole role = {};     ///< by which service and queues are reached
  bool operator==(const ServiceId&) const = default;
};
/// As an ARN of it says, else as its own region; empty: the default one.
std::string_view region_of(const ServiceId& id);
/// What its names, its region and its role tell of where it is.
/// Errors: as parse_service().
Result<ServiceAddress> address_of(const ServiceId& id);

/// "cluster/service", and where it is as far as address_of() knows: for people.
std::string described(const ServiceId& id);

/// Where services are reached, and as whom. Credentials, rates and patience are a place's own: no
/// place decides for another.
struct Place {
  std::string_view region = {};  ///< empty: the default one
  std::string_view role = {};    ///< its ARN; empty: the program's own identity
  std::string_view external_id = {};
  auto operator<=>(const Place&) const = default;
};
/// A view of the id.
Place place_of(const ServiceId& id);

/// What a service's tasks run on, and what decides how much room they take.
struct RunsOn {
  std::vector<std::string> providers = {};         ///< capacity providers of its strategy
  std::string launch_type = {};                    ///< "EC2", "FARGATE", ..; empty with a strategy
  std::vector<std::string> task_definitions = {};  ///< of the deployments that live, each once
  std::int64_t maximum_percent = 200;              ///< of the deployment configuration
};

/// What one read of a service brings.
struct ServiceReading {
  ServiceObservation service = {};
  std::string arn = {};
  RunsOn runs_on = {};
  std::string saved_state =
      {};  ///< the text that the state store keeps with the service; may be empty
  /// Why the protected tasks could not be counted; then all count as protected.
  std::optional<Error> protection_error = {};
  std::string pause_complaint = {};  ///< why the pause has no end; empty when nothing is wrong
};

/// The end of a pause whose own text names none.
inline constexpr Instant kPausedForGood{
    std::chrono::sys_days(std::chrono::year(9999) / std::chrono::December / 31)};

/// What one look at a service is to bring: its counts, and the depths of its queues.
struct LookRequest {
  ServiceId service = {};
  std::vector<std::string> queue_urls = {};  ///< none: the service alone
  bool protection = false;                   ///< its protected tasks are to be counted, too
  bool queues_alone = false;  ///< the service is not asked: its part of the look tells nothing
  bool urgent = false;  ///< asked now, also when it was refused a moment ago and waits to be asked
};

/// What one look brought. An error is a value of its own for each part.
struct Look {
  Result<ServiceReading> service = {};
  std::vector<Result<QueueDepth>> queues = {};  ///< one per queue, in order
  /// When the first of this look's own calls left, by the clock's steady time. Nothing that it
  /// tells is older.
  Deadline asked = {};
  /// Some part had not come when the reader returned; its error says so. It is still asked for, and
  /// a later look brings it.
  bool under_way = false;
};

/// Who is waited for.
enum class Patience {
  AllButSlow,  ///< until all are there but those that take much longer than the others
  All,         ///< until the deadline
};

class CloudReader {
 public:
  virtual ~CloudReader() = default;
  /// One look per request, in order; queues and services are read at the same time. No member of
  /// the batch harms another: what is refused, slow or gone is so for itself alone.
  /// Errors: Throttled, Unavailable, Unauthorized, Denied, Rejected for any part; NotFound for a
  ///         queue or service that does not exist; Malformed for a reply that lacks a count (a
  ///         missing count is never a zero).
  virtual std::vector<Look> look(std::span<const LookRequest> requests, Patience patience,
                                 Deadline deadline) = 0;
  /// How many services of this one's place can be looked at within the next second under its rates;
  /// at least 1.
  virtual std::size_t looks_allowed(const ServiceId& /*like*/) {
    return std::numeric_limits<std::size_t>::max();
  }
  /// The fastest round trip of late to where this one and its queues are, the farthest of them;
  /// zero while none is known.
  virtual Duration round_trip(const LookRequest& /*like*/) { return Duration::zero(); }
};

struct DesiredCount {
  ServiceId service = {};
  std::int64_t desired = 0;
  /// What it follows from is too old after this moment (steady time): then it is not sent.
  Deadline leave_by = Deadline::max();
};

class ServiceScaler {
 public:
  virtual ~ServiceScaler() = default;
  /// Sets desired counts. Idempotent, and yet never repeated after a pause: a count is right at the
  /// moment of the look that it follows from only.
  /// Errors: Overdue for one that could not leave in time; TooMany for a count that the service
  ///         does not accept; Denied, Throttled, Unavailable and the others as they are.
  virtual std::vector<Result<void>> set_desired(std::span<const DesiredCount> changes,
                                                Deadline deadline) = 0;
  /// How many changes can be made at once, now, in the place of this service under its rates.
  virtual std::size_t changes_allowed(const ServiceId& /*like*/) {
    return std::numeric_limits<std::size_t>::max();
  }
};

struct SavedState {
  std::string service_arn = {};
  std::string text = {};  ///< an empty text removes what is kept
  std::string_view tag = kStateTag;
  AccountRole role = {};  ///< by which the service is reached
};

class StateWriter {
 public:
  virtual ~StateWriter() = default;
  /// Keeps each text with its service, so that a later read brings it back as `saved_state`.
  virtual std::vector<Result<void>> save(std::span<const SavedState> states, Deadline deadline) = 0;
  /// How many texts can be saved at once, now, in the place of this service under its rates.
  virtual std::size_t saves_allowed(const ServiceId& /*like*/) {
    return std::numeric_limits<std::size_t>::max();
  }
};

/// look() for one service.
Look look_at(CloudReader& reader, const LookRequest& request, Deadline deadline);

}  // namespace scaler
