#include "emulator/others/metric_data.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "ground/json/writer.h"

namespace scaler::emulator {
namespace {

/// The points of one request's queries, each worked out once.
class Answers {
 public:
  Answers(const std::vector<DataQuery>& queries, MetricRange range, const ReadSeries& read)
      : queries_(queries), range_(range), read_(read) {}

  Result<Series> of(const DataQuery& query) {
    if (query.expression.empty()) {
      return read_(query);
    }
    const auto [known, fresh] = known_.try_emplace(query.id);
    if (!fresh && !known->second) {
      return fail(ErrorKind::Malformed,
                  fmt::format("The expression '{}' is made of itself.", query.id));
    }
    if (fresh) {
      known_[query.id] = TRY(metric_math(query.expression, range_,
                                         [&](std::string_view id) { return of_id(query, id); }));
    }
    return *known_[query.id];
  }

 private:
  Result<Series> of_id(const DataQuery& user, std::string_view id) {
    const auto found = std::ranges::find(queries_, id, &DataQuery::id);
    if (found == queries_.end()) {
      constexpr std::size_t kShown = 100;
      return fail(ErrorKind::Malformed,
                  fmt::format("The expression '{}' names '{}', which is no query's id.", user.id,
                              id.substr(0, kShown)));
    }
    return of(*found);
  }

  const std::vector<DataQuery>& queries_;
  MetricRange range_;
  const ReadSeries& read_;
  std::map<std::string, std::optional<Series>> known_ = {};  ///< no value: is being worked out
};

struct Told {
  const DataQuery& query;
  std::vector<std::pair<Instant, double>> points = {};
};

void write_result(json::Writer& writer, const Told& told, std::size_t from, std::size_t to) {
  writer.begin_object().field("Id", told.query.id).field("Label", told.query.label);
  writer.name("Timestamps").begin_array();
  for (std::size_t i = from; i < to; ++i) {
    writer.value(in_seconds(told.points[i].first.time_since_epoch()));
  }
  writer.end_array().name("Values").begin_array();
  for (std::size_t i = from; i < to; ++i) {
    writer.value(told.points[i].second);
  }
  writer.end_array().field("StatusCode", to < told.points.size() ? "PartialData" : "Complete");
  writer.end_object();
}

/// Each series that has points on the page; the first page also has those without any.
std::string write_page(const std::vector<Told>& all, const DataPage& page) {
  const std::size_t end = page.first + page.size;
  std::size_t before = 0;
  json::Writer writer;
  writer.begin_object().name("MetricDataResults").begin_array();
  for (const Told& told : all) {
    const std::size_t size = told.points.size();
    const std::size_t from = std::clamp(page.first, before, before + size) - before;
    const std::size_t to = std::clamp(end, before, before + size) - before;
    before += size;
    if (from < to || (size == 0 && page.first == 0)) {
      write_result(writer, told, from, to);
    }
  }
  writer.end_array().name("Messages").begin_array().end_array();
  if (before > end) {
    writer.field("NextToken", std::to_string(end));
  }
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace

Result<std::string> metric_data(const std::vector<DataQuery>& queries, MetricRange range,
                                const DataPage& page, const ReadSeries& read) {
  const auto first = std::ranges::find_if(
      queries, [](const DataQuery& query) { return query.expression.empty(); });
  range.period = first == queries.end() ? std::chrono::minutes(1) : first->period;
  Answers answers(queries, range, read);
  std::vector<Told> all;
  for (const DataQuery& query : queries) {
    if (query.is_told) {
      const Series series = TRY(answers.of(query));
      all.push_back({.query = query, .points = {series.begin(), series.end()}});
    }
  }
  if (!page.ascending) {
    std::ranges::for_each(all, [](Told& told) { std::ranges::reverse(told.points); });
  }
  return write_page(all, page);
}

}  // namespace scaler::emulator
