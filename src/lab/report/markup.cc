#include "lab/report/markup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "ground/base/text.h"

namespace scaler::report {
namespace {

constexpr std::size_t kDifferencesShown = 100;
/// Degrees: a step round the circle of hues that comes near no earlier one for long.
constexpr double kHueStep = 137.508;
constexpr double kHueFirst = 255;

double cost(const ReportedRun& run) {
  return run.figures.month.value_or(run.figures.price.value_or(run.figures.task_hours));
}

std::string key_html(std::size_t run) {
  return fmt::format("<span {}></span>", color_of(run));
}

std::string month_text(const Report& report, const ReportedRun& run) {
  return run.figures.month ? money(*run.figures.month, report.currency) : "–";
}

/// A column of the table of runs.
struct Column {
  std::string title = {};
  std::string (*text)(const Report& report, const ReportedRun& run);
  /// What it is compared by, the smaller the better; nothing where neither is.
  double (*rank)(const ReportedRun& run) = nullptr;
};

std::string count(std::int64_t number) {
  return fmt::format("{}", number);
}

std::vector<Column> columns_of(const Report& report) {
  using R = const ReportedRun&;
  using P = const Report&;
  std::vector<Column> columns{
      {"a month", month_text, cost},
      {"wait p95", [](P, R r) { return format_duration(r.figures.waiting_p95); },
       [](R r) { return static_cast<double>(r.figures.waiting_p95.count()); }},
      {fmt::format("in {}", format_duration(report.objective)),
       [](P, R r) { return fmt::format("{:.1f} %", 100 * r.figures.share_within_objective); },
       [](R r) { return -r.figures.share_within_objective; }},
      {"p50", [](P, R r) { return format_duration(r.figures.waiting_p50); },
       [](R r) { return static_cast<double>(r.figures.waiting_p50.count()); }},
      {"p99", [](P, R r) { return format_duration(r.figures.waiting_p99); },
       [](R r) { return static_cast<double>(r.figures.waiting_p99.count()); }},
      {"longest", [](P, R r) { return format_duration(r.figures.waiting_max); },
       [](R r) { return static_cast<double>(r.figures.waiting_max.count()); }},
      {"task-hours", [](P, R r) { return fmt::format("{:.1f}", r.figures.task_hours); },
       [](R r) { return r.figures.task_hours; }},
      {"scaling actions", [](P, R r) { return count(r.figures.scaling_actions); }},
      {"turns", [](P, R r) { return count(r.figures.direction_changes); }},
      {"most tasks", [](P, R r) { return count(r.figures.tasks_peak); }},
      {"busy tasks stopped", [](P, R r) { return count(r.figures.killed_busy); }},
      {"messages lost", [](P, R r) { return count(r.figures.lost); }}};
  if (std::ranges::none_of(report.runs, [](R r) { return r.figures.month.has_value(); })) {
    columns.erase(columns.begin());
  }
  return columns;
}

std::string cell(const Report& report, const Column& column, const ReportedRun& run) {
  double best = INFINITY;
  std::size_t honest = 0;
  for (const ReportedRun& other : report.runs) {
    if (column.rank != nullptr && other.figures.lost == 0) {
      best = std::min(best, column.rank(other));
      ++honest;
    }
  }
  const bool is_best = honest > 1 && column.rank(run) == best;
  const bool is_bad = column.title == "messages lost" && run.figures.lost > 0;
  return fmt::format("<td{}>{}</td>",
                     is_bad    ? " class=\"bad\""
                     : is_best ? " class=\"best\""
                               : "",
                     column.text(report, run));
}

/// One large figure. `mark` is a class: "good", "bad" or none.
std::string card(std::string_view what, std::string_view before, std::string_view after,
                 std::string_view mark, std::string_view more) {
  const std::string was = before.empty()
                              ? ""
                              : fmt::format(
                                    "<span class=\"was\">{} <span aria-label=\"becomes\">→</span>"
                                    "</span> ",
                                    markup_text(before));
  return fmt::format(
      "<div class=\"card\"><dt>{}</dt><dd>{}<b class=\"{}\">{}</b><small>{}</small></dd></div>\n",
      markup_text(what), was, mark, markup_text(after), markup_text(more));
}

std::string difference_row(const Difference& difference) {
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"words\">{}</td>"
      "</tr>\n",
      format_instant(difference.at), difference.seen, difference.really, difference.would,
      markup_text(difference.because));
}

std::string list_html(std::string_view id, const std::vector<std::string>& lines) {
  std::string html = fmt::format("<ul id=\"{}\">\n", id);
  for (const std::string& line : lines) {
    html += fmt::format("<li>{}</li>\n", markup_text(line));
  }
  return html + "</ul>\n";
}

std::string value_cell(const std::string& value) {
  constexpr std::size_t kLong = 24;  // characters; what is longer may break anywhere
  return fmt::format("<td{}>{}</td>", value.size() > kLong ? " class=\"long\"" : "",
                     markup_text(value));
}

std::string settings_html(const AdviceSection& advice) {
  std::string html =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Settings\">"
      "<table id=\"settings\">\n<thead><tr><th scope=\"col\">setting</th>"
      "<th scope=\"col\">advised</th><th scope=\"col\">instead of</th>"
      "<th scope=\"col\">what it does</th></tr></thead>\n<tbody>\n";
  for (const Setting& setting : advice.settings) {
    html += fmt::format(
        "<tr><th scope=\"row\"><code>{}</code></th>{}{}"
        "<td class=\"words\">{}</td></tr>\n",
        setting.name, value_cell(setting.advised), value_cell(setting.present),
        markup_text(setting.meaning));
  }
  return html + "</tbody></table></div>\n";
}

}  // namespace

