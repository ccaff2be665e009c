// This program's own log: {"level":..,"message":"pass","record":{..}} a line, or the record alone.
#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "ground/json/reader.h"
#include "lab/trace/formats.h"
#include "lab/trace/intervals.h"
#include "wire/record.h"

namespace scaler::trace {
namespace {

/// The pass record in a parsed line, if it holds one.
const json::Value* record_of(const json::Value& line) {
  const json::Value* record = line.find("record");
  const json::Value* candidate = record != nullptr ? record : &line;
  return is_record(*candidate) ? candidate : nullptr;
}

struct Journal {
  std::map<std::string, std::vector<JournalPass>> passes = {};  ///< by service
  std::size_t without_service = 0;
};

Result<void> read_line(std::string_view line, Journal& journal) {
  const std::size_t brace = line.find('{');  // Log services put a time in front.
  if (brace == std::string_view::npos) {
    return {};
  }
  const auto value = json::parse(line.substr(brace));
  const json::Value* const record = value ? record_of(*value) : nullptr;
  if (record == nullptr) {
    return {};
  }
  RecordedPass pass = TRY(read_record(json::Reader(*record, "record")));
  auto& passes = journal.passes[fmt::format("{}/{}", pass.id.cluster, pass.id.service)];
  if (!pass.observation) {
    ++journal.without_service;
    return {};
  }
  passes.push_back({.observation = *std::move(pass.observation), .desired = pass.desired});
  return {};
}

Result<Journal> read_lines(std::string_view text) {
  Journal journal;
  Lines lines(text);
  while (lines.next()) {
    const Result<void> read = read_line(lines.line(), journal);
    if (!read) {
      return fail(read.error(), fmt::format("line {}", lines.number()));
    }
  }
  return journal;
}

/// A trace is that of one service: the only one, or "main/worker" or "worker" as was asked.
Result<std::vector<JournalPass>> passes_of(Journal& journal, std::string_view wanted) {
  std::vector<std::string_view> names;
  std::vector<std::vector<JournalPass>*> meant;
  for (auto& [name, passes] : journal.passes) {
    names.push_back(name);
    if (wanted.empty() || name == wanted || name.ends_with(fmt::format("/{}", wanted))) {
      meant.push_back(&passes);
    }
  }
  if (meant.size() > 1) {
    return fail(ErrorKind::Malformed,
                fmt::format("it holds passes of {} services, such as '{}' and '{}': say which with "
                            "--column CLUSTER/SERVICE",
                            meant.size(), shortened(names.front()), shortened(names.back())));
  }
  if (meant.empty() && !names.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("it holds no pass of a service '{}', but of {}, such as '{}'{}",
                            shortened(wanted), names.size(), shortened(names.front()),
                            did_you_mean(wanted, names)));
  }
  return meant.empty() ? std::vector<JournalPass>() : std::move(*meant.front());
}

/// All messages there, or nothing when a queue could not be read.
std::optional<double> messages_at(const Observation& observation, double& in_flight) {
  double sum = 0;
  in_flight = 0;
  for (const auto& queue : observation.queues) {
    if (!queue) {
      return std::nullopt;
    }
    sum += static_cast<double>(queue->visible) + static_cast<double>(queue->in_flight) +
           static_cast<double>(queue->delayed);
    in_flight += static_cast<double>(queue->in_flight);
  }
  return sum;
}

/// Arrivals between two passes: what there is more, and what was worked off meanwhile. A count that
/// dips shows as arrivals when it comes back, so what is missing is carried over.
void estimate_arrivals(Trace& trace, Duration work_time) {
  double missing = 0;
  std::optional<double> before;
  double in_flight_before = 0;
  Instant at_before{};
  for (const JournalPass& pass : trace.passes) {
    double in_flight = 0;
    const std::optional<double> now = messages_at(pass.observation, in_flight);
    if (!now) {
      continue;
    }
    const Duration length = pass.observation.at - at_before;
    if (before && length > Duration(0)) {
      const double worked_off = work_time > Duration(0) ? (in_flight + in_flight_before) / 2 *
                                                              static_cast<double>(length.count()) /
                                                              static_cast<double>(work_time.count())
                                                        : 0;
      const double arrived = *now - *before + worked_off + missing;
      missing = std::min(0.0, arrived);
      trace.intervals.push_back(
          {.begin = at_before, .length = length, .messages = std::max(0.0, arrived)});
    }
    if (!before || length > Duration(0)) {
      before = now;
      in_flight_before = in_flight;
      at_before = pass.observation.at;
    }
  }
}

}  // namespace

Result<Trace> read_journal(std::string_view text, const ReadOptions& options) {
  Journal journal = TRY(read_lines(text));
  Trace trace{.format = Format::Journal};
  trace.passes = TRY(passes_of(journal, options.column));
  std::ranges::stable_sort(trace.passes, {},
                           [](const JournalPass& pass) { return pass.observation.at; });
  estimate_arrivals(trace, options.work_time);
  if (trace.intervals.empty()) {
    return fail(ErrorKind::Malformed,
                fmt::format("it holds {} passes that read the queue; at least two at different "
                            "times are needed",
                            trace.passes.size()));
  }
  trace.typical = trace.intervals.at(trace.intervals.size() / 2).length;
  if (journal.without_service > 0) {
    trace.remarks.push_back(
        fmt::format("{} passes could not read the service", journal.without_service));
  }
  trace.remarks.push_back(
      options.work_time > Duration(0)
          ? fmt::format("arrivals are estimated: the change of the counts, and the messages in "
                        "flight each worked off in {}",
                        format_duration(options.work_time))
          : std::string("arrivals are the growth of the counts only: what came and went between "
                        "two passes is missed"));
  return trace;
}

}  // namespace scaler::trace
