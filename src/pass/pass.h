#pragma once
// One scaling pass: observe, decide, apply, remember, for every service of a fleet. Lambda,
// controller, command line and simulator all call run_pass(); it is the only caller of decide() in
// production.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/decide.h"
#include "pass/ports.h"
#include "state/memory.h"

namespace scaler {

/// One of a service's job queues; its messages count so many times.
struct JobQueue {
  std::string url = {};
  Millionths weight = {Millionths::kOne};
};

struct ManagedService {
  ServiceId id = {};
  std::vector<JobQueue> queues = {};
  Policy policy;
  Memory memory = {};
};

struct Ports {
  CloudReader& reader;
  ServiceScaler& scaler;
  StateWriter* states = nullptr;  ///< nullptr: the state lives in this process only
  Clock& clock;
};

/// With Nothing a pass looks and decides, and neither changes nor remembers anything: a dry run.
enum class Permission { Everything, ScaleOutOnly, Nothing };

struct PassOptions {
  Permission permission = Permission::Everything;
  Deadline deadline = Deadline::max();
};

/// What one pass saw and did for one service.
struct PassRecord {
  ServiceId id = {};
  Instant at = {};
  Result<ServiceReading> reading = {};          ///< an error: there is no decision
  std::vector<Result<QueueDepth>> queues = {};  ///< one per queue, in order
  std::optional<Decision> decision = {};
  Outcome outcome = Outcome::Held;
  std::vector<std::string> errors = {};  ///< all that failed, for people; empty when all is well
  std::string complaint = {};            ///< a saved state that could not be used, and why
  ServiceState state = {};               ///< after the pass
  bool failed() const { return !errors.empty(); }
};

/// One record per service, in order. Scale-in looks at queue and service once more just before it
/// acts, and gives up when the second look does not confirm it. A scale-out that failed for the
/// moment is decided anew before it is tried again.
std::vector<PassRecord> run_pass(std::span<ManagedService> fleet, const Ports& ports,
                                 const PassOptions& options);

}  // namespace scaler