std::string money(double amount, const std::string& currency) {
  std::string text = fmt::format("{:.{}f}", amount, std::abs(amount) >= 1000 ? 0 : 2);
  for (std::size_t at = std::min(text.find('.'), text.size()); at > 3 && text.at(at - 4) != '-';) {
    at -= 3;
    text.insert(at, ",");
  }
  return currency == "USD" ? "$" + text : text + " " + currency;
}

std::string color_of(std::size_t run) {
  return fmt::format("class=\"key{}\" style=\"--hue:{:.1f}\"", run % 2 == 0 ? "" : " odd",
                     std::fmod(kHueFirst + kHueStep * static_cast<double>(run), 360));
}

bool unbeaten(const Report& report, const ReportedRun& run) {
  const Figures& mine = run.figures;
  return mine.lost == 0 && std::ranges::none_of(report.runs, [&](const ReportedRun& other) {
           const Figures& theirs = other.figures;
           return theirs.lost == 0 && theirs.waiting_p95 <= mine.waiting_p95 &&
                  cost(other) <= cost(run) &&
                  (theirs.waiting_p95 < mine.waiting_p95 || cost(other) < cost(run));
         });
}

std::string cards_html(const Report& report) {
  if (!report.advice) {
    return "";
  }
  const ReportedRun& before = report.runs.at(report.advice->present);
  const ReportedRun& after = report.runs.at(report.advice->advised);
  const auto better = [](auto was, auto is) { return is < was ? "good" : ""; };
  std::string html = "<dl id=\"cards\">\n";
  html += card("Cost a month", month_text(report, before), month_text(report, after),
               better(cost(before), cost(after)),
               fmt::format("{} of it for the scaler itself",
                           money(after.figures.own_month, report.currency)));
  html += card("Waiting time p95", format_duration(before.figures.waiting_p95),
               format_duration(after.figures.waiting_p95),
               better(before.figures.waiting_p95, after.figures.waiting_p95),
               fmt::format("p50 {}, longest {}", format_duration(after.figures.waiting_p50),
                           format_duration(after.figures.waiting_max)));
  html += card(fmt::format("Waited at most {}", format_duration(report.objective)),
               fmt::format("{:.1f} %", 100 * before.figures.share_within_objective),
               fmt::format("{:.1f} %", 100 * after.figures.share_within_objective),
               after.meets ? "good" : "bad",
               after.meets ? "the objective is met" : "the objective is missed");
  html += card("Messages lost", "", count(after.figures.lost), after.figures.lost > 0 ? "bad" : "",
               fmt::format("busy tasks stopped: {}", after.figures.killed_busy));
  return html + "</dl>\n";
}

