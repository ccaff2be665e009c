// trace: what CloudWatch has kept of a queue, as CSV for simulate and advise.
#include <algorithm>
#include <cstdio>
#include <optional>
#include <unistd.h>

#include <fmt/format.h>

#include "edge/wiring/history.h"
#include "ground/base/file.h"
#include "programs/ecs_scaler/commands/common_options.h"
#include "programs/ecs_scaler/commands/complain.h"
#include "programs/ecs_scaler/commands/parallel.h"
#include "programs/ecs_scaler/commands/study_flags.h"

namespace scaler::cli {
namespace {

struct TraceFlags {
  QueueAddress queue = {};
  int days = 14;
  std::string output = {};  ///< file; empty: standard output
};

Take queue(QueueAddress& value) {
  return [&value](const std::string& word) -> Result<void> {
    value = TRY(parse_queue_or_name(word));
    return {};
  };
}

using Rows = std::vector<aws::HistoryRow>;

std::string csv_of(const Rows& rows) {
  std::string text = "timestamp,period_seconds";
  for (const aws::QueueMetric& metric : aws::kQueueMetrics) {
    text += fmt::format(",{}", metric.name);
  }
  text += "\n";
  for (const aws::HistoryRow& row : rows) {
    text += fmt::format("{},{}", format_instant(row.at), row.period / std::chrono::seconds(1));
    for (const std::optional<double>& value : row.values) {
      text += value ? fmt::format(",{}", *value) : ",";
    }
    text += "\n";
  }
  return text;
}

/// "jobs: 1234 messages sent from 2026-11-09T12:00:00Z to .., at most 56 in 1 min".
std::string told(const std::string& queue, const Rows& rows) {
  double sent = 0;
  const aws::HistoryRow* busiest = &rows.front();
  const auto rate = [](const aws::HistoryRow& row) {
    return row.values.front().value_or(0) / static_cast<double>(row.period.count());
  };
  for (const aws::HistoryRow& row : rows) {
    sent += row.values.front().value_or(0);
    busiest = rate(row) > rate(*busiest) ? &row : busiest;
  }
  return fmt::format("{}: {} sent from {} to {}, at most {:.0f} in {}", queue,
                     plural(std::llround(sent), "message"), format_instant(rows.front().at),
                     format_instant(rows.back().at + rows.back().period),
                     busiest->values.front().value_or(0), format_duration(busiest->period));
}

int fail_with(const Error& error) {
  const bool usage = error.kind == ErrorKind::Malformed;
  const std::string hint =
      error.kind == ErrorKind::Denied ? "; it takes the permission cloudwatch:GetMetricData" : "";
  return complain(usage ? kConfiguration : kFailed, "trace: " + error.message + hint);
}

int trace(const Environment& environment, const TraceFlags& flags) {
  const Log log(STDERR_FILENO, LogLevel::Error, system_clock());
  std::optional<Result<Rows>> rows;
  run_parallel(
      "reading CloudWatch", 1, [&](std::size_t, const std::function<void(double)>& progress) {
        rows = fetch_history(environment, flags.queue, flags.days, system_clock(), log, progress);
      });
  if (!*rows) {
    return fail_with(rows->error());
  }
  const std::string text = csv_of(**rows);
  if (flags.output.empty()) {
    std::fputs(text.c_str(), stdout);
    return kDone;
  }
  const Result<void> written = write_file(flags.output, text);
  if (!written) {
    return fail_with(written.error());
  }
  fmt::print("{}\nwritten to {}: try ecs-scaler advise --trace {}\n",
             told(flags.queue.name, **rows), flags.output, flags.output);
  return kDone;
}

}  // namespace

Command trace_command() {
  const auto flags = std::make_shared<TraceFlags>();
  return {.name = "trace",
          .sentence =
              "What CloudWatch has kept of a queue's messages, as CSV for simulate and "
              "advise; only reads",
          .options = {{.name = "QUEUE",
                       .sentence = "its name (in AWS_REGION), URL or ARN",
                       .take = queue(flags->queue),
                       .required = true},
                      {"--days", "N",
                       fmt::format("how far back, 1 to {} (default 14): the last 14 by the minute, "
                                   "older ones by 5 minutes and, after 62, by the hour",
                                   aws::kHistoryDaysMax),
                       integer(flags->days, 1, aws::kHistoryDaysMax)},
                      {"--output", "FILE", "the file to write (default: standard output)",
                       written_file(flags->output)}},
          .footer =
              "It takes the permission cloudwatch:GetMetricData, and costs about USD 0.001 "
              "for 14 days.\nExit codes: 0 written, 1 AWS refused or has nothing, 2 usage, 3 "
              "settings.",
          .example = "ecs-scaler trace jobs --days 14 --output jobs.csv",
          .run = [flags](const Environment& environment) { return trace(environment, *flags); }};
}

}  // namespace scaler::cli
