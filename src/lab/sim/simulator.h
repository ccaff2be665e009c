#pragma once
// The simulator: a scenario and a seed to a score, in virtual time. Deterministic: the same
// scenario, seed and scaler give the same run, byte for byte. It reads no clock, opens nothing and
// starts no thread; several may run side by side.

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"
#include "lab/sim/scaler.h"
#include "lab/sim/scenario.h"
#include "lab/sim/score.h"
#include "scaler/core/instances.h"
#include "scaler/invocation/invocation.h"

namespace scaler::sim {

/// The state at one moment, and what happened since the sample before.
struct Sample {
  Instant at = {};
  QueueDepth depth = {};  ///< exact
  std::int64_t desired = 0;
  std::int64_t running = 0;
  std::int64_t pending = 0;
  std::int64_t working = 0;  ///< running tasks that work on a message
  std::int64_t sent = 0;
  std::int64_t processed = 0;
  Duration waiting_max = Duration(0);  ///< of those whose work finished; 0 without any
  double waiting_mean = 0;             ///< milliseconds
};

/// One change of the desired count by the scaler.
struct Change {
  Instant at = {};
  std::int64_t before = 0;
  std::int64_t after = 0;
  std::optional<QueueDepth> told = {};  ///< by the last look at the queue; nothing: it failed, or
                                        ///< there was none
  bool meant_out = false;               ///< by the look that it follows from
  bool meant_in = false;                ///< likewise
  Duration stood = {};                  ///< how long the count before had stood when it left
  KilledScore killed = {};              ///< works that this very change cut short
};

/// What the scaler made of the group's instances.
struct InstanceChange {
  Instant at = {};
  Instant left = {};  ///< when the call was sent
  InstanceAction::Kind kind = InstanceAction::Kind::Mark;
  std::int64_t before = 0;  ///< the group's desired capacity
  std::int64_t after = 0;
  std::int64_t tasks = 0;  ///< that had not stopped, on the instance that ends
};

/// Who wants to watch; each may be empty.
struct Hooks {
  std::function<void(const PassRecord&, Trigger)> on_pass = {};  ///< only of the program's own
  std::function<void(const Sample&)> on_sample = {};
  std::function<void(const Change&)> on_change = {};
  std::function<void(const InstanceChange&)> on_instance_change = {};
  Duration sample_every = std::chrono::minutes(1);
};

struct Run {
  Score score = {};
  QueueDepth depth = {};  ///< at the end
  std::int64_t desired = 0;
  std::int64_t running = 0;
  std::int64_t instances = 0;  ///< of the group, those that nobody ends yet
  /// Of these, those without a task that take some: not silent, and not drained by somebody else.
  std::int64_t idle = 0;
  std::int64_t passes_left_out = 0;  ///< counted in the score, and not simulated: see rest.h
};

/// Runs the scenario under this program's own passes.
/// Errors: Malformed for a policy that Policy::create refuses.
Result<Run> simulate(const Scenario& scenario, std::uint64_t seed, const Hooks& hooks = {},
                     const RunPass& pass = run_pass);

/// Runs the scenario under another scaler; `policy` and `triggers` of the scenario have no effect.
/// The arrivals, and how long each job works, are those of the same seed under any scaler.
Run simulate(const Scenario& scenario, std::uint64_t seed, Scaler& scaler, const Hooks& hooks = {});

/// One line that tells all of a pass: what the simulation's journal consists of.
std::string journal_line(const PassRecord& record, Trigger trigger);

}  // namespace scaler::sim
