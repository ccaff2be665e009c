// What `aws cloudwatch get-metric-data` and `get-metric-statistics` print with --output json.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/documents.h"
#include "lab/trace/formats.h"
#include "lab/trace/intervals.h"
#include "lab/trace/names.h"
#include "lab/trace/numbers.h"

namespace scaler::trace {
namespace {

struct Metric {
  std::string label = {};
  std::vector<Row> rows = {};
  bool complete = false;  ///< some page said that it was the last one, or none says anything
  std::string status = "Complete";  ///< the last other one
};

struct Answers {
  std::map<std::string, Metric> metrics = {};  ///< by id
  std::size_t pages = 0;
  std::size_t with_next = 0;  ///< pages that say that another one follows
  std::vector<std::string> messages = {};
};

Result<double> read_value(const json::Reader& value) {
  const double number = TRY(value.number());
  Result<double> messages = check_messages(number, fmt::format("{}", number));
  return messages ? messages : fail(std::move(messages).error(), value.path());
}

Result<std::string> text_of(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->string() : Result<std::string>("");
}

Result<void> read_messages(const json::Reader& object, Answers& answers) {
  const auto list = object.optional_field("Messages");
  if (!list) {
    return {};
  }
  for (const json::Reader& message : TRY(list->items())) {
    const std::string code = TRY(text_of(message, "Code"));
    const std::string value = TRY(text_of(message, "Value"));
    answers.messages.push_back(shortened(code + ": " + value));
  }
  return {};
}

Result<void> read_result(const json::Reader& result, Answers& answers) {
  const json::Reader id_field = TRY(result.field("Id"));
  Metric& metric = answers.metrics[TRY(id_field.string())];
  metric.label = TRY(text_of(result, "Label"));
  const std::string status = TRY(text_of(result, "StatusCode"));
  metric.complete = metric.complete || status.empty() || status == "Complete";
  metric.status = status.empty() || status == "Complete" ? metric.status : status;
  TRY(read_messages(result, answers));
  const json::Reader timestamps_field = TRY(result.field("Timestamps"));
  const auto timestamps = TRY(timestamps_field.items());
  const json::Reader values_field = TRY(result.field("Values"));
  const auto values = TRY(values_field.items());
  if (timestamps.size() != values.size()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: {} timestamps, but {} values: print the answer again",
                            result.path(), timestamps.size(), values.size()));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Instant at = TRY(read_moment(timestamps.at(i)));
    const double messages = TRY(read_value(values.at(i)));
    metric.rows.push_back({.at = at, .messages = messages});
  }
  return {};
}

/// The statistic that can be a number of messages.
Result<json::Reader> sum_of(const json::Reader& point) {
  if (const auto sum = point.optional_field("Sum")) {
    return *sum;
  }
  constexpr std::array<std::string_view, 4> kOthers{"Average", "Maximum", "Minimum", "SampleCount"};
  for (const std::string_view other : kOthers) {
    if (point.optional_field(other)) {
      return fail(ErrorKind::Malformed,
                  fmt::format("{} has {}, but no Sum: ask for it with --statistics Sum",
                              point.path(), other));
    }
  }
  return point.field("Sum");
}

/// One answer of get-metric-statistics. Its datapoints come in no order.
Result<void> read_statistics(const json::Reader& page, Answers& answers) {
  const std::string label = TRY(text_of(page, "Label"));
  Metric& metric = answers.metrics[label];
  metric.label = label;
  metric.complete = true;
  const json::Reader points = TRY(page.field("Datapoints"));
  for (const json::Reader& point : TRY(points.items())) {
    const json::Reader timestamp = TRY(point.field("Timestamp"));
    const json::Reader sum = TRY(sum_of(point));
    const Instant at = TRY(read_moment(timestamp));
    const double messages = TRY(read_value(sum));
    metric.rows.push_back({.at = at, .messages = messages});
  }
  return {};
}

