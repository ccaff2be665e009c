#pragma once
// What the demo saw, as numbers and as text: the timeline's lines while it runs and the table at
// its end.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/result.h"
#include "ground/json/reader.h"

namespace scaler::cli {

/// The emulator's counts at one moment.
struct DemoStatus {
  std::int64_t visible = 0;
  std::int64_t in_flight = 0;
  std::int64_t delayed = 0;
  std::int64_t desired = 0;
  std::int64_t running = 0;
  std::int64_t sent = 0;
  std::int64_t processed = 0;
  std::int64_t dead_lettered = 0;
  std::int64_t lost = 0;
  std::int64_t killed_while_working = 0;
  std::int64_t tasks_peak = 0;
  std::int64_t scaler_calls = 0;  ///< API calls that the function made
  std::int64_t invocations = 0;
  std::int64_t errors = 0;
  bool wake_enabled = false;  ///< the event source mapping on the job queue
  bool operator==(const DemoStatus&) const = default;

  bool drained() const { return visible == 0 && in_flight == 0 && delayed == 0; }
  bool asleep() const { return desired == 0 && running == 0; }
};

/// Reads /_emulator/status. Errors: Malformed.
Result<DemoStatus> read_demo_status(const json::Reader& root, const std::string& queue);

/// When the things happened that one burst sets off.
struct DemoCycle {
  std::int64_t messages = 0;
  Instant sent = {};
  std::optional<Instant> scaled_out = {};    ///< the service left zero
  std::optional<Instant> task_running = {};  ///< the first task
  std::optional<Instant> drained = {};
  std::optional<Instant> asleep = {};  ///< the service was set to zero
  bool complete() const { return scaled_out && task_running && drained && asleep; }
};

/// One line of the timeline.
std::string timeline_line(Duration since_start, const DemoStatus& status, const std::string& note);

/// The table at the end.
std::string demo_table(const std::vector<DemoCycle>& cycles, const DemoStatus& status);

}  // namespace scaler::cli
