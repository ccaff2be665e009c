#include "lab/study/answers.h"

#include <algorithm>
#include <span>

#include <fmt/core.h>

#include "ground/base/text.h"

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

/// A name that is longer is broken, unless all columns fit beside it.
constexpr std::size_t kNameMax = 24;
constexpr std::size_t kGap = 1;

struct Column {
  std::string title = {};
  std::vector<std::string> cells = {};

  std::size_t width() const {
    std::size_t width = title.size();
    for (const std::string& cell : cells) {
      width = std::max(width, cell.size());
    }
    return width;
  }
};

Column names_of(const std::vector<Answer>& answers) {
  Column names{.title = "policy"};
  for (const Answer& answer : answers) {
    names.cells.push_back(answer.run.name);
  }
  return names;
}

std::vector<Column> columns_of(const std::vector<Answer>& answers, const Question& question) {
  using F = const report::Figures&;
  std::vector<Column> columns;
  const auto add = [&](const char* title, const auto& cell) {
    Column& column = columns.emplace_back(Column{.title = title});
    for (const Answer& answer : answers) {
      column.cells.push_back(cell(answer.run.figures));
    }
  };
  const auto count = [](const auto& number) { return fmt::format("{}", number); };
  add("a month", [&](F f) { return report::money(f.month.value_or(0), question.price.currency); });
  add("wait p95", [](F f) { return format_duration(f.waiting_p95); });
  add("in time", [](F f) { return percent(f.share_within_objective); });
  add("p50", [](F f) { return format_duration(f.waiting_p50); });
  add("p99", [](F f) { return format_duration(f.waiting_p99); });
  add("max", [](F f) { return format_duration(f.waiting_max); });
  add("task-hours", [](F f) { return fmt::format("{:.1f}", f.task_hours); });
  if (tells_instances(answers)) {
    add("instance-hours", [](F f) { return fmt::format("{:.1f}", f.instance_hours.value_or(0)); });
  }
  add("actions", [&](F f) { return count(f.scaling_actions); });
  add("turns", [&](F f) { return count(f.direction_changes); });
  add("peak", [&](F f) { return count(f.tasks_peak); });
  add("killed", [&](F f) { return count(f.killed_busy); });
  add("lost", [&](F f) { return count(f.lost); });
  return columns;
}

/// What is broken off a name stands further in, and the figures beside its last line.
std::string row_of(const std::string& name, std::size_t name_width, const std::string& figures) {
  constexpr std::size_t kIndent = 2;
  const std::string lines = name.size() <= name_width ? name : wrapped(name, name_width, kIndent);
  const std::size_t before = lines.rfind('\n') + 1;  // 0: there is one line
  const std::size_t last = lines.size() - before;
  const bool beside = last <= name_width;
  return fmt::format("{}{}{}{}\n", lines, beside ? "" : "\n",
                     std::string(name_width - (beside ? last : 0), ' '), figures);
}

std::string table_of(const Column& names, std::size_t name_width, std::span<const Column> columns) {
  const auto figures = [columns](const auto& cell) {
    std::string text;
    for (const Column& column : columns) {
      text += fmt::format("{:>{}}", cell(column), kGap + column.width());
    }
    return text;
  };
  std::string text =
      row_of(names.title, name_width, figures([](const Column& column) { return column.title; }));
  for (std::size_t i = 0; i < names.cells.size(); ++i) {
    text += row_of(names.cells.at(i), name_width,
                   figures([i](const Column& column) { return column.cells.at(i); }));
  }
  return text;
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

std::string answers_text(const std::vector<Answer>& answers, const Question& question,
                         std::size_t width) {
  const std::vector<Column> columns = columns_of(answers, question);
  const Column names = names_of(answers);
  std::size_t all = names.width();
  for (const Column& column : columns) {
    all += kGap + column.width();
  }
  const std::size_t name_width = all <= width ? names.width() : std::min(names.width(), kNameMax);
  std::string text;
  for (auto first = columns.begin(); first != columns.end();) {
    std::size_t taken = name_width;
    auto last = first;
    while (last != columns.end() && (last == first || taken + kGap + last->width() <= width)) {
      taken += kGap + last->width();
      ++last;
    }
    text += (text.empty() ? "" : "\n") + table_of(names, name_width, {first, last});
    first = last;
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
