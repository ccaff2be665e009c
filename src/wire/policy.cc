#include "wire/policy.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/base/text.h"
#include "wire/fields.h"

namespace scaler {
namespace wire {

template <>
inline constexpr auto kFields<Budget> =
    std::tuple{CodecField{.name = "select",
                          .member = &Budget::select,
                          .limits = Limits{.words = "max|min|disabled"},
                          .told = always<Budget>},
               CodecField{.name = "policies", .member = &Budget::limits, .told = always<Budget>}};

/// {"cron":"0 8 * * 1-5","duration":36000,"time_zone":"Europe/Berlin","tasks_min":2,"tasks_max":10}
template <>
inline constexpr auto kFields<ScheduleOptions> =
    std::tuple{CodecField{.name = "cron",
                          .member = &ScheduleOptions::cron,
                          .required = true,
                          .told = always<ScheduleOptions>},
               CodecField{.name = "duration",
                          .member = &ScheduleOptions::duration,
                          .required = true,
                          .told = always<ScheduleOptions>},
               CodecField{.name = "time_zone", .member = &ScheduleOptions::time_zone},
               CodecField{.name = "tasks_min",
                          .member = &ScheduleOptions::tasks_min,
                          .limits = Limits{.min = 0, .max = kTasksLimit}},
               CodecField{.name = "tasks_max",
                          .member = &ScheduleOptions::tasks_max,
                          .limits = Limits{.min = 1, .max = kTasksLimit}}};

/// {"tasks":4,"period":60} or {"percent":100,"period":60}: what the amount is called is its unit.
template <>
Result<void> read_value(const json::Reader& object, const Limits& /*of a field*/,
                        BudgetLimit& limit) {
  TRY(object.only_fields({"tasks", "percent", "period"}));
  const auto tasks = object.optional_field("tasks");
  const auto percent = object.optional_field("percent");
  if (tasks.has_value() == percent.has_value()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: needs either tasks or percent", object.path()));
  }
  limit.unit = tasks ? BudgetLimit::Unit::Tasks : BudgetLimit::Unit::Percent;
  limit.amount = TRY(
      (tasks ? *tasks : *percent).integer({.min = 1, .max = tasks ? kTasksLimit : kPercentLimit}));
  const json::Reader period = TRY(object.field("period"));
  limit.period = TRY(period.seconds());
  return {};
}

template <>
void write_value(json::Writer& writer, const BudgetLimit& limit) {
  const bool tasks = limit.unit == BudgetLimit::Unit::Tasks;
  writer.begin_object().field(tasks ? "tasks" : "percent", limit.amount);
  write_value(writer.name("period"), limit.period);
  writer.end_object();
}

/// What is wrong with each is told of all together.
template <>
Result<void> read_value(const json::Reader& list, const Limits& limits,
                        std::vector<ScheduleOptions>& schedules) {
  Problems problems;
  for (const json::Reader& item : TRY(list.items())) {
    problems.add_if_failed(read_fields(item, limits, schedules.emplace_back()));
  }
  return problems.result();
}

}  // namespace wire

Result<void> read_field(const PolicyField& field, const json::Reader& value,
                        PolicyOptions& options) {
  const wire::Limits limits{.min = field.min, .max = field.max, .words = field.unit};
  return std::visit([&](auto member) { return wire::read_value(value, limits, options.*member); },
                    field.member);
}

std::string field_json(const PolicyField& field, const PolicyOptions& options) {
  json::Writer writer;
  std::visit([&](auto member) { wire::write_value(writer, options.*member); }, field.member);
  return std::move(writer).text();
}

std::string unquoted(std::string json) {
  std::erase(json, '"');
  return json;
}

std::string default_of(const PolicyField& field) {
  const std::string json = field_json(field, {});
  const bool none = json == "null" || json.starts_with('{') || json.starts_with('[');
  return none ? "" : unquoted(json);
}

std::string variable_name(const PolicyField& field) {
  return upper_case(field.name);
}

json::Value value_as_written(const std::string& text) {
  if (text == "true" || text == "false") {
    return json::Value(text == "true");
  }
  if (text.starts_with('{') || text.starts_with('[')) {
    return json::parse(text).value_or(json::Value(text));
  }
  if (const auto whole = number_of<std::int64_t>(text)) {
    return json::Value(*whole);
  }
  if (const auto real = number_of<double>(text); real && std::isfinite(*real)) {
    return json::Value(*real);
  }
  return json::Value(text);
}

Result<void> read_setting(std::string_view name, const std::string& value, PolicyOptions& options) {
  const auto field = std::ranges::find(policy_fields(), name, &PolicyField::name);
  if (field != policy_fields().end()) {
    const json::Value written = value_as_written(value);
    return read_field(*field, json::Reader(written, std::string(name)), options);
  }
  std::vector<std::string_view> names;
  for (const PolicyField& known : policy_fields()) {
    names.push_back(known.name);
  }
  return fail(ErrorKind::Malformed, fmt::format("{} is no setting of a policy{}", shortened(name),
                                                did_you_mean(name, names)));
}

Result<void> read_fields(const json::Reader& object, PolicyOptions& options) {
  std::vector<std::string_view> names;
  for (const PolicyField& field : policy_fields()) {
    names.push_back(field.name);
  }
  Problems problems;
  problems.add_if_failed(object.only_fields(names));
  for (const PolicyField& field : policy_fields()) {
    if (const auto value = object.optional_field(field.name)) {
      problems.add_if_failed(read_field(field, *value, options));
    }
  }
  return problems.result();
}

Result<Policy> read_policy(const json::Reader& object) {
  PolicyOptions options;
  TRY(read_fields(object, options));
  Result<Policy> policy = Policy::create(options);
  if (!policy) {
    return fail(std::move(policy).error(), object.path());
  }
  return policy;
}

}  // namespace scaler
