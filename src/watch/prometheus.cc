#include "watch/prometheus.h"

#include <string_view>

#include <fmt/core.h>

#include "scaler/core/names.h"

namespace scaler {
namespace {

struct Family {
  std::string_view name;  ///< after "ecs_scaler_"
  std::string_view type;
  std::string_view help;
};

/// In a label's value only these three are special.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c == '\\' || c == '"' ? std::string{'\\', c} : std::string(1, c);
    }
  }
  return out;
}

/// The same names in two regions or accounts are two services; where ARNs tell them apart, so do
/// the labels.
std::string labels_of(const PassRecord& record) {
  const ServiceId& id = record.id;
  std::string labels = fmt::format(R"(cluster="{}",service="{}")", escaped(plain_name(id.cluster)),
                                   escaped(plain_name(id.service)));
  const Result<ServiceAddress> address = parse_service(id.cluster, id.service);
  if (address && !address->region.empty()) {
    labels += fmt::format(R"(,region="{}",account="{}")", address->region, address->account);
  }
  return labels;
}

void append_head(std::string& text, const Family& family) {
  text += fmt::format("# HELP ecs_scaler_{0} {2}\n# TYPE ecs_scaler_{0} {1}\n", family.name,
                      family.type, family.help);
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

void PrometheusPage::add(std::span<const PassRecord> records, Duration took, Instant at) {
  ++passes_;
  pass_time_ += took;
  last_pass_ = at;
  for (const PassRecord& record : records) {
    Service& service = services_[labels_of(record)];
    for (std::size_t i = 0; i < kMetricCount; ++i) {
      const Metric metric = all_metrics()[i];
      const std::optional<std::int64_t> value = metric_value(metric, record, took);
      const bool counts = row_of(metric).type == "counter";
      service.values.at(i) = counts ? service.values.at(i).value_or(0) + value.value_or(0) : value;
    }
  }
}

void PrometheusPage::append_services(std::string& text) const {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const MetricRow& row = row_of(all_metrics()[i]);
    if (row.family.empty()) {
      continue;
    }
    append_head(text, {row.family, row.type, row.help});
    for (const auto& [labels, service] : services_) {
      if (const auto value = service.values.at(i)) {
        text += fmt::format("ecs_scaler_{}{{{}}} {}\n", row.family, labels, *value);
      }
    }
  }
}

std::string PrometheusPage::text() const {
  std::string text;
  append_services(text);
  append_head(text, {"pass_duration_seconds", "summary", "Passes over the whole fleet."});
  text += fmt::format("ecs_scaler_pass_duration_seconds_sum {:.3f}\n", seconds(pass_time_));
  text += fmt::format("ecs_scaler_pass_duration_seconds_count {}\n", passes_);
  if (passes_ > 0) {
    append_head(text, {"last_pass_timestamp_seconds", "gauge", "When the last pass ended."});
    text += fmt::format("ecs_scaler_last_pass_timestamp_seconds {:.3f}\n",
                        seconds(last_pass_.time_since_epoch()));
  }
  return text;
}

}  // namespace scaler
