#include "edge/aws/queue_history.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::aws {
namespace {

using namespace std::chrono_literals;

/// The latest minutes are still being counted.
constexpr Duration kSettled = 3min;
constexpr Duration kTimeout = 2min;
constexpr int kTries = 3;
constexpr int kHistoryPagesMax = 100;

using Values = std::array<std::optional<double>, kQueueMetrics.size()>;
using Points = std::map<Instant, Values>;

/// A time that is asked for in one request, but for further pages.
struct Window {
  Instant begin = {};
  Instant end = {};
  Duration period = {};
};

/// Values by the period are kept for so long, but for an hour, for they go while we ask.
struct Retention {
  Duration period;
  Duration kept;
  Duration window;  ///< what is asked for at once
};
constexpr std::array<Retention, 3> kRetentions{
    {{1min, std::chrono::days(15) - 1h, 24h},
     {5min, std::chrono::days(63) - 1h, 5 * 24h},
     {1h, std::chrono::days(kHistoryDaysMax), 60 * 24h}}};

Instant floor_to(Instant at, Duration period) {
  return at - at.time_since_epoch() % period;
}

/// Oldest first.
std::vector<Window> windows(Instant now, int days) {
  std::vector<Window> all;
  Instant end = floor_to(now - kSettled, 1min);
  const Instant begin = end - std::chrono::days(days);
  for (const Retention& retention : kRetentions) {
    if (end <= begin) {
      break;
    }
    const bool last = retention.period == kRetentions.back().period;
    // Where the next period begins, its own rows begin.
    const Duration align = last ? retention.period : Duration(1h);
    const Instant from =
        std::max(floor_to(begin, retention.period), floor_to(now - retention.kept, align) + align);
    while (end > from) {
      const Instant start = std::max(from, end - retention.window);
      all.push_back({.begin = start, .end = end, .period = retention.period});
      end = start;
    }
  }
  std::ranges::reverse(all);
  return all;
}

std::int64_t seconds_of(Instant at) {
  return at.time_since_epoch() / 1s;
}

ApiCall call_of(const HistoryRequest& request, const Window& window, const std::string& token) {
  json::Writer body;
  body.begin_object().name("MetricDataQueries").begin_array();
  for (std::size_t i = 0; i < kQueueMetrics.size(); ++i) {
    const QueueMetric& metric = kQueueMetrics.at(i);
    body.begin_object().field("Id", fmt::format("m{}", i)).name("MetricStat").begin_object();
    body.name("Metric").begin_object().field("Namespace", "AWS/SQS");
    body.field("MetricName", metric.name).name("Dimensions").begin_array().begin_object();
    body.field("Name", "QueueName").field("Value", request.queue).end_object().end_array();
    body.end_object().field("Period", window.period / 1s).field("Stat", metric.statistic);
    body.end_object().field("ReturnData", true).end_object();
  }
  body.end_array().field("StartTime", seconds_of(window.begin));
  body.field("EndTime", seconds_of(window.end)).field("ScanBy", "TimestampAscending");
  if (!token.empty()) {
    body.field("NextToken", token);
  }
  body.end_object();
  return {.service = AwsService::CloudWatch,
          .region = request.region,
          .operation = "GetMetricData",
          .subject = request.queue,
          .body = std::move(body).text()};
}

struct HistoryPage {
  std::string next = {};
  std::string complaint = {};  ///< what is not whole about it; empty: it is, as far as it goes
};

Result<std::string> text_of(const json::Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? field->string() : Result<std::string>("");
}

Result<std::size_t> metric_of(const json::Reader& result) {
  const json::Reader id = TRY(result.field("Id"));
  const std::string text = TRY(id.string());
  for (std::size_t i = 0; i < kQueueMetrics.size(); ++i) {
    if (text == fmt::format("m{}", i)) {
      return i;
    }
  }
  return fail(ErrorKind::Malformed, id.path() + ": '" + shortened(text) + "' was not asked for");
}

/// Epoch seconds.
Result<Instant> read_moment(const json::Reader& value) {
  constexpr double kSecondsMax = 1e11;
  return Instant(Duration(TRY(value.millionths(0, kSecondsMax)) / 1000));
}

Result<void> read_metric(const json::Reader& result, HistoryPage& page, Points& points) {
  const std::size_t metric = TRY(metric_of(result));
  const std::string status = TRY(text_of(result, "StatusCode"));
  // Pages before the last one are in parts by nature.
  if (!status.empty() && status != "Complete" && !(status == "PartialData" && !page.next.empty())) {
    page.complaint = fmt::format("{} of {}", shortened(status), kQueueMetrics.at(metric).name);
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
    const Instant at = TRY(read_moment(timestamps.at(i)));
    points[at].at(metric) = TRY(values.at(i).number());
  }
  return {};
}

Result<HistoryPage> read_page(const ApiReply& reply, Points& points) {
  const json::Reader root(reply.value);
  HistoryPage page{.next = TRY(text_of(root, "NextToken"))};
  const json::Reader results = TRY(root.field("MetricDataResults"));
  for (const json::Reader& result : TRY(results.items())) {
    TRY(read_metric(result, page, points));
  }
  if (const auto messages = root.optional_field("Messages"); messages && !page.complaint.empty()) {
    for (const json::Reader& message : TRY(messages->items())) {
      page.complaint += ", " + shortened(TRY(text_of(message, "Value")));
    }
  }
  return page;
}

/// All pages of a window; what is not whole about them.
Result<std::string> read_window(Client& client, const HistoryRequest& request, const Window& window,
                                Points& points) {
  std::string token;
  std::string complaint;
  for (int pages = 0; pages < kHistoryPagesMax; ++pages) {
    const ApiCall call = call_of(request, window, token);
    const ApiReply reply = TRY(client.call(call, after(kTimeout)));
    Result<HistoryPage> page = read_page(reply, points);
    if (!page) {
      return fail(std::move(page).error(), describe(call));
    }
    complaint = complaint.empty() ? page->complaint : complaint;
    if (page->next.empty()) {
      return complaint;
    }
    token = page->next;
  }
  return fail(
      ErrorKind::Malformed,
      fmt::format("CloudWatch GetMetricData {}: more than {} pages of {} to {}", request.queue,
                  kHistoryPagesMax, format_instant(window.begin), format_instant(window.end)));
}

Result<void> read_whole_window(Client& client, const HistoryRequest& request, const Window& window,
                               Points& points) {
  std::string complaint;
  for (int tries = 0; tries < kTries; ++tries) {
    complaint = TRY(read_window(client, request, window, points));
    if (complaint.empty()) {
      return {};
    }
    if (complaint.starts_with("Forbidden")) {
      return fail(ErrorKind::Denied,
                  fmt::format("CloudWatch GetMetricData {}: {}", request.queue, complaint));
    }
  }
  return fail(
      ErrorKind::Unavailable,
      fmt::format("CloudWatch GetMetricData {}: asked {} times, the answer for {} to {} was "
                  "not whole ({}); try again later",
                  request.queue, kTries, format_instant(window.begin), format_instant(window.end),
                  complaint));
}

/// Puts a row for each period of the window.
void add_rows(const Window& window, const Points& points, std::vector<HistoryRow>& rows) {
  for (Instant at = window.begin; at < window.end; at += window.period) {
    const auto found = points.find(at);
    if (rows.empty() && found == points.end()) {
      continue;  // Before the first value nobody knows whether there was a queue.
    }
    HistoryRow& row = rows.emplace_back(HistoryRow{.at = at, .period = window.period});
    for (std::size_t i = 0; i < kQueueMetrics.size(); ++i) {
      const std::optional<double> value =
          found == points.end() ? std::nullopt : found->second.at(i);
      row.values.at(i) = value || !kQueueMetrics.at(i).counts ? value : std::optional(0.0);
    }
  }
}

}  // namespace

Result<std::vector<HistoryRow>> queue_history(Client& client, const HistoryRequest& request,
                                              Instant now,
                                              const std::function<void(double)>& progress) {
  const std::vector<Window> all = windows(now, request.days);
  std::vector<HistoryRow> rows;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Points points;
    TRY(read_whole_window(client, request, all.at(i), points));
    add_rows(all.at(i), points, rows);
    progress(static_cast<double>(i + 1) / static_cast<double>(all.size()));
  }
  if (rows.empty()) {
    return fail(ErrorKind::NotFound,
                fmt::format("CloudWatch has no values of a queue '{}' in {} in the last {}: "
                            "look at its name, region and account; a new or unused queue has none",
                            request.queue,
                            request.region.empty() ? client.settings().region : request.region,
                            plural(request.days, "day")));
  }
  return rows;
}

}  // namespace scaler::aws
