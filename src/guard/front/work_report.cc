#include "guard/front/work_report.h"

#include <algorithm>
#include <climits>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "ground/json/writer.h"

namespace scaler::guard {
namespace {

/// Of sorted ones; zero of none.
Duration percentile(const std::vector<Duration>& times, std::size_t percent) {
  return times.empty() ? Duration::zero() : times[(times.size() - 1) * percent / 100];
}

}  // namespace

void WorkReport::add(Duration took) {
  if (times_.size() < kKept) {
    times_.push_back(took);
  } else {
    times_[done_ % kKept] = took;
  }
  ++done_;
  sum_ += took;
}

void WorkReport::note_held(std::size_t held) {
  held_max_ = std::max(held_max_, held);
}

WorkReport::Numbers WorkReport::take() {
  std::vector<Duration> times = std::exchange(times_, {});
  std::ranges::sort(times);
  const Numbers numbers{
      .done = done_,
      .mean = done_ == 0 ? Duration::zero() : sum_ / static_cast<std::int64_t>(done_),
      .p50 = percentile(times, 50),
      .p95 = percentile(times, 95),
      .held_max = held_max_};
  done_ = 0;
  sum_ = {};
  held_max_ = 0;
  return numbers;
}

void write_line(const Log& log, const WorkReport::Numbers& numbers, Duration protected_for) {
  log.write(LogLevel::Info, "work",
            {{"done", static_cast<std::int64_t>(numbers.done)},
             {"seconds_mean", in_seconds(numbers.mean)},
             {"seconds_p50", in_seconds(numbers.p50)},
             {"seconds_p95", in_seconds(numbers.p95)},
             {"held_max", static_cast<std::int64_t>(numbers.held_max)},
             {"protected_seconds", in_seconds(protected_for)}});
}

std::string emf(const WorkReport::Numbers& numbers, Duration protected_for, Instant now) {
  struct Metric {
    std::string_view name;
    std::string_view unit;
    double value;
  };
  std::vector<Metric> metrics{{"MessagesDone", "Count", static_cast<double>(numbers.done)},
                              {"MessagesHeldMax", "Count", static_cast<double>(numbers.held_max)},
                              {"ProtectedTime", "Seconds", in_seconds(protected_for)}};
  if (numbers.done > 0) {
    metrics.push_back({"WorkTimeMean", "Seconds", in_seconds(numbers.mean)});
    metrics.push_back({"WorkTimeP50", "Seconds", in_seconds(numbers.p50)});
    metrics.push_back({"WorkTimeP95", "Seconds", in_seconds(numbers.p95)});
  }
  json::Writer writer;
  writer.begin_object().name("_aws").begin_object();
  writer.field("Timestamp", now.time_since_epoch().count());
  writer.name("CloudWatchMetrics").begin_array().begin_object().field("Namespace", "EcsGuard");
  writer.name("Dimensions").begin_array().begin_array().end_array().end_array();
  writer.name("Metrics").begin_array();
  for (const Metric& metric : metrics) {
    writer.begin_object().field("Name", metric.name).field("Unit", metric.unit).end_object();
  }
  writer.end_array().end_object().end_array().end_object();
  for (const Metric& metric : metrics) {
    writer.field(metric.name, metric.value);
  }
  return std::move(writer.end_object()).text();
}

void print_line(std::string line) {
  line += '\n';
  pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
  if (line.size() <= PIPE_BUF && ::poll(&output, 1, 0) > 0) {
    static_cast<void>(::write(STDOUT_FILENO, line.data(), line.size()));
  }
}

}  // namespace scaler::guard
