#include "emulator/others/cloudwatch_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <set>
#include <utility>

#include <fmt/core.h>

#include "emulator/others/metric_data.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

using json::Reader;

constexpr std::size_t kListMax = 500;
constexpr std::size_t kQueriesMax = 500;  ///< of GetMetricData
constexpr std::size_t kExpressionMax = 2048;
constexpr std::int64_t kDataPointsMax = 100'800;  ///< of a page of GetMetricData
constexpr std::size_t kFirstMax = 1'000'000'000;  ///< point of a page
constexpr auto kKept = std::chrono::days(15);     ///< as the store keeps it
constexpr std::int64_t kPointsMax = 1440;         ///< of GetMetricStatistics
constexpr std::int64_t kPeriodMax = 86'400;
constexpr double kSecondsMax = 1e11;

constexpr std::array<Statistic, 5> kStatistics{
    {{"Average", [](const Statistics& values) { return values.sum / values.count; }},
     {"Maximum", [](const Statistics& values) { return values.maximum; }},
     {"Minimum", [](const Statistics& values) { return values.minimum; }},
     {"SampleCount", [](const Statistics& values) { return values.count; }},
     {"Sum", [](const Statistics& values) { return values.sum; }}}};

std::unexpected<ApiError> invalid(std::string message) {
  return refuse("InvalidParameterValue", std::move(message));
}

/// A value of the request, or what is wrong with it.
template <typename T>
ApiResult<T> valid(Result<T> value) {
  if (!value) {
    return invalid(value.error().message);
  }
  return *std::move(value);
}

ApiResult<std::string> read_text(const Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? valid(field->string()) : ApiResult<std::string>("");
}

ApiResult<std::vector<Reader>> read_list(const Reader& object, std::string_view name) {
  const auto field = object.optional_field(name);
  return field ? valid(field->items()) : ApiResult<std::vector<Reader>>(std::vector<Reader>());
}

ApiResult<Instant> read_moment(const Reader& object, std::string_view name) {
  const Reader field = TRY(valid(object.field(name)));
  constexpr std::int64_t kMillionthsInMillisecond = 1000;
  return Instant(Duration(TRY(valid(field.millionths(0, kSecondsMax))) / kMillionthsInMillisecond));
}

ApiResult<Duration> read_period(const Reader& object) {
  const Reader field = TRY(valid(object.field("Period")));
  const std::int64_t seconds = TRY(valid(field.integer({.min = 1, .max = kPeriodMax})));
  if (seconds % 60 != 0) {
    return invalid("Period must be a multiple of 60: the metrics here are by the minute.");
  }
  return std::chrono::seconds(seconds);
}

ApiResult<std::map<std::string, std::string>> read_dimensions(const Reader& object) {
  std::map<std::string, std::string> dimensions;
  for (const Reader& dimension : TRY(read_list(object, "Dimensions"))) {
    dimensions[TRY(read_text(dimension, "Name"))] = TRY(read_text(dimension, "Value"));
  }
  return dimensions;
}

/// Of an object that has Namespace, MetricName and Dimensions.
ApiResult<MetricId> read_metric(const Reader& object, const Caller& caller) {
  MetricId metric{.account = caller.account, .region = caller.region};
  metric.name_space = TRY(read_text(object, "Namespace"));
  metric.name = TRY(read_text(object, "MetricName"));
  metric.dimensions = TRY(read_dimensions(object));
  return metric;
}

ApiResult<const Statistic*> find_statistic(std::string_view name) {
  const auto* const found = std::ranges::find(kStatistics, name, &Statistic::name);
  if (found == kStatistics.end()) {
    return invalid(
        fmt::format("The statistic '{}' is not offered here, but Average, Maximum, "
                    "Minimum, SampleCount and Sum are.",
                    name));
  }
  return found;
}

double seconds_of(Instant at) {
  return in_seconds(at.time_since_epoch());
}

