#pragma once
// Report: runs of a service under several policies, as one HTML page that needs nothing else: no
// network, no other file. Its charts zoom, its data stand in it as JSON. The input is plain data,
// so that simulations and journals feed it alike.

#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"
#include "lab/report/moments.h"

namespace scaler::report {

/// What one policy came to.
struct Figures {
  Duration waiting_p50 = Duration(0);
  Duration waiting_p95 = Duration(0);
  Duration waiting_p99 = Duration(0);
  Duration waiting_max = Duration(0);
  double share_within_objective = 1;  ///< of the messages, 0..1
  double task_hours = 0;
  std::optional<double> price = {};  ///< in the report's currency
  std::int64_t scaling_actions = 0;
  std::int64_t direction_changes = 0;
  std::int64_t tasks_peak = 0;
  std::int64_t killed_busy = 0;  ///< busy tasks that the scaler stopped
  std::int64_t lost = 0;         ///< messages; must be 0
};

struct Run {
  std::string name = {};  ///< short: legend and table
  std::string note = {};  ///< what it is, one sentence
  Figures figures = {};
  std::vector<Moment> moments = {};  ///< none: the run stands in table and plane only
};

struct Report {
  std::string title = {};
  std::string subtitle = {};            ///< trace, length, work, start
  std::vector<std::string> facts = {};  ///< assumptions and warnings, one sentence each
  Duration objective = std::chrono::minutes(1);
  std::string currency = "USD";
  std::vector<Run> runs = {};
};

/// The page, UTF-8. Any text may stand in the report: it is escaped.
std::string html(const Report& report);

}  // namespace scaler::report
