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

/// The same names in two regions or accounts are two services; where ARNs, regions or roles tell
/// them apart, so do the labels.
std::string labels_of(const ServiceId& id) {
  std::string labels = fmt::format(R"(cluster="{}",service="{}")", escaped(plain_name(id.cluster)),
                                   escaped(plain_name(id.service)));
  if (const Result<ServiceAddress> address = address_of(id)) {
    for (const auto& [name, value] :
         {std::pair("region", &address->region), std::pair("account", &address->account)}) {
      labels += value->empty() ? "" : fmt::format(R"(,{}="{}")", name, *value);
    }
  }
  return labels;
}

void append_head(std::string& text, const Family& family) {
  text += fmt::format("# HELP {0}{1} {3}\n# TYPE {0}{1} {2}\n", kMetricPrefix, family.name,
                      family.type, family.help);
}

/// `labels` are those of one series, each with a comma behind it.
void append_histogram(std::string& text, std::string_view name, const std::string& labels,
                      const Histogram& histogram) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    count += histogram.counts()[i];
    const std::string bound = i < Histogram::kBounds.size()
                                  ? fmt::format("{}", in_seconds(Histogram::kBounds.at(i)))
                                  : "+Inf";
    text +=
        fmt::format("{}{}_bucket{{{}le=\"{}\"}} {}\n", kMetricPrefix, name, labels, bound, count);
  }
  const std::string own =
      labels.empty() ? "" : fmt::format("{{{}}}", labels.substr(0, labels.size() - 1));
  text += fmt::format("{0}{1}_sum{2} {3:.3f}\n{0}{1}_count{2} {4}\n", kMetricPrefix, name, own,
                      in_seconds(histogram.sum()), count);
}

}  // namespace

std::string gauge_text(std::string_view name, std::string_view help, double value) {
  std::string text;
  append_head(text, {name, "gauge", help});
  return text + fmt::format("{}{} {}\n", kMetricPrefix, name, value);
}

std::string build_info_text(std::string_view version, std::string_view commit) {
  std::string text;
  append_head(text, {"build_info", "gauge", "1, for the program that its labels name."});
  return text + fmt::format("{}build_info{{version=\"{}\",commit=\"{}\"}} 1\n", kMetricPrefix,
                            escaped(version), escaped(commit));
}

void PrometheusPage::add(std::span<const PassRecord> records, Duration took, Instant at) {
  passes_.add(took);
  last_pass_ = at;
  std::map<std::string, Service> known = std::move(services_);
  services_.clear();
  for (const PassRecord& record : records) {
    std::string labels = labels_of(record.id);
    auto node = known.extract(labels);
    Service& service =
        node ? services_.insert(std::move(node)).position->second : services_[std::move(labels)];
    if (record.looked && !record.failed()) {
      service.last_success = at;
    }
    for (std::size_t i = 0; record.looked && i < kMetricCount; ++i) {
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
  append_head(text, {"last_success_timestamp_seconds", "gauge",
                     "When a pass over the service last ended without an error."});
  for (const auto& [labels, service] : services_) {
    if (service.last_success) {
      text += fmt::format("ecs_scaler_last_success_timestamp_seconds{{{}}} {:.3f}\n", labels,
                          in_seconds(service.last_success->time_since_epoch()));
    }
  }
}

void PrometheusPage::append_problems(std::string& text) const {
  constexpr std::string_view kName = "settings_problem";
  append_head(text,
              {kName, "gauge", "1, for each service whose settings are wrong or cannot be read."});
  for (const SettingsProblem& problem : problems_) {
    const std::string_view cluster =
        std::string_view(problem.service).substr(0, problem.service.rfind('/'));
    const ServiceId id{.cluster = std::string(plain_name(cluster)), .service = problem.service};
    text += fmt::format("{}{}{{{}}} 1\n", kMetricPrefix, kName, labels_of(id));
  }
}

void PrometheusPage::append_calls(std::string& text) const {
  constexpr std::string_view kName = "aws_call_duration_seconds";
  append_head(text, {kName, "histogram", "Calls to AWS, each attempt, by what came of it."});
  for (const CallTimes& call : calls_) {
    append_histogram(text, kName,
                     fmt::format("service=\"{}\",operation=\"{}\",result=\"{}\",", call.service,
                                 call.operation, call.result),
                     call.took);
  }
}

std::string PrometheusPage::text() const {
  std::string text;
  append_services(text);
  append_problems(text);
  append_head(text, {"pass_duration_seconds", "histogram", "Passes over the whole fleet."});
  append_histogram(text, "pass_duration_seconds", "", passes_);
  append_calls(text);
  if (last_pass_) {
    append_head(text, {"last_pass_timestamp_seconds", "gauge", "When the last pass ended."});
    text += fmt::format("ecs_scaler_last_pass_timestamp_seconds {:.3f}\n",
                        in_seconds(last_pass_->time_since_epoch()));
  }
  if (reload_) {
    append_head(text, {"config_reload_success", "gauge",
                       "1 when the configuration was last read without an error, else 0."});
    text += fmt::format("ecs_scaler_config_reload_success {}\n", reload_->success ? 1 : 0);
    append_head(text, {"config_last_reload_success_timestamp_seconds", "gauge",
                       "When the configuration that is in force was read."});
    text += fmt::format("ecs_scaler_config_last_reload_success_timestamp_seconds {:.3f}\n",
                        in_seconds(reload_->last_success.time_since_epoch()));
  }
  return text;
}

}  // namespace scaler