void write_metric(json::Writer& writer, const MetricId& metric) {
  writer.begin_object().field("Namespace", metric.name_space).field("MetricName", metric.name);
  writer.name("Dimensions").begin_array();
  for (const auto& [name, value] : metric.dimensions) {
    writer.begin_object().field("Name", name).field("Value", value).end_object();
  }
  writer.end_array().end_object();
}

/// A query's name in the answer. Errors: ValidationError for one that AWS would not take, or that
/// another query has.
ApiResult<std::string> read_id(const Reader& query, std::set<std::string>& others) {
  std::string id = TRY(read_text(query, "Id"));
  constexpr std::string_view kSigns =
      "_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const bool fits = !id.empty() && id.front() >= 'a' && id.front() <= 'z' &&
                    id.find_first_not_of(kSigns) == std::string::npos;
  if (!fits) {
    return refuse("ValidationError",
                  fmt::format("The value {} for parameter MetricDataQueries.member.{}.Id is not "
                              "matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.",
                              id, others.size() + 1));
  }
  if (!others.insert(id).second) {
    return refuse("ValidationError",
                  "The values for parameter id in MetricDataQueries are not unique.");
  }
  return id;
}

ApiResult<DataQuery> read_query(const Reader& reader, std::set<std::string>& ids,
                                const Caller& caller) {
  DataQuery query{.id = TRY(read_id(reader, ids))};
  query.label = TRY(read_text(reader, "Label"));
  if (const auto told = reader.optional_field("ReturnData")) {
    query.is_told = TRY(valid(told->boolean()));
  }
  query.expression = TRY(read_text(reader, "Expression"));
  const auto stat = reader.optional_field("MetricStat");
  if (stat.has_value() != query.expression.empty() || query.expression.size() > kExpressionMax) {
    return refuse(
        "ValidationError",
        fmt::format("The query {} needs either a MetricStat or an Expression of at most {} "
                    "characters.",
                    query.id, kExpressionMax));
  }
  if (stat) {
    const Reader metric = TRY(valid(stat->field("Metric")));
    query.metric = TRY(read_metric(metric, caller));
    const std::string name = TRY(read_text(*stat, "Stat"));
    query.statistic = TRY(find_statistic(name));
    query.period = TRY(read_period(*stat));
  }
  if (query.label.empty()) {
    query.label = stat ? query.metric.name : query.id;
  }
  return query;
}

ApiResult<DataPage> read_page(const Input& input) {
  const std::int64_t size = input.integer("MaxDatapoints").value_or(kDataPointsMax);
  const auto first = number_of<std::size_t>(input.has("NextToken") ? input.text("NextToken") : "0");
  if (size < 1 || size > kDataPointsMax) {
    return refuse("ValidationError",
                  fmt::format("MaxDatapoints must be from 1 to {}.", kDataPointsMax));
  }
  if (!first || *first > kFirstMax) {
    return invalid("Invalid next token.");
  }
  return DataPage{.first = *first,
                  .size = static_cast<std::size_t>(size),
                  .ascending = input.text("ScanBy") == "TimestampAscending"};
}

/// A datum's values: one, several with their counts, or statistics.
ApiResult<Statistics> read_values(const Reader& datum) {
  if (const auto value = datum.optional_field("Value")) {
    return Statistics::of(TRY(valid(value->number())));
  }
  if (const auto set = datum.optional_field("StatisticValues")) {
    const auto number = [&](std::string_view name) -> ApiResult<double> {
      const Reader field = TRY(valid(set->field(name)));
      return valid(field.number());
    };
    Statistics values;
    values.sum = TRY(number("Sum"));
    values.minimum = TRY(number("Minimum"));
    values.maximum = TRY(number("Maximum"));
    values.count = TRY(number("SampleCount"));
    return values;
  }
  Statistics values;
  const auto counts = TRY(read_list(datum, "Counts"));
  const auto numbers = TRY(read_list(datum, "Values"));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    Statistics one = Statistics::of(TRY(valid(numbers[i].number())));
    one.count = i < counts.size() ? TRY(valid(counts[i].number())) : 1;
    one.sum *= one.count;
    values.add(one);
  }
  if (values.count <= 0) {
    return refuse("MissingParameter", "A datum needs Value, Values or StatisticValues.");
  }
  return values;
}

}  // namespace

