#pragma once
// Rivals: other ways to scale the same service, in the same simulator, each with its own delays, so
// that a comparison is a measurement. What each does, and by which source, stands in its header.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "ground/base/clock.h"
#include "lab/sim/scaler.h"

namespace scaler::rivals {

/// What whoever sets up a rival must choose; the rest are its defaults.
struct RivalSettings {
  Instant begin = {};                 ///< of the simulation: their clocks start here
  std::int64_t backlog_per_task = 5;  ///< messages: what target tracking and steps aim at
  std::int64_t fixed_tasks = 1;       ///< tasks: the Python original's SCALE_UP_TARGET
  std::int64_t tasks_max = 100;
};

struct Rival {
  std::string_view name;      ///< in flags: "target-tracking"
  std::string_view title;     ///< for people
  std::string_view sentence;  ///< what it does, with its delays
  std::unique_ptr<sim::Scaler> (*make)(const RivalSettings& settings);
};

std::span<const Rival> all();
/// nullptr when there is none of that name.
const Rival* find(std::string_view name);

}  // namespace scaler::rivals
