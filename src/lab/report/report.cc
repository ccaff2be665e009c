#include "lab/report/report.h"

#include <cmath>
#include <map>
#include <string_view>
#include <vector>

#include "ground/base/text.h"
#include "ground/charts/charts.h"
#include "ground/json/writer.h"
#include "lab/report/markup.h"

namespace scaler::report {

// Of the generated page_parts.cc.
std::string_view page_html();
std::string_view page_css();
std::string_view svg_js();
std::string_view plane_js();
std::string_view page_js();

namespace {

/// To a thousandth: more digits only make the page larger.
double rounded(double number) {
  return std::round(number * 1000) / 1000;
}

void write_figures(json::Writer& writer, const Figures& figures) {
  writer.name("figures")
      .begin_object()
      .field("p95", in_seconds(figures.waiting_p95))
      .field("task_hours", rounded(figures.task_hours));
  if (figures.month) {
    writer.field("month", rounded(*figures.month));
  }
  writer.end_object();
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

/// "why" holds indices into "reasons", of which the first is the empty one: many moments have the
/// same.
void write_reasons(json::Writer& writer, const std::vector<Moment>& moments) {
  std::map<std::string_view, std::size_t> numbers{{"", 0}};
  std::vector<std::string_view> reasons{""};
  write_column(writer, "why", moments, [&](const Moment& moment) {
    const auto [number, is_new] = numbers.emplace(moment.why, reasons.size());
    if (is_new) {
      reasons.push_back(moment.why);
    }
    writer.value(number->second);
  });
  writer.name("reasons").begin_array();
  for (const std::string_view reason : reasons) {
    writer.value(reason);
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
      writer.value(in_seconds(*moment.waiting_max));
    } else {
      writer.null();
    }
  });
  write_reasons(writer, moments);
}

/// Charts begin with what the decision is about: too many lines show nothing.
bool shown_first(const Report& report, std::size_t index) {
  constexpr std::size_t kFirst = 4;
  return report.advice ? index == report.advice->advised || index == report.advice->present
                       : index < kFirst;
}

void write_run(json::Writer& writer, const Report& report, std::size_t index) {
  const ReportedRun& run = report.runs.at(index);
  writer.begin_object()
      .field("name", run.name)
      .field("unbeaten", unbeaten(report, run))
      .field("loses", run.figures.lost > 0)
      .field("shown", shown_first(report, index));
  write_figures(writer, run.figures);
  writer.name("waits").begin_array();
  for (const Duration wait : run.waits) {
    writer.value(in_seconds(wait));
  }
  writer.end_array();
  write_moments(writer, run.moments);
  writer.end_object();
}

std::string data(const Report& report) {
  json::Writer writer;
  writer.begin_object()
      .field("title", report.title)
      .field("objective", in_seconds(report.objective))
      .field("currency", report.currency)
      .name("parts")
      .begin_array();
  for (const Part& part : report.parts) {
    writer.begin_object()
        .field("name", part.name)
        .field("from", part.from.time_since_epoch().count())
        .field("to", part.to.time_since_epoch().count())
        .end_object();
  }
  writer.end_array().name("runs").begin_array();
  for (std::size_t i = 0; i < report.runs.size(); ++i) {
    write_run(writer, report, i);
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
  put("/*charts.css*/", charts::style());
  put("/*page.css*/", page_css());
  put("/*sentence*/", markup_text(report.sentence.empty() ? report.title : report.sentence));
  put("/*subtitle*/", markup_text(report.subtitle));
  put("/*cards*/", cards_html(report));
  put("/*blocks*/", blocks_html(report));
  put("/*reasons*/", reasons_html(report));
  put("/*table*/", table_html(report));
  put("/*replays*/", replays_html(report));
  put("/*facts*/", facts_html(report));
  put("/*data*/", safe_in_script(data(report)));
  put("/*charts*/", charts::script());
  put("/*svg.js*/", svg_js());
  put("/*plane.js*/", plane_js());
  put("/*page.js*/", page_js());
  return page.append(rest);
}

}  // namespace scaler::report
