#include "lab/report/report.h"

#include <cmath>
#include <string_view>

#include "ground/base/text.h"
#include "ground/json/writer.h"

namespace scaler::report {

// Of the generated page_parts.cc.
std::string_view page_html();
std::string_view page_css();
std::string_view chart_js();
std::string_view page_js();

namespace {

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

/// To a thousandth: more digits only make the page larger.
double rounded(double number) {
  return std::round(number * 1000) / 1000;
}

void write_figures(json::Writer& writer, const Figures& figures) {
  writer.name("figures")
      .begin_object()
      .field("p50", seconds(figures.waiting_p50))
      .field("p95", seconds(figures.waiting_p95))
      .field("p99", seconds(figures.waiting_p99))
      .field("max", seconds(figures.waiting_max))
      .field("within", figures.share_within_objective)
      .field("task_hours", rounded(figures.task_hours));
  if (figures.price) {
    writer.field("price", rounded(*figures.price));
  }
  writer.field("actions", figures.scaling_actions)
      .field("direction_changes", figures.direction_changes)
      .field("peak", figures.tasks_peak)
      .field("killed", figures.killed_busy)
      .field("lost", figures.lost)
      .end_object();
}

/// One array a column: half the size of an object a moment.
template <typename Value>
void write_column(json::Writer& writer, std::string_view name, const std::vector<Moment>& moments,
                  Value value) {
  writer.name(name).begin_array();
  for (const Moment& moment : moments) {
    value(moment);
  }
  writer.end_array();
}

void write_moments(json::Writer& writer, const std::vector<Moment>& moments) {
  const auto column = [&](std::string_view name, std::int64_t Moment::* member) {
    write_column(writer, name, moments,
                 [&](const Moment& moment) { writer.value(moment.*member); });
  };
  write_column(writer, "at", moments,
               [&](const Moment& moment) { writer.value(moment.at.time_since_epoch().count()); });
  column("arrived", &Moment::arrived);
  column("backlog", &Moment::backlog);
  column("in_flight", &Moment::in_flight);
  column("desired", &Moment::desired);
  column("running", &Moment::running);
  write_column(writer, "waiting", moments, [&](const Moment& moment) {
    if (moment.waiting_max) {
      writer.value(seconds(*moment.waiting_max));
    } else {
      writer.null();
    }
  });
}

std::string data(const Report& report) {
  json::Writer writer;
  writer.begin_object()
      .field("title", report.title)
      .field("subtitle", report.subtitle)
      .field("objective", seconds(report.objective))
      .field("currency", report.currency);
  writer.name("facts").begin_array();
  for (const std::string& fact : report.facts) {
    writer.value(fact);
  }
  writer.end_array().name("runs").begin_array();
  for (const Run& run : report.runs) {
    writer.begin_object().field("name", run.name).field("note", run.note);
    write_figures(writer, run.figures);
    write_moments(writer, run.moments);
    writer.end_object();
  }
  writer.end_array().end_object();
  return std::move(writer).text();
}

/// JSON within a script element: only '<' could end it (or open a comment), and only inside
/// strings does it stand in JSON.
std::string safe_in_script(std::string_view json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string html(const Report& report) {
  std::string page;
  std::string_view rest = page_html();
  const auto put = [&](std::string_view mark, std::string_view text) {
    const std::size_t at = rest.find(mark);
    page.append(rest.substr(0, at)).append(text);
    rest.remove_prefix(at + mark.size());
  };
  put("/*title*/", markup_text(report.title));
  put("/*page.css*/", page_css());
  put("/*data*/", safe_in_script(data(report)));
  put("/*chart.js*/", chart_js());
  put("/*page.js*/", page_js());
  return page.append(rest);
}

}  // namespace scaler::report
