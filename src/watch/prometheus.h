#pragma once
// PrometheusPage: pass records as Prometheus' text exposition. The names are those of the table
// in metrics.h; a gauge that a pass could not learn is left out, for an unknown count is no zero.
// What changes without a pass (the process, how old readings are) is not of it.

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "ground/base/histogram.h"
#include "watch/fleet_status.h"
#include "watch/metrics.h"
#include "watch/reload_status.h"

namespace scaler {

/// The Content-Type of text().
inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

/// How long calls of one kind took.
struct CallTimes {
  std::string service = {};    ///< "ecs"
  std::string operation = {};  ///< "DescribeServices"
  std::string result = {};     ///< "ok", "throttled", ...
  Histogram took = {};
};

/// What every series of the program's own begins with.
inline constexpr std::string_view kMetricPrefix = "ecs_scaler_";
/// A gauge without labels, of what is known at the moment.
std::string gauge_text(std::string_view name, std::string_view help, double value);
/// ecs_scaler_build_info.
std::string build_info_text(std::string_view version, std::string_view commit);

/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
class PrometheusPage {
 public:
  /// Takes in one pass over the fleet, which ended at `at` after `took`. A service that is not
  /// among the records has left the fleet, and the page.
  void add(std::span<const PassRecord> records, Duration took, Instant at);

  void add(const ReloadStatus& reload) { reload_ = reload; }
  /// All services whose settings are wrong now.
  void set(std::vector<SettingsProblem> problems) { problems_ = std::move(problems); }
  /// All calls so far.
  void set(std::vector<CallTimes> calls) { calls_ = std::move(calls); }

  std::string text() const;

 private:
  struct Service {
    /// Gauges as of the last pass, counters since the start; indexed as all_metrics().
    std::array<std::optional<std::int64_t>, kMetricCount> values = {};
    std::optional<Instant> last_success = {};
  };

  void append_services(std::string& text) const;
  void append_problems(std::string& text) const;
  void append_calls(std::string& text) const;

  std::map<std::string, Service> services_ = {};  ///< by their labels, as text
  Histogram passes_ = {};
  std::optional<Instant> last_pass_ = {};
  std::vector<CallTimes> calls_ = {};
  std::vector<SettingsProblem> problems_ = {};
  std::optional<ReloadStatus> reload_ = {};  ///< nothing: there is nothing to read again
};

}  // namespace scaler
