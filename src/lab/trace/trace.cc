#include "lab/trace/trace.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "lab/trace/formats.h"

namespace scaler::trace {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";
// A Unix time of that size is in milliseconds: as seconds it would lie after the year 5000.
constexpr double kMillisecondsFrom = 1e11;
constexpr double kMillisecondsTo = 4e12;

/// "2014-04-10", "2014/04/10 00:04", "2014-04-10T00:04:00.5": UTC where no zone stands.
Result<Instant> parse_local(std::string text) {
  for (const std::size_t dash : {std::size_t{4}, std::size_t{7}}) {
    if (text.size() > dash && text.at(dash) == '/') {
      text.at(dash) = '-';
    }
  }
  if (text.size() == 10) {
    return parse_instant(text + "T00:00:00Z");
  }
  if (text.size() > 10 && text.at(10) == ' ') {
    text.at(10) = 'T';
  }
  if (text.size() == 16) {
    text += ":00";
  }
  const Result<Instant> with_zone = parse_instant(text);
  return with_zone ? with_zone : parse_instant(text + "Z");
}

Result<Instant> parse_unix(std::string_view text) {
  const double number = number_of<double>(text).value_or(0);
  const double milliseconds = number >= kMillisecondsFrom ? number : number * 1000;
  if (!(number >= 1e8) || milliseconds > kMillisecondsTo) {
    return fail(ErrorKind::Malformed, "no Unix time");
  }
  return Instant(Duration(static_cast<std::int64_t>(milliseconds)));
}

/// The first character that is no blank, and the whole line that it stands in.
bool looks_like_json(std::string_view text) {
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

Trace cut(const Trace& trace, Instant from, Instant to) {
  Trace part{.format = trace.format, .typical = trace.typical, .remarks = trace.remarks};
  for (const sim::TraceInterval& interval : trace.intervals) {
    const Instant begin = std::max(interval.begin, from);
    const Instant end = std::min(interval.begin + interval.length, to);
    if (begin < end) {
      const double share =
          static_cast<double>((end - begin).count()) / static_cast<double>(interval.length.count());
      part.intervals.push_back(
          {.begin = begin, .length = end - begin, .messages = interval.messages * share});
    }
  }
  for (const JournalPass& pass : trace.passes) {
    if (from <= pass.observation.at && pass.observation.at < to) {
      part.passes.push_back(pass);
    }
  }
  return part;
}

}  // namespace

std::string_view to_string(Format format) {
  switch (format) {
    case Format::Csv:
      return "CSV";
    case Format::CloudWatch:
      return "CloudWatch metric data";
    default:
      return "journal";
  }
}

double Trace::messages() const {
  double sum = 0;
  for (const sim::TraceInterval& interval : intervals) {
    sum += interval.messages;
  }
  return sum;
}

bool Lines::next() {
  if (rest_.empty()) {
    return false;
  }
  const std::size_t end = rest_.find('\n');
  line_ = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  ++number_;
  return true;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

Result<Instant> parse_timestamp(std::string_view text) {
  Result<Instant> instant = parse_local(std::string(text));
  if (!instant) {
    instant = parse_unix(text);
  }
  if (!instant) {
    return fail(ErrorKind::Malformed,
                fmt::format("'{}' is not a time such as 2026-11-23T12:00:00Z, 2026-11-23 12:00 or "
                            "1795435200",
                            text.substr(0, 40)));
  }
  return instant;
}

Result<Trace> read(std::string_view text, const ReadOptions& options) {
  const std::string_view content = trimmed(text);
  if (content.empty()) {
    return fail(ErrorKind::Malformed, "it is empty");
  }
  if (text.find('\0') != std::string_view::npos) {
    return fail(ErrorKind::Malformed, "it is no text: it holds bytes that are zero");
  }
  if (looks_like_json(content) && content.find("\"MetricDataResults\"") != std::string_view::npos) {
    return read_cloudwatch(content);
  }
  if (looks_like_json(content) || content.find("\"queues\":") != std::string_view::npos) {
    return read_journal(text, options);
  }
  return read_csv(text);
}

Trace before(const Trace& trace, Instant at) {
  return cut(trace, trace.begin(), at);
}

Trace from(const Trace& trace, Instant at) {
  return cut(trace, at, trace.end());
}

}  // namespace scaler::trace