ApiAnswer CloudWatchApi::handle(const JsonCall& call) {
  using enum FieldKind;
  constexpr auto kNeeded = Presence::Required;
  using Names = std::vector<Field>;
  if (call.operation == "GetMetricData") {
    const Names names{{"MetricDataQueries", Objects, kNeeded},
                      {"StartTime", Any, kNeeded},
                      {"EndTime", Any, kNeeded},
                      {"NextToken"},
                      {"ScanBy"},
                      {"MaxDatapoints", Integer},
                      {"LabelOptions", Any}};
    return get_metric_data(TRY(Input::read(call.body, names, "MissingParameter")), call.caller);
  }
  if (call.operation == "GetMetricStatistics") {
    const Names names{
        {"Namespace", Text, kNeeded}, {"MetricName", Text, kNeeded}, {"Dimensions", Objects},
        {"StartTime", Any, kNeeded},  {"EndTime", Any, kNeeded},     {"Period", Integer, kNeeded},
        {"Statistics", Texts},        {"ExtendedStatistics", Texts}, {"Unit"}};
    return get_metric_statistics(TRY(Input::read(call.body, names, "MissingParameter")),
                                 call.caller);
  }
  if (call.operation == "ListMetrics") {
    const Names names{{"Namespace"},    {"MetricName"},     {"Dimensions", Objects},
                      {"NextToken"},    {"RecentlyActive"}, {"IncludeLinkedAccounts", Flag},
                      {"OwningAccount"}};
    return list_metrics(TRY(Input::read(call.body, names, "MissingParameter")), call.caller);
  }
  if (call.operation == "PutMetricData") {
    const Names names{{"Namespace", Text, kNeeded},
                      {"MetricData", Objects},
                      {"EntityMetricData", Any},
                      {"StrictEntityValidation", Flag}};
    return put_metric_data(TRY(Input::read(call.body, names, "MissingParameter")), call.caller);
  }
  return refuse("UnknownOperationException",
                fmt::format("CloudWatch has no operation {} here.", call.operation));
}

ApiResult<MetricRange> CloudWatchApi::read_range(const Input& input) const {
  const Reader request(input.value());
  MetricRange range;
  range.from = TRY(read_moment(request, "StartTime"));
  range.to = TRY(read_moment(request, "EndTime"));
  if (range.from >= range.to) {
    return invalid("The parameter StartTime must be less than the parameter EndTime.");
  }
  return range;
}

/// A minute is told when it is over, and the delay after that.
MetricRange CloudWatchApi::bounded(MetricRange range) const {
  range.to = std::min(range.to, world_.now() - delay_ - std::chrono::minutes(1) + Duration(1));
  range.from = std::max(range.from, range.to - kKept);
  return range;
}

std::vector<std::pair<Instant, Statistics>> CloudWatchApi::read(const MetricId& metric,
                                                                const MetricRange& range) const {
  return store_.read(metric, bounded(range));
}

ApiAnswer CloudWatchApi::get_metric_data(const Input& input, const Caller& caller) const {
  MetricRange range = TRY(read_range(input));
  const DataPage page = TRY(read_page(input));
  const auto wanted = TRY(read_list(Reader(input.value()), "MetricDataQueries"));
  if (wanted.size() > kQueriesMax) {
    return refuse(
        "ValidationError",
        fmt::format("The collection MetricDataQueries must not have a size greater than {}.",
                    kQueriesMax));
  }
  std::set<std::string> ids;
  std::vector<DataQuery> queries;
  queries.reserve(wanted.size());
  for (const Reader& query : wanted) {
    queries.push_back(TRY(read_query(query, ids, caller)));
  }
  auto answer = metric_data(queries, bounded(range), page, [&](const DataQuery& query) {
    range.period = query.period;
    Series series;
    for (const auto& [at, values] : read(query.metric, range)) {
      series.emplace(at, query.statistic->of(values));
    }
    return series;
  });
  if (!answer) {
    return refuse("ValidationError", std::move(answer.error().message));
  }
  return *std::move(answer);
}

