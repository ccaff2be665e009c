#include "programs/ecs_scaler/commands/demo_report.h"

#include <algorithm>

#include <fmt/core.h>

#include "ground/base/text.h"

namespace scaler::cli {
namespace {

Result<std::int64_t> count(const json::Reader& object, std::string_view name) {
  const json::Reader field = TRY(object.field(name));
  return field.integer({.min = 0});
}

/// The calls that one caller made: {"UpdateService":{"<access key>":2,...},...}.
Result<std::int64_t> calls_of(const json::Reader& calls, const std::string& caller) {
  const auto* operations = std::get_if<json::Object>(&calls.value().data());
  std::int64_t sum = 0;
  if (operations != nullptr) {
    for (const auto& [operation, callers] : *operations) {
      if (const json::Value* made = callers.find(caller)) {
        sum += TRY(json::Reader(*made).integer());
      }
    }
  }
  return sum;
}

std::string seconds_between(const std::optional<Instant>& from, const std::optional<Instant>& to) {
  if (!from || !to) {
    return "never";
  }
  return fmt::format("{:.2f} s", in_seconds(*to - *from));
}

}  // namespace

Result<DemoStatus> read_demo_status(const json::Reader& root, const std::string& queue) {
  DemoStatus status;
  const json::Reader queues = TRY(root.field("queues"));
  const json::Reader jobs = TRY(queues.field(queue));
  status.visible = TRY(count(jobs, "visible"));
  status.in_flight = TRY(count(jobs, "in_flight"));
  status.delayed = TRY(count(jobs, "delayed"));
  const json::Reader service = TRY(root.field("service"));
  status.desired = TRY(count(service, "desired"));
  status.running = TRY(count(service, "running"));
  status.tasks_peak = TRY(count(service, "peak_tasks"));
  const json::Reader totals = TRY(root.field("totals"));
  status.sent = TRY(count(totals, "sent"));
  status.processed = TRY(count(totals, "processed"));
  status.dead_lettered = TRY(count(totals, "dead_lettered"));
  // Nobody but its workers has a reason to delete a job of the demo.
  status.lost = TRY(count(totals, "lost")) + TRY(count(totals, "deleted_by_others"));
  status.killed_while_working = TRY(count(totals, "killed_while_working"));
  const json::Reader function = TRY(root.field("lambda"));
  status.invocations = TRY(count(function, "invocations"));
  status.errors = TRY(count(function, "errors"));
  const json::Reader key = TRY(function.field("access_key_id"));
  const json::Reader calls = TRY(root.field("api_calls"));
  const std::string caller = TRY(key.string());
  status.scaler_calls = TRY(calls_of(calls, caller));
  const json::Reader mapping = TRY(function.field("mapping"));
  const json::Reader state = TRY(mapping.field("state"));
  const std::string word = TRY(state.string());
  status.wake_enabled = word == "Enabled";
  return status;
}

std::string timeline_line(Duration since_start, const DemoStatus& status, const std::string& note) {
  constexpr std::int64_t kBarMax = 30;
  const std::string bar(static_cast<std::size_t>(std::min(status.running, kBarMax)), '#');
  const std::string starting(static_cast<std::size_t>(std::clamp<std::int64_t>(
                                 status.desired - status.running, 0, kBarMax)),
                             '.');
  return fmt::format("{:6.1f} s  {:>7} {:>9} {:>7} {:>7}  {:<10} {}", in_seconds(since_start),
                     status.visible, status.in_flight, status.desired, status.running,
                     bar + starting, note);
}

std::string demo_table(const std::vector<DemoCycle>& cycles, const DemoStatus& status) {
  std::string text = fmt::format("\n{:<42}", "");
  for (const DemoCycle& cycle : cycles) {
    text += fmt::format("{:>14}", plural(cycle.messages, "message"));
  }
  const auto row = [&text, &cycles](const char* name, auto value) {
    text += fmt::format("\n{:<42}", name);
    for (const DemoCycle& cycle : cycles) {
      text += fmt::format("{:>14}", value(cycle));
    }
  };
  row("first message -> UpdateService",
      [](const DemoCycle& c) { return seconds_between(c.sent, c.scaled_out); });
  row("first message -> first task running",
      [](const DemoCycle& c) { return seconds_between(c.sent, c.task_running); });
  row("first message -> drained",
      [](const DemoCycle& c) { return seconds_between(c.sent, c.drained); });
  row("drained -> zero", [](const DemoCycle& c) { return seconds_between(c.drained, c.asleep); });
  text += fmt::format("\n\n{:<42}{:>14}", "messages sent", status.sent);
  text += fmt::format("\n{:<42}{:>14}", "  processed by workers", status.processed);
  text += fmt::format("\n{:<42}{:>14}", "  lost", status.lost);
  text += fmt::format("\n{:<42}{:>14}", "  in the dead-letter queue", status.dead_lettered);
  text +=
      fmt::format("\n{:<42}{:>14}", "works cut short by a scale-in", status.killed_while_working);
  text += fmt::format("\n{:<42}{:>14}", "tasks at the peak", status.tasks_peak);
  text += fmt::format("\n{:<42}{:>14}", "invocations of the function", status.invocations);
  text += fmt::format("\n{:<42}{:>14}", "  of these failed", status.errors);
  text += fmt::format("\n{:<42}{:>14}\n", "AWS calls that it made", status.scaler_calls);
  return text;
}

}  // namespace scaler::cli
