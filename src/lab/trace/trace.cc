#include "lab/trace/trace.h"

#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "ground/base/text.h"
#include "lab/trace/formats.h"
#include "lab/trace/unpack.h"

namespace scaler::trace {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";
/// A parsed document takes some ten times its text in memory.
constexpr std::size_t kDocumentsLimit = 32'000'000;

bool looks_like_json(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

Result<Trace> read_json(std::string_view text, const ReadOptions& options) {
  const auto holds = [text](std::string_view name) { return text.contains(name); };
  if (text.size() > kDocumentsLimit) {
    return fail(ErrorKind::Malformed,
                fmt::format("its JSON is larger than {} MB: give a shorter time, or CSV",
                            kDocumentsLimit / 1'000'000));
  }
  if (holds("\"MetricDataResults\"") || holds("\"Datapoints\"")) {
    return read_cloudwatch(text, options);
  }
  const bool prometheus = holds("\"resultType\"") || holds("\"errorType\"") ||
                          (holds("\"metric\"") && holds("\"value"));
  return prometheus ? read_prometheus(text, options) : read_records(text, options);
}

/// Log lines stand for themselves; or they are the messages in a list of CloudWatch Logs.
bool is_journal(std::string_view text) {
  const std::string_view first = text.substr(0, text.find('\n'));
  const bool listed =
      text.starts_with('[') || (looks_like_json(text) && !first.contains("\"queues\":") &&
                                (text.contains("\"events\":") || text.contains("\"results\":")));
  return text.contains("\"queues\":") && !listed;
}

Result<Trace> read_plain(std::string_view text, const ReadOptions& options) {
  text = without_byte_order_mark(text);
  TRY(check_text(text));
  const std::string_view content = trimmed(text);
  if (is_journal(content)) {
    return read_journal(text, options);
  }
  return looks_like_json(content) ? read_json(content, options) : read_csv(text, options);
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
    case Format::Records:
      return "JSON records";
    case Format::CloudWatch:
      return "CloudWatch metric data";
    case Format::Prometheus:
      return "Prometheus range query";
    case Format::Journal:
      return "journal";
  }
  return "";
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

Result<Trace> read(std::string_view bytes, const ReadOptions& options) {
  if (bytes.size() > kBytesLimit) {
    return fail(ErrorKind::Malformed,
                fmt::format("it is larger than {} MB, or has no end: give a shorter time, or "
                            "coarser rows",
                            kBytesLimit / 1'000'000));
  }
  if (packing_of(bytes) == Packing::None) {
    return read_plain(bytes, options);
  }
  const std::string text = TRY(unpacked(bytes, kBytesLimit));
  return read_plain(text, options);
}

Trace before(const Trace& trace, Instant at) {
  return cut(trace, trace.begin(), at);
}

Trace from(const Trace& trace, Instant at) {
  return cut(trace, at, trace.end());
}

}  // namespace scaler::trace