ApiAnswer CloudWatchApi::get_metric_statistics(const Input& input, const Caller& caller) const {
  const Reader request(input.value());
  MetricRange range = TRY(read_range(input));
  range.period = TRY(read_period(request));
  if (const std::int64_t points = (range.to - range.from) / range.period; points > kPointsMax) {
    return refuse(
        "InvalidParameterCombination",
        fmt::format("You have requested up to {} datapoints, which exceeds the limit of {}. "
                    "You may reduce the datapoints requested by increasing Period, or "
                    "decreasing the time range.",
                    points, kPointsMax));
  }
  if (input.texts("Statistics").empty()) {
    return refuse("InvalidParameterCombination",
                  "Statistics must be specified; percentiles are not offered here.");
  }
  std::vector<const Statistic*> wanted;
  for (const std::string_view name : input.texts("Statistics")) {
    wanted.push_back(TRY(find_statistic(name)));
  }
  json::Writer writer;
  writer.begin_object().field("Label", input.text("MetricName")).name("Datapoints").begin_array();
  for (const auto& [at, values] : read(TRY(read_metric(request, caller)), range)) {
    writer.begin_object().field("Timestamp", seconds_of(at));
    for (const Statistic* const statistic : wanted) {
      writer.field(statistic->name, statistic->of(values));
    }
    writer.field("Unit", input.text("MetricName").contains("Age") ? "Seconds" : "Count");
    writer.end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

ApiAnswer CloudWatchApi::list_metrics(const Input& input, const Caller& caller) const {
  const auto filters = TRY(read_list(Reader(input.value()), "Dimensions"));
  const auto skipped =
      number_of<std::size_t>(input.has("NextToken") ? input.text("NextToken") : "0");
  if (!skipped) {
    return invalid("Invalid next token.");
  }
  const auto fits = [&](const MetricId& metric) -> ApiResult<bool> {
    for (const Reader& filter : filters) {
      const auto found = metric.dimensions.find(TRY(read_text(filter, "Name")));
      const std::string value = TRY(read_text(filter, "Value"));
      if (found == metric.dimensions.end() || (!value.empty() && value != found->second)) {
        return false;
      }
    }
    return metric.account == caller.account && metric.region == caller.region &&
           (!input.has("Namespace") || metric.name_space == input.text("Namespace")) &&
           (!input.has("MetricName") || metric.name == input.text("MetricName"));
  };
  std::vector<const MetricId*> metrics;
  for (const MetricId& metric : store_.metrics() | std::views::keys) {
    if (TRY(fits(metric))) {
      metrics.push_back(&metric);
    }
  }
  const std::size_t end = std::min(metrics.size(), *skipped + kListMax);
  json::Writer writer;
  writer.begin_object().name("Metrics").begin_array();
  for (std::size_t i = *skipped; i < end; ++i) {
    write_metric(writer, *metrics[i]);
  }
  writer.end_array();
  if (end < metrics.size()) {
    writer.field("NextToken", std::to_string(end));
  }
  writer.end_object();
  return std::move(writer).text();
}

ApiAnswer CloudWatchApi::put_metric_data(const Input& input, const Caller& caller) {
  if (input.text("Namespace").starts_with("AWS/")) {
    return invalid("The value AWS/ for parameter Namespace is invalid: it is reserved.");
  }
  for (const Reader& datum : TRY(read_list(Reader(input.value()), "MetricData"))) {
    MetricId metric = TRY(read_metric(datum, caller));
    metric.name_space = input.text("Namespace");
    if (metric.name.empty()) {
      return refuse("MissingParameter", "A datum needs a MetricName.");
    }
    const Instant at =
        datum.optional_field("Timestamp") ? TRY(read_moment(datum, "Timestamp")) : world_.now();
    if (!store_.put(metric, at, TRY(read_values(datum)))) {
      return refuse("LimitExceeded", "There are too many metrics.");
    }
  }
  return "";
}

}  // namespace scaler::emulator
