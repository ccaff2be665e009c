#include "watch/metrics.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/writer.h"
#include "scaler/core/names.h"

namespace scaler {
namespace {

constexpr std::string_view kNamespace = "EcsScaler";
constexpr std::string_view kEmf = "emf";

/// The sum over the queues, when all of them could be read.
std::optional<std::int64_t> sum(const PassRecord& record, std::int64_t QueueDepth::* count) {
  std::int64_t total = 0;
  for (const Result<QueueDepth>& queue : record.queues) {
    if (!queue) {
      return std::nullopt;
    }
    total += (*queue).*count;
  }
  return total;
}

std::optional<std::int64_t> desired_tasks(const PassRecord& record) {
  if (!record.reading) {
    return std::nullopt;
  }
  return record.outcome == Outcome::Applied ? record.decision->desired
                                            : record.reading->service.desired;
}

std::optional<std::int64_t> applied(const PassRecord& record, Action action) {
  return record.outcome == Outcome::Applied && record.decision->action == action ? 1 : 0;
}

std::optional<std::int64_t> demand(const PassRecord& record) {
  const bool known = record.decision && !record.decision->blind && !record.decision->partial;
  return known ? std::optional(record.decision->demand) : std::nullopt;
}

std::optional<std::int64_t> running_tasks(const PassRecord& record) {
  return record.reading ? std::optional(record.reading->service.running) : std::nullopt;
}

std::optional<std::int64_t> shortage(const PassRecord& record) {
  return record.decision ? std::optional<std::int64_t>(record.decision->shortage ? 1 : 0)
                         : std::nullopt;
}

/// Of the group that was read.
std::optional<std::int64_t> of_group(const PassRecord& record, std::int64_t GroupRecord::* count) {
  return record.group && !record.group->group.empty() ? std::optional(*record.group.*count)
                                                      : std::nullopt;
}

constexpr auto kRows = std::to_array<MetricRow>({
    {Metric::QueueDepth, "QueueDepth", "Count", "visible_messages", "gauge",
     "Messages of the job queues ready to be received.",
     [](const PassRecord& record, Duration) { return sum(record, &QueueDepth::visible); }},
    {Metric::InFlight, "InFlight", "Count", "in_flight_messages", "gauge",
     "Messages that workers hold.",
     [](const PassRecord& record, Duration) { return sum(record, &QueueDepth::in_flight); }},
    {Metric::DesiredTasks, "DesiredTasks", "Count", "desired_tasks", "gauge",
     "Desired count of the service.",
     [](const PassRecord& record, Duration) { return desired_tasks(record); }},
    {Metric::RunningTasks, "RunningTasks", "Count", "running_tasks", "gauge",
     "Running count of the service.",
     [](const PassRecord& record, Duration) { return running_tasks(record); }},
    {Metric::Demand, "Demand", "Count", "demand_tasks", "gauge",
     "Tasks that the backlog needs, before any limit.",
     [](const PassRecord& record, Duration) { return demand(record); }},
    {Metric::ScaleOut, "ScaleOut", "Count", "scale_outs_total", "counter",
     "Scale-outs that were made.",
     [](const PassRecord& record, Duration) { return applied(record, Action::ScaleOut); }},
    {Metric::ScaleIn, "ScaleIn", "Count", "scale_ins_total", "counter", "Scale-ins that were made.",
     [](const PassRecord& record, Duration) { return applied(record, Action::ScaleIn); }},
    {Metric::Errors, "Errors", "Count", "errors_total", "counter",
     "Things that failed in passes over the service.",
     [](const PassRecord& record, Duration) {
       return std::optional<std::int64_t>(std::ssize(record.errors));
     }},
    {Metric::PassMilliseconds, "PassMilliseconds", "Milliseconds", "", "", "",
     [](const PassRecord&, Duration took) { return std::optional<std::int64_t>(took.count()); }},
    {Metric::CapacityShortage, "CapacityShortage", "Count", "capacity_shortage", "gauge",
     "1 while tasks that are desired do not start.",
     [](const PassRecord& record, Duration) { return shortage(record); }},
    {Metric::InstancesDesired, "InstancesDesired", "Count", "instances_desired", "gauge",
     "Desired capacity of the Auto Scaling group that the service runs on, perhaps with others.",
     [](const PassRecord& record, Duration) { return of_group(record, &GroupRecord::desired); }},
    {Metric::InstancesInService, "InstancesInService", "Count", "instances_in_service", "gauge",
     "Instances of that group in service.",
     [](const PassRecord& record, Duration) { return of_group(record, &GroupRecord::in_service); }},
    {Metric::InstancesIdle, "InstancesIdle", "Count", "instances_idle", "gauge",
     "Instances of that group without a task.",
     [](const PassRecord& record, Duration) { return of_group(record, &GroupRecord::idle); }},
    {Metric::InstancesDraining, "InstancesDraining", "Count", "instances_draining", "gauge",
     "Instances of that group that take no more tasks.",
     [](const PassRecord& record, Duration) { return of_group(record, &GroupRecord::draining); }},
    {Metric::InstanceLaunchFailures, "InstanceLaunchFailures", "Count", "instance_launch_failures",
     "gauge", "Launches of that group that failed since the last one that did not.",
     [](const PassRecord& record, Duration) {
       return of_group(record, &GroupRecord::launch_failures);
     }},
});

constexpr auto kMetrics = [] {
  std::array<Metric, kRows.size()> metrics{};
  std::ranges::transform(kRows, metrics.begin(), &MetricRow::metric);
  return metrics;
}();
constexpr auto kNames = [] {
  std::array<std::string_view, kRows.size()> names{};
  std::ranges::transform(kRows, names.begin(), &MetricRow::name);
  return names;
}();

/// Each row stands in the place of its metric.
constexpr bool in_order() {
  for (std::size_t i = 0; i < kRows.size(); ++i) {
    if (kRows.at(i).metric != static_cast<Metric>(i)) {
      return false;
    }
  }
  return kRows.size() == kMetricCount;
}
static_assert(in_order());

Result<Metric> find_metric(std::string_view name) {
  const auto* const found = std::ranges::find(kNames, name);
  if (found != kNames.end()) {
    return kMetrics.at(static_cast<std::size_t>(found - kNames.begin()));
  }
  return fail(ErrorKind::Malformed,
              fmt::format("METRICS: '{}' is not one of {}{}", shortened(name),
                          fmt::join(kNames, "|"), did_you_mean(name, kNames)));
}

}  // namespace

std::span<const Metric> all_metrics() {
  return kMetrics;
}

const MetricRow& row_of(Metric metric) {
  return kRows.at(static_cast<std::size_t>(metric));
}

std::string_view to_string(Metric metric) {
  return row_of(metric).name;
}

Result<std::vector<Metric>> parse_metrics(std::string_view text) {
  if (text == kEmf) {
    return std::vector<Metric>(kMetrics.begin(), kMetrics.end());
  }
  if (!text.starts_with(kEmf) || text.substr(kEmf.size(), 1) != ":") {
    return fail(ErrorKind::Malformed,
                fmt::format("METRICS: '{}' is neither emf nor emf:NAME,NAME with some of {}",
                            shortened(text), fmt::join(kNames, ", ")));
  }
  text.remove_prefix(kEmf.size() + 1);
  std::vector<Metric> wanted;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const Metric metric = TRY(find_metric(text.substr(0, comma)));
    if (std::ranges::find(wanted, metric) != wanted.end()) {
      return fail(ErrorKind::Malformed,
                  fmt::format("METRICS: {} stands there twice", to_string(metric)));
    }
    wanted.push_back(metric);
    if (comma == text.size()) {
      return wanted;
    }
    text.remove_prefix(comma + 1);
  }
}

