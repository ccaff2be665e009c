#include "lab/study/answers.h"

#include <algorithm>

#include <fmt/core.h>

namespace scaler::study {
namespace {

constexpr std::size_t kDifferencesShown = 20;

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

bool tells_instances(const std::vector<Answer>& answers) {
  return std::ranges::any_of(
      answers, [](const Answer& answer) { return answer.run.figures.instance_hours.has_value(); });
}

/// Quoted where RFC 4180 asks for it.
std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) {
    return text;
  }
  std::string quoted = "\"";
  for (const char c : text) {
    quoted += c == '"' ? "\"\"" : std::string(1, c);
  }
  return quoted + '"';
}

void write_differences(json::Writer& writer, const std::vector<report::Difference>& differences) {
  writer.begin_array();
  for (const report::Difference& difference : differences) {
    writer.begin_object()
        .field("at", format_instant(difference.at))
        .field("seen", difference.seen)
        .field("really", difference.really)
        .field("would", difference.would)
        .field("because", difference.because)
        .end_object();
  }
  writer.end_array();
}

}  // namespace

std::string answers_text(const std::vector<Answer>& answers, const Question& question) {
  std::size_t width = 6;
  for (const Answer& answer : answers) {
    width = std::max(width, answer.run.name.size());
  }
  const bool instances = tells_instances(answers);
  std::string text = fmt::format(
      "{:<{}} {:>10} {:>11} {:>8} {:>11} {:>11} {:>11} {:>10}{} {:>7} {:>6} {:>5} {:>6} {:>5}\n",
      "policy", width, "a month", "wait p95", "in time", "p50", "p99", "max", "task-hours",
      instances ? fmt::format(" {:>14}", "instance-hours") : "", "actions", "turns", "peak",
      "killed", "lost");
  for (const Answer& answer : answers) {
    const report::Figures& figures = answer.run.figures;
    text += fmt::format(
        "{:<{}} {:>10} {:>11} {:>8} {:>11} {:>11} {:>11} {:>10.1f}{} {:>7} {:>6} {:>5} "
        "{:>6} {:>5}\n",
        answer.run.name, width, report::money(figures.month.value_or(0), question.price.currency),
        format_duration(figures.waiting_p95), percent(figures.share_within_objective),
        format_duration(figures.waiting_p50), format_duration(figures.waiting_p99),
        format_duration(figures.waiting_max), figures.task_hours,
        instances ? fmt::format(" {:>14.1f}", figures.instance_hours.value_or(0)) : "",
        figures.scaling_actions, figures.direction_changes, figures.tasks_peak, figures.killed_busy,
        figures.lost);
  }
  return text;
}

std::string answers_csv(const std::vector<Answer>& answers) {
  std::string text =
      "policy,wait_p50_seconds,wait_p95_seconds,wait_p99_seconds,wait_max_seconds,"
      "share_within_objective,task_hours,price,scaling_actions,direction_changes,tasks_peak,"
      "killed_busy_tasks,lost_messages,sent_messages,unfinished_messages,month";
  const bool instances = tells_instances(answers);
  text += instances ? ",instance_hours\n" : "\n";
  for (const Answer& answer : answers) {
    const report::Figures& figures = answer.run.figures;
    text += fmt::format(
        "{},{:.3f},{:.3f},{:.3f},{:.3f},{:.6f},{:.3f},{:.4f},{},{},{},{},{},{},{},{:.2f}{}\n",
        csv_cell(answer.run.name), in_seconds(figures.waiting_p50), in_seconds(figures.waiting_p95),
        in_seconds(figures.waiting_p99), in_seconds(figures.waiting_max),
        figures.share_within_objective, figures.task_hours, figures.price.value_or(0),
        figures.scaling_actions, figures.direction_changes, figures.tasks_peak, figures.killed_busy,
        figures.lost, answer.sent, answer.unfinished, figures.month.value_or(0),
        instances ? fmt::format(",{:.3f}", figures.instance_hours.value_or(0)) : "");
  }
  return text;
}

void write_answers(json::Writer& writer, const std::vector<Answer>& answers) {
  writer.begin_array();
  for (const Answer& answer : answers) {
    const report::Figures& figures = answer.run.figures;
    writer.begin_object()
        .field("policy", answer.run.name)
        .field("note", answer.run.note)
        .field("meets_objective", answer.meets)
        .field("wait_p50_seconds", in_seconds(figures.waiting_p50))
        .field("wait_p95_seconds", in_seconds(figures.waiting_p95))
        .field("wait_p99_seconds", in_seconds(figures.waiting_p99))
        .field("wait_max_seconds", in_seconds(figures.waiting_max))
        .field("share_within_objective", figures.share_within_objective)
        .field("task_hours", figures.task_hours)
        .field("price", figures.price.value_or(0))
        .field("month", figures.month.value_or(0))
        .field("own_month", figures.own_month)
        .field("scaling_actions", figures.scaling_actions)
        .field("direction_changes", figures.direction_changes)
        .field("tasks_peak", figures.tasks_peak)
        .field("killed_busy_tasks", figures.killed_busy)
        .field("lost_messages", figures.lost)
        .field("sent_messages", answer.sent)
        .field("unfinished_messages", answer.unfinished);
    if (figures.instance_hours) {
      writer.field("instance_hours", *figures.instance_hours);
    }
    if (answer.instances) {
      writer.field("instances_launched", answer.instances->launched)
          .field("instance_idle_p95_seconds", in_seconds(answer.instances->idle.quantile(0.95)));
    }
    writer.end_object();
  }
  writer.end_array();
}

std::string replays_text(const std::vector<report::Replay>& replays) {
  std::string text;
  for (const report::Replay& replay : replays) {
    text += fmt::format(
        "\n{}: of {} passes in the journal, it would have wanted more tasks in {} and fewer in "
        "{}\n",
        replay.name, replay.passes, replay.more, replay.fewer);
    const std::size_t shown = std::min(kDifferencesShown, replay.differences.size());
    for (std::size_t i = 0; i < shown; ++i) {
      const report::Difference& difference = replay.differences.at(i);
      text += fmt::format("  {}  {} -> {}, really {}: {}\n", format_instant(difference.at),
                          difference.seen, difference.would, difference.really, difference.because);
    }
    if (shown < replay.differences.size()) {
      text += fmt::format("  and {} more; all of them with --output json\n",
                          replay.differences.size() - shown);
    }
  }
  return text;
}

void write_replays(json::Writer& writer, const std::vector<report::Replay>& replays) {
  writer.begin_array();
  for (const report::Replay& replay : replays) {
    writer.begin_object()
        .field("policy", replay.name)
        .field("passes", replay.passes)
        .field("more", replay.more)
        .field("fewer", replay.fewer)
        .name("differences");
    write_differences(writer, replay.differences);
    writer.end_object();
  }
  writer.end_array();
}

report::Report report_of(const std::vector<Answer>& answers, const Asked& asked,
                         const Terms& terms) {
  report::Report report{
      .title = asked.source,
      .subtitle = fmt::format(
          "{}: {}", asked.source,
          subtitle_of(asked.question, terms, answers.empty() ? 0 : answers.front().sent)),
      .facts = facts_of(asked, terms),
      .objective = asked.question.objective.limit,
      .currency = asked.question.price.currency};
  report.facts.emplace_back(
      "A month is 730 hours at the pace of the time shown, its end without arrivals left out.");
  for (const Answer& answer : answers) {
    report.runs.push_back(answer.run);
  }
  return report;
}

}  // namespace scaler::study