std::string blocks_html(const Report& report) {
  if (!report.advice) {
    return "";
  }
  std::string html =
      "<section aria-labelledby=\"blocks-title\" id=\"blocks\">\n"
      "<h2 id=\"blocks-title\">Copy this into your deployment</h2>\n<div class=\"tabs\">\n";
  const std::vector<Block>& blocks = report.advice->blocks;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    html += fmt::format(
        "<input type=\"radio\" name=\"block\" id=\"block-{0}\"{1}><label for=\"block-{0}\">{2}"
        "</label>\n<div class=\"block\"><p class=\"hint\" id=\"note-{0}\">{3}</p>"
        "<button type=\"button\" class=\"copy\" data-block=\"text-{0}\" "
        "aria-describedby=\"note-{0}\" hidden>Copy</button>\n"
        "<pre id=\"text-{0}\" tabindex=\"0\" role=\"region\" aria-label=\"{2}\">{4}</pre></div>\n",
        i, i == 0 ? " checked" : "", markup_text(blocks.at(i).name), markup_text(blocks.at(i).note),
        markup_text(blocks.at(i).text));
  }
  return html + "</div>\n</section>\n";
}

std::string reasons_html(const Report& report) {
  if (!report.advice) {
    return "";
  }
  return "<section aria-labelledby=\"why-title\">\n<h2 id=\"why-title\">Why this one</h2>\n" +
         list_html("reasons", report.advice->reasons) + settings_html(*report.advice) +
         "</section>\n";
}

std::string table_html(const Report& report) {
  const std::vector<Column> columns = columns_of(report);
  std::string html = "<thead><tr><th scope=\"col\">policy</th>";
  for (const Column& column : columns) {
    html += fmt::format("<th scope=\"col\">{}</th>", column.title);
  }
  html += "</tr></thead>\n<tbody>\n";
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    const ReportedRun& run = report.runs.at(i);
    html += fmt::format("<tr><th scope=\"row\">{}{}{}</th>", key_html(i),
                        unbeaten(report, run) ? "★ " : "", markup_text(run.name));
    for (const Column& column : columns) {
      html += cell(report, column, run);
    }
    html += "</tr>\n";
  }
  html += "</tbody>";
  return html;
}

std::string replays_html(const Report& report) {
  std::string html;
  for (const Replay& replay : report.replays) {
    html += fmt::format(
        "<h3>{}</h3>\n<p>Of {} passes in the journal it would have wanted more tasks in {} and "
        "fewer in {}.</p>\n",
        markup_text(replay.name), replay.passes, replay.more, replay.fewer);
    if (replay.differences.empty()) {
      continue;
    }
    html +=
        "<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" aria-label=\"Differences\">"
        "<table class=\"differences\">\n<thead><tr><th scope=\"col\">pass</th>"
        "<th scope=\"col\">tasks before</th><th scope=\"col\">really</th>"
        "<th scope=\"col\">would</th><th scope=\"col\">because</th></tr></thead>\n<tbody>\n";
    const std::size_t shown = std::min(kDifferencesShown, replay.differences.size());
    for (std::size_t i = 0; i < shown; ++i) {
      html += difference_row(replay.differences.at(i));
    }
    html += "</tbody></table></div>\n";
    if (shown < replay.differences.size()) {
      html += fmt::format(
          "<p class=\"hint\">The first {} of {}; all of them with "
          "<code>simulate --output json</code>.</p>\n",
          shown, replay.differences.size());
    }
  }
  return html.empty() ? html
                      : "<section aria-labelledby=\"replay-title\" id=\"replays\">\n"
                        "<h2 id=\"replay-title\">Decision by decision, against the journal</h2>\n" +
                            html + "</section>\n";
}

std::string facts_html(const Report& report) {
  std::string notes;
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    if (!report.runs.at(i).note.empty()) {
      notes +=
          fmt::format("<li>{}<b>{}</b>: {}</li>\n", key_html(i),
                      markup_text(report.runs.at(i).name), markup_text(report.runs.at(i).note));
    }
  }
  return "<ul id=\"notes\">\n" + notes + "</ul>\n" + list_html("facts", report.facts);
}

}  // namespace scaler::report
