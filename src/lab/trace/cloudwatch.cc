// What `aws cloudwatch get-metric-data --output json` prints.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/json/reader.h"
#include "lab/trace/formats.h"
#include "lab/trace/intervals.h"

namespace scaler::trace {
namespace {

constexpr std::string_view kMetric = "NumberOfMessagesSent";

/// The end of the JSON document that begins at the text's front; 0 when it does not end.
std::size_t document_end(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text.at(i);
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

struct Metric {
  std::string label = {};
  std::vector<Row> rows = {};
};
using Metrics = std::map<std::string, Metric>;

Result<double> read_value(const json::Reader& value) {
  const double number = TRY(value.number());
  if (!std::isfinite(number) || number < 0 || number > kMessagesPerInterval) {
    return fail(ErrorKind::Malformed, fmt::format("{}: {} is not a number of messages (0 to {:g})",
                                                  value.path(), number, kMessagesPerInterval));
  }
  return number;
}

Result<void> read_result(const json::Reader& result, Metrics& metrics) {
  const json::Reader id_field = TRY(result.field("Id"));
  Metric& metric = metrics[TRY(id_field.string())];
  if (const auto label = result.optional_field("Label")) {
    metric.label = TRY(label->string());
  }
  const json::Reader timestamps_field = TRY(result.field("Timestamps"));
  const auto timestamps = TRY(timestamps_field.items());
  const json::Reader values_field = TRY(result.field("Values"));
  const auto values = TRY(values_field.items());
  if (timestamps.size() != values.size()) {
    return fail(ErrorKind::Malformed, fmt::format("{}: {} timestamps, but {} values", result.path(),
                                                  timestamps.size(), values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string at = TRY(timestamps.at(i).string());
    const Result<Instant> instant = parse_timestamp(at);
    if (!instant) {
      return fail(instant.error(), timestamps.at(i).path());
    }
    const auto messages = TRY(read_value(values.at(i)));
    metric.rows.push_back({.at = *instant, .messages = messages});
  }
  return {};
}

Result<void> read_page(const json::Reader& page, Metrics& metrics) {
  if (std::holds_alternative<json::Array>(page.value().data())) {
    for (const json::Reader& inner : TRY(page.items())) {
      TRY(read_page(inner, metrics));
    }
    return {};
  }
  const json::Reader results = TRY(page.field("MetricDataResults"));
  for (const json::Reader& result : TRY(results.items())) {
    TRY(read_result(result, metrics));
  }
  return {};
}

Result<Metrics> read_pages(std::string_view text) {
  Metrics metrics;
  for (int page = 1; !trimmed(text).empty(); ++page) {
    text = trimmed(text);
    const std::size_t end = document_end(text);
    const auto value = json::parse(text.substr(0, end == 0 ? text.size() : end));
    if (!value) {
      return fail(value.error(), fmt::format("page {}", page));
    }
    TRY(read_page(json::Reader(*value, fmt::format("page {}", page)), metrics));
    text.remove_prefix(end == 0 ? text.size() : end);
  }
  return metrics;
}

/// The metric that counts what was sent.
Result<Metric*> choose(Metrics& metrics) {
  std::vector<Metric*> named;
  std::string all;
  for (auto& [id, metric] : metrics) {
    if (metric.label.find(kMetric) != std::string::npos) {
      named.push_back(&metric);
    }
    all += fmt::format("{}{} '{}'", all.empty() ? "" : ", ", id, metric.label);
  }
  if (named.size() == 1) {
    return named.front();
  }
  if (metrics.size() == 1) {
    return &metrics.begin()->second;
  }
  return fail(ErrorKind::Malformed,
              fmt::format("of the metrics {} exactly one must be labelled {}",
                          all.empty() ? "(there is none)" : shortened(all, 1000), kMetric));
}

}  // namespace

Result<Trace> read_cloudwatch(std::string_view text) {
  Metrics metrics = TRY(read_pages(text));
  Metric* const metric = TRY(choose(metrics));
  if (metric->rows.empty()) {
    return fail(ErrorKind::Malformed,
                "the metric has no values: ask for the statistic Sum over a "
                "time in which messages were sent");
  }
  Trace trace{.format = Format::CloudWatch};
  // Newest first is CloudWatch's own order, and no reason for a remark.
  std::ranges::stable_sort(metric->rows, {}, &Row::at);
  fill_intervals(trace, std::move(metric->rows));
  return trace;
}

}  // namespace scaler::trace