Result<void> read_page(const json::Reader& page, Answers& answers) {
  if (page.optional_field("Datapoints")) {
    return read_statistics(page, answers);
  }
  const json::Reader results = TRY(page.field("MetricDataResults"));
  ++answers.pages;
  answers.with_next += page.optional_field("NextToken") ? std::size_t{1} : 0;
  TRY(read_messages(page, answers));
  for (const json::Reader& result : TRY(results.items())) {
    TRY(read_result(result, answers));
  }
  return {};
}

/// The metric that counts what was sent.
Result<Metric*> choose_metric(Answers& answers, const ReadOptions& options, Trace& trace) {
  std::vector<std::string> names;
  std::vector<std::string> ids;
  std::vector<Metric*> metrics;
  for (auto& [id, metric] : answers.metrics) {
    names.push_back(metric.label.empty() || options.column == id ? id : metric.label);
    ids.push_back(id);
    metrics.push_back(&metric);
  }
  if (metrics.empty()) {
    return fail(ErrorKind::Malformed,
                "the answer holds no metric: ask for NumberOfMessagesSent of the queue");
  }
  const Chosen chosen =
      TRY(choose(names, options.column, "metric", " LABEL or ID, or ask for it alone", ids));
  if (!chosen.remark.empty()) {
    trace.remarks.push_back(chosen.remark);
  }
  return metrics.at(chosen.index);
}

Result<void> check_rows(const Metric& metric) {
  if (!metric.rows.empty()) {
    return {};
  }
  if (metric.status == "Forbidden") {
    return fail(ErrorKind::Malformed,
                fmt::format("CloudWatch says Forbidden of '{}': ask with credentials that may "
                            "cloudwatch:GetMetricData",
                            shortened(metric.label)));
  }
  return fail(ErrorKind::Malformed,
              fmt::format("'{}' has no values{}: ask for the statistic Sum, in the queue's region "
                          "and account, over a time in which messages were sent",
                          shortened(metric.label),
                          metric.complete ? "" : ", and CloudWatch says " + metric.status));
}

/// An answer that is not whole is used, because it may be all that there is; but it is told.
void tell_what_is_missing(const Answers& answers, const Metric& metric, Trace& trace) {
  if (answers.pages > 0 && answers.with_next == answers.pages) {
    trace.remarks.emplace_back(
        "the answer is not whole: it has a NextToken, so a page follows that is not here (the AWS "
        "CLI fetches all of them without --max-items and --no-paginate)");
  } else if (!metric.complete) {
    trace.remarks.push_back(
        fmt::format("the answer is not whole: CloudWatch says {}, and no page says Complete; fetch "
                    "it again",
                    shortened(metric.status)));
  }
  for (const std::string& message : answers.messages) {
    trace.remarks.push_back("CloudWatch says " + message);
  }
  const bool fractions = std::ranges::any_of(
      metric.rows, [](const Row& row) { return row.messages != std::floor(row.messages); });
  if (fractions) {
    trace.remarks.emplace_back(
        "some values are no whole numbers, so they are no Sum: ask for that statistic");
  }
}

}  // namespace

Result<Trace> read_cloudwatch(std::string_view text, const ReadOptions& options) {
  const std::vector<json::Value> documents = TRY(parse_documents(text));
  Answers answers;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    TRY(read_page(json::Reader(documents.at(i), fmt::format("document {}", i + 1)), answers));
  }
  Trace trace{.format = Format::CloudWatch};
  Metric* const metric = TRY(choose_metric(answers, options, trace));
  TRY(check_rows(*metric));
  tell_what_is_missing(answers, *metric, trace);
  // Newest first is CloudWatch's own order, and no reason for a remark.
  std::ranges::stable_sort(metric->rows, {}, &Row::at);
  fill_intervals(trace, {.rows = std::move(metric->rows), .missing = Missing::CloudWatch});
  return trace;
}

}  // namespace scaler::trace
