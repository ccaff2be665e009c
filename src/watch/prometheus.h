#pragma once
// PrometheusPage: pass records as Prometheus' text exposition. The names are those of the table
// in metrics.h; a gauge that a pass could not learn is left out, for an unknown count is no zero.

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "watch/metrics.h"

namespace scaler {

/// The Content-Type of text().
inline constexpr std::string_view kPrometheusType = "text/plain; version=0.0.4; charset=utf-8";

/// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
class PrometheusPage {
 public:
  /// Takes in one pass over the fleet, which ended at `at` after `took`.
  void add(std::span<const PassRecord> records, Duration took, Instant at);

  std::string text() const;

 private:
  struct Service {
    /// Gauges as of the last pass, counters since the start; indexed as all_metrics().
    std::array<std::optional<std::int64_t>, kMetricCount> values = {};
  };

  void append_services(std::string& text) const;

  std::map<std::string, Service> services_ = {};  ///< by their labels, as text
  std::int64_t passes_ = 0;
  Duration pass_time_ = Duration::zero();
  Instant last_pass_ = {};
};

}  // namespace scaler
