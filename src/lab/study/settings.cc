#include "lab/study/settings.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <type_traits>

#include <fmt/core.h>

#include "ground/json/writer.h"
#include "scaler/core/policy_fields.h"

namespace scaler::study {
namespace {

using Seconds = std::chrono::duration<double>;

/// A field's value as JSON: durations in seconds.
struct AsJson {
  const PolicyOptions& options;

  template <typename Value>
  std::string operator()(Value PolicyOptions::* member) const {
    return text(options.*member);
  }
  static std::string text(std::int64_t value) { return fmt::format("{}", value); }
  static std::string text(bool value) { return value ? "true" : "false"; }
  static std::string text(Duration value) {
    return fmt::format("{}", std::chrono::duration_cast<Seconds>(value).count());
  }
  static std::string text(Millionths value) { return format_millionths(value); }
  template <typename Value>
  static std::string text(const std::optional<Value>& value) {
    return value ? text(*value) : "null";
  }
  static std::string text(const Budget& budget) {
    json::Writer writer;
    writer.begin_object().field("select", to_string(budget.select)).name("policies").begin_array();
    for (const BudgetLimit& limit : budget.limits) {
      writer.begin_object()
          .field(limit.unit == BudgetLimit::Unit::Tasks ? "tasks" : "percent", limit.amount)
          .field("period", std::chrono::duration_cast<Seconds>(limit.period).count())
          .end_object();
    }
    return std::move(writer.end_array().end_object()).text();
  }
  static std::string text(const std::vector<ScheduleOptions>& schedules) {
    json::Writer writer;
    writer.begin_array();
    for (const ScheduleOptions& schedule : schedules) {
      writer.begin_object()
          .field("cron", schedule.cron)
          .field("duration", std::chrono::duration_cast<Seconds>(schedule.duration).count());
      if (schedule.time_zone != ScheduleOptions().time_zone) {
        writer.field("time_zone", schedule.time_zone);
      }
      if (schedule.tasks_min) {
        writer.field("tasks_min", *schedule.tasks_min);
      }
      if (schedule.tasks_max) {
        writer.field("tasks_max", *schedule.tasks_max);
      }
      writer.end_object();
    }
    return std::move(writer.end_array()).text();
  }
  template <typename Word>
    requires std::is_enum_v<Word>
  static std::string text(Word value) {
    return fmt::format("\"{}\"", to_string(value));
  }
};

struct Changed {
  std::string_view name = {};
  std::string json = {};
};

std::vector<Changed> changed_fields(const PolicyOptions& options) {
  const PolicyOptions defaults;
  std::vector<Changed> changed;
  for (const PolicyField& field : policy_fields()) {
    std::string value = std::visit(AsJson{options}, field.member);
    if (value != std::visit(AsJson{defaults}, field.member)) {
      changed.push_back({.name = field.name, .json = std::move(value)});
    }
  }
  return changed;
}

double seconds(Duration duration) {
  return std::chrono::duration_cast<Seconds>(duration).count();
}

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

}  // namespace

std::string tell(const Settings& settings) {
  std::string text;
  for (const Changed& field : changed_fields(settings.policy)) {
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", field.name, unquoted(field.json));
  }
  if (settings.triggers.tick) {
    text += fmt::format(" tick_seconds={}", seconds(*settings.triggers.tick));
  }
  return text + (settings.triggers.wake ? " wake=true" : "");
}

std::string to_json(const Settings& settings) {
  json::Writer writer;
  writer.begin_object().name("policy").begin_object();
  for (const Changed& field : changed_fields(settings.policy)) {
    writer.name(field.name).raw(field.json);
  }
  writer.end_object();
  if (settings.triggers.tick) {
    writer.field("tick_seconds", seconds(*settings.triggers.tick));
  }
  return std::move(writer.field("wake", settings.triggers.wake).end_object()).text();
}

std::string to_environment(const Settings& settings) {
  std::string text;
  for (const Changed& field : changed_fields(settings.policy)) {
    std::string name(field.name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    // The one variable in minutes: it is older than the others.
    const std::string value =
        field.name == "scale_down_threshold"
            ? fmt::format("{:.4g}", seconds(settings.policy.scale_down_threshold) / 60)
        : field.json.front() == '{' || field.json.front() == '[' ? "'" + field.json + "'"
                                                                 : unquoted(field.json);
    text += fmt::format("{}={}\n", name, value);
  }
  if (settings.triggers.tick) {
    text += fmt::format("TICK_SECONDS={}\n", seconds(*settings.triggers.tick));
  }
  return text + (settings.triggers.wake ? "WAKE=true\n" : "");
}

}  // namespace scaler::study
