#pragma once
// Report: runs of a service under several policies, as one HTML page that needs nothing else: no
// network, no other file. What decides stands in it as text; a script, where there is one, adds
// charts of the data that stand in it as JSON. The input is plain data, so that simulations and
// journals feed it alike.

#include <cstddef>
#include <cstdint>
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
  std::optional<double> instance_hours = {};  ///< where instances are told
  std::optional<double> price = {};           ///< of tasks or instances, in the report's currency
  std::optional<double> month = {};  ///< likewise, a month at this pace, with the scaler's own cost
  double own_month = 0;              ///< the scaler's own part of it; 0: not known
  std::int64_t scaling_actions = 0;
  std::int64_t direction_changes = 0;
  std::int64_t tasks_peak = 0;
  std::int64_t killed_busy = 0;  ///< busy tasks that the scaler stopped
  std::int64_t lost = 0;         ///< messages; must be 0
};

struct ReportedRun {
  std::string name = {};  ///< short: legend and table
  std::string note = {};  ///< what it is, one sentence
  Figures figures = {};
  std::vector<Moment> moments = {};  ///< none: the run stands in table and plane only
  std::vector<Duration> waits = {};  ///< that so many hundredths of the messages do not exceed: 0..
  bool meets = false;                ///< the objective, and nothing was lost
};

/// Text to copy into one kind of deployment.
struct Block {
  std::string name = {};  ///< short: "Terraform"
  std::string note = {};  ///< where it goes, one sentence
  std::string text = {};
};

/// What is advised in place of what is in force.
struct Setting {
  std::string name = {};
  std::string advised = {};
  std::string present = {};
  std::string meaning = {};
};

struct AdviceSection {
  std::size_t advised = 0;  ///< which run
  std::size_t present = 0;  ///< likewise
  std::vector<Block> blocks = {};
  std::vector<std::string> reasons = {};
  std::vector<Setting> settings = {};
};

/// A part of the time that means something: "chosen here", "not seen before".
struct Part {
  std::string name = {};
  Instant from = {};
  Instant to = {};
};

/// A pass of a journal in which another policy would have done something else.
struct Difference {
  Instant at = {};
  std::int64_t seen = 0;     ///< tasks: the desired count before the pass
  std::int64_t really = 0;   ///< tasks: after the pass, as the journal has it
  std::int64_t would = 0;    ///< tasks: after it, by the other policy
  std::string because = {};  ///< the other policy's last step
};

struct Replay {
  std::string name = {};  ///< of the policy
  std::int64_t passes = 0;
  std::int64_t more = 0;   ///< passes in which it would have wanted more tasks
  std::int64_t fewer = 0;  ///< or fewer
  std::vector<Difference> differences = {};
};

struct Report {
  std::string title = {};
  std::string sentence = {};            ///< what to do and why, in one
  std::string subtitle = {};            ///< trace, length, work, start
  std::vector<std::string> facts = {};  ///< assumptions and warnings, one sentence each
  Duration objective = std::chrono::minutes(1);
  std::string currency = "USD";
  std::vector<ReportedRun> runs = {};
  std::optional<AdviceSection> advice = {};
  std::vector<Part> parts = {};
  std::vector<Replay> replays = {};
};

/// "$1,234", "$12.50", "12.50 EUR".
std::string money(double amount, const std::string& currency);

/// The page, UTF-8. Any text may stand in the report: it is escaped.
std::string html(const Report& report);

}  // namespace scaler::report
