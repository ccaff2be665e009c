#pragma once
// The deployed scaler as `verify` sees it from outside: a queue to send to, a service to look at, a
// function to call. Ports are blocking and bound their own calls; AWS and the tests implement them.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/json/value.h"
#include "scaler/core/observation.h"

namespace scaler::verify {

/// Queue and service at one moment; of several queues their sum.
struct Sight {
  QueueDepth queue = {};
  std::int64_t desired = 0;
  std::int64_t running = 0;
  /// The service's own tag says that nothing is to be changed until then.
  std::optional<Instant> paused_until = {};

  bool drained() const { return queue == QueueDepth{}; }
  bool asleep() const { return desired == 0 && running == 0; }
};

/// "3 visible, 0 in flight, 0 delayed; desired 2, running 1"
std::string describe(const Sight& sight);

/// What the function answered, or how it failed.
struct FunctionAnswer {
  bool failed = false;
  json::Value payload = {};
};

/// The function's event source mappings on the job queue: one switch, by whatever alias they
/// deliver.
struct MappingSight {
  bool exists = false;
  bool enabled = false;           ///< and nowhere on the way
  bool reports_failures = false;  ///< ReportBatchItemFailures
};

/// What the function's configuration says that it does. The URLs are empty for what it does not.
struct ScalerUnderTest {
  std::string queue_url = {};  ///< the first of its job queues
  std::vector<std::string> other_queue_urls = {};
  std::string queue_arn = {};
  std::string cluster = {};
  std::string service = {};
  std::string function = {};  ///< empty: not known, so it is not called
  std::string function_arn = {};
  bool wake = false;
  std::string tick_queue_url = {};
  std::string doorbell_queue_url = {};
  /// What the policy wants for one message on the first queue.
  std::optional<std::int64_t> tasks_for_one = {};
  /// Among several services: how people tell it from the others.
  std::string name = {};
  /// Where it is, of one of several, as far as that is known.
  std::string region = {};
  std::string account = {};
};

class Target {
 public:
  virtual ~Target() = default;
  virtual Result<Sight> look() = 0;
  virtual Result<QueueDepth> depth(const std::string& queue_url) = 0;
  /// Messages in the job queues' dead-letter queues; nothing when there are none.
  virtual Result<std::optional<std::int64_t>> dead_letters() = 0;
  virtual Result<void> send(const std::string& queue_url, std::span<const std::string> bodies) = 0;
  virtual Result<FunctionAnswer> invoke(const std::string& payload) = 0;
  virtual Result<MappingSight> wake_mapping() = 0;
};

}  // namespace scaler::verify