std::optional<std::int64_t> metric_value(Metric metric, const PassRecord& record, Duration took) {
  return row_of(metric).value(record, took);
}

MetricMembers metric_members(std::span<const Metric> wanted, const PassRecord& record,
                             Duration took) {
  MetricMembers members{.cluster = std::string(plain_name(record.id.cluster)),
                        .service = std::string(plain_name(record.id.service))};
  const ServiceId& id = record.id;
  if (const auto address = address_of(id); address && !(id.region.empty() && id.role.arn.empty())) {
    members.region = address->region;
    members.account = address->account;
  }
  json::Writer writer;
  writer.begin_object().field("Timestamp", record.at.time_since_epoch().count());
  writer.name("CloudWatchMetrics").begin_array().begin_object().field("Namespace", kNamespace);
  writer.name("Dimensions").begin_array().begin_array().value("Cluster").value("Service");
  for (const auto& [name, value] :
       {std::pair("Region", &members.region), std::pair("Account", &members.account)}) {
    if (!value->empty()) {
      writer.value(name);
    }
  }
  writer.end_array().end_array().name("Metrics").begin_array();
  for (const Metric metric : wanted) {
    if (const auto value = metric_value(metric, record, took)) {
      members.values.push_back({.name = to_string(metric), .value = *value});
      writer.begin_object()
          .field("Name", to_string(metric))
          .field("Unit", row_of(metric).unit)
          .end_object();
    }
  }
  writer.end_array().end_object().end_array().end_object();
  members.aws = std::move(writer).text();
  return members;
}

FleetPass fleet_pass(std::span<const PassRecord> records, Duration took) {
  FleetPass pass{.services = std::ssize(records), .took = took};
  for (const PassRecord& record : records) {
    pass.unread += record.looked ? 0 : 1;
    pass.resting += record.described_at ? 1 : 0;
    pass.changes += record.outcome == Outcome::Applied ? 1 : 0;
    pass.failed += record.failed() ? 1 : 0;
  }
  return pass;
}

FleetPassMembers fleet_pass_members(const FleetPass& pass, const std::string& place, Instant at,
                                    bool metrics) {
  FleetPassMembers members{.place = place.empty() ? "own" : place,
                           .values = {{.name = "ShardServices", .value = pass.services},
                                      {.name = "ShardUnread", .value = pass.unread},
                                      {.name = "ShardResting", .value = pass.resting},
                                      {.name = "ShardChanges", .value = pass.changes},
                                      {.name = "ShardFailed", .value = pass.failed},
                                      {.name = "ShardMilliseconds", .value = pass.took.count()}}};
  if (!metrics) {
    return members;
  }
  json::Writer writer;
  writer.begin_object().field("Timestamp", at.time_since_epoch().count());
  writer.name("CloudWatchMetrics").begin_array().begin_object().field("Namespace", kNamespace);
  writer.name("Dimensions").begin_array().begin_array().value("Place").end_array().end_array();
  writer.name("Metrics").begin_array();
  for (const MetricMembers::Value& value : members.values) {
    writer.begin_object()
        .field("Name", value.name)
        .field("Unit", value.name == "ShardMilliseconds" ? "Milliseconds" : "Count")
        .end_object();
  }
  writer.end_array().end_object().end_array().end_object();
  members.aws = std::move(writer).text();
  return members;
}

}  // namespace scaler
