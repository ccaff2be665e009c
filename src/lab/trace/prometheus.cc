// The answer of Prometheus' /api/v1/query_range, and what `promtool query range -o json` prints.
// Source: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "lab/trace/counters.h"
#include "lab/trace/documents.h"
#include "lab/trace/formats.h"
#include "lab/trace/intervals.h"
#include "lab/trace/names.h"
#include "lab/trace/numbers.h"

namespace scaler::trace {
namespace {

struct Series {
  std::string name = {};   ///< of the metric; empty behind functions
  std::string label = {};  ///< "jobs_total{queue=\"a\"}"
  json::Reader values;
};

Result<Series> read_series(const json::Reader& series) {
  const auto values = series.optional_field("values");
  if (!values && series.optional_field("histograms")) {
    return fail(ErrorKind::Malformed, series.path() +
                                          " holds histograms: ask for their counts, "
                                          "histogram_count(increase(METRIC[STEP]))");
  }
  if (!values) {
    return fail(ErrorKind::Malformed,
                series.path() + " has a single value: ask /api/v1/query_range, not /api/v1/query");
  }
  Series read{.values = *values};
  const json::Reader metric = TRY(series.field("metric"));
  const auto* const labels = std::get_if<json::Object>(&metric.value().data());
  std::string inner;
  for (const auto& [name, value] : labels == nullptr ? json::Object() : *labels) {
    const std::string text = TRY(json::Reader(value, metric.path() + "." + name).string());
    if (name == "__name__") {
      read.name = text;
    } else {
      inner += fmt::format("{}{}=\"{}\"", inner.empty() ? "" : ",", name, text);
    }
  }
  read.label = read.name + (inner.empty() && !read.name.empty() ? "" : "{" + inner + "}");
  return read;
}

Result<std::vector<Series>> read_list(const json::Reader& list) {
  std::vector<Series> all;
  for (const json::Reader& series : TRY(list.items())) {
    all.push_back(TRY(read_series(series)));
  }
  return all;
}

/// `answer` is what the API sends.
Result<std::vector<Series>> read_answer(const json::Reader& answer, Trace& trace) {
  const auto status = answer.optional_field("status");
  if (status && status->string().value_or("") != "success") {
    const auto error = answer.optional_field("error");
    return fail(ErrorKind::Malformed,
                fmt::format("it is an error of Prometheus ('{}'): mend the query",
                            shortened(error ? error->string().value_or("") : "")));
  }
  if (const auto warnings = answer.optional_field("warnings")) {
    for (const json::Reader& warning : TRY(warnings->items())) {
      trace.remarks.push_back("Prometheus warns: " + shortened(warning.string().value_or("")));
    }
  }
  const json::Reader data = TRY(answer.field("data"));
  const json::Reader type = TRY(data.field("resultType"));
  const std::string kind = TRY(type.string());
  if (kind != "matrix") {
    return fail(ErrorKind::Malformed,
                fmt::format("its resultType is '{}', not 'matrix': ask /api/v1/query_range with "
                            "start, end and step",
                            shortened(kind)));
  }
  const json::Reader result = TRY(data.field("result"));
  return read_list(result);
}

/// "12", "NaN", "+Inf": Prometheus writes values as texts.
Result<double> read_number(const json::Reader& value) {
  if (const Result<double> number = value.number()) {
    return number;
  }
  const std::string text = lower_case(TRY(value.string()));
  if (is_gap(text)) {
    return std::nan("");
  }
  return number_of<double>(text.starts_with('+') ? text.substr(1) : text).value_or(-1);
}

Result<Rows> read_rows(const Series& series) {
  Rows rows;
  for (const json::Reader& pair : TRY(series.values.items())) {
    const auto both = TRY(pair.items());
    if (both.size() != 2) {
      return fail(ErrorKind::Malformed,
                  fmt::format("{}: {} elements, not a time and a value", pair.path(), both.size()));
    }
    const Instant at = TRY(read_moment(both.front()));
    const double value = TRY(read_number(both.back()));
    if (std::isnan(value)) {
      rows.empty.push_back(at);
    } else {
      rows.rows.push_back({.at = at, .messages = value});
    }
  }
  return rows;
}

/// `most`: a counter may be larger than what comes in one step.
Result<void> check_values(const Rows& rows, const Series& series, double most) {
  for (const Row& row : rows.rows) {
    const double value =
        row.messages <= most ? std::min(row.messages, kMessagesPerInterval) : row.messages;
    const Result<double> messages = check_messages(value, fmt::format("{}", row.messages));
    if (!messages) {
      return fail(messages.error(),
                  fmt::format("{} at {}", series.values.path(), format_instant(row.at)));
    }
  }
  return {};
}

Result<void> take_growth(Rows& rows, const Series& series, std::vector<std::string>& remarks) {
  TRY(check_values(rows, series, std::numeric_limits<double>::max()));
  const Counters counters = counters_of(std::move(rows.rows));
  if (counters.two_values) {
    return fail(ErrorKind::Malformed,
                fmt::format("{} has two values at {}: ask for the series again",
                            shortened(series.label), format_instant(*counters.two_values)));
  }
  if (counters.rows.size() == 1) {
    return fail(ErrorKind::Malformed,
                fmt::format("{} counts up, and what it grew by takes two values: ask for a longer "
                            "time",
                            shortened(series.label)));
  }
  rows.rows = growth_of(counters, remarks);
  remarks.push_back(fmt::format("'{}' counts up, so what it grew by is taken for what arrived",
                                shortened(series.name)));
  return {};
}

}  // namespace

Result<Trace> read_prometheus(std::string_view text, const ReadOptions& options) {
  Trace trace{.format = Format::Prometheus};
  const bool list = text.starts_with('[');
  const json::Value value = TRY(json::parse(text));
  const json::Reader root(value);
  const std::vector<Series> all = TRY(list ? read_list(root) : read_answer(root, trace));
  if (all.empty()) {
    return fail(ErrorKind::Malformed,
                "Prometheus' answer holds no series: look at the query's metric, labels and time");
  }
  std::vector<std::string> names;
  names.reserve(all.size());
  for (const Series& series : all) {
    names.push_back(series.label);
  }
  const Chosen chosen =
      TRY(choose(names, options.column, "series", " LABELS, or put sum() around the query"));
  if (all.size() > 1 || meaning_of(names.front()) == Meaning::Other) {
    trace.remarks.push_back(chosen.remark);
  }
  const Series& series = all.at(chosen.index);
  Rows rows = TRY(read_rows(series));
  if (counts_up(series.name)) {
    TRY(take_growth(rows, series, trace.remarks));
  } else {
    trace.remarks.emplace_back(
        "each value is taken for the messages of its step, as increase(METRIC[STEP]) tells them; "
        "what rate() tells is a second's: multiply it with --scale");
  }
  TRY(check_values(rows, series, 0));
  if (rows.rows.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("the series {} has no values: look at the query's time",
                            shortened(series.label)));
  }
  fill_intervals(trace, std::move(rows));
  return trace;
}

}  // namespace scaler::trace
