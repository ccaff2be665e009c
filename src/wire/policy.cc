#include "wire/policy.h"

#include <type_traits>

#include <fmt/core.h>

#include "ground/base/problems.h"

namespace scaler {
namespace {

template <typename Word>
Result<Word> read_word(const json::Reader& value, std::string_view words) {
  const std::string text = TRY(value.string());
  const std::optional<Word> word = parse_word<Word>(text);
  if (!word) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: '{}' is not one of {}", value.path(), shortened(text), words));
  }
  return *word;
}

/// {"tasks":4,"period":60} or {"percent":100,"period":60}
Result<BudgetLimit> read_limit(const json::Reader& object) {
  TRY(object.only_fields({"tasks", "percent", "period"}));
  const auto tasks = object.optional_field("tasks");
  const auto percent = object.optional_field("percent");
  if (tasks.has_value() == percent.has_value()) {
    return fail(ErrorKind::Malformed,
                fmt::format("{}: needs either tasks or percent", object.path()));
  }
  BudgetLimit limit;
  limit.unit = tasks ? BudgetLimit::Unit::Tasks : BudgetLimit::Unit::Percent;
  limit.amount = TRY(
      (tasks ? *tasks : *percent).integer({.min = 1, .max = tasks ? kTasksLimit : kPercentLimit}));
  const json::Reader period = TRY(object.field("period"));
  limit.period = TRY(period.seconds());
  return limit;
}

/// {"select":"max","policies":[..]}
Result<Budget> read_budget(const json::Reader& object) {
  TRY(object.only_fields({"select", "policies"}));
  Budget budget;
  if (const auto select = object.optional_field("select")) {
    budget.select = TRY(read_word<BudgetSelect>(*select, "max|min|disabled"));
  }
  if (const auto policies = object.optional_field("policies")) {
    for (const json::Reader& policy : TRY(policies->items())) {
      budget.limits.push_back(TRY(read_limit(policy)));
    }
  }
  return budget;
}

/// {"cron":"0 8 * * 1-5","duration":36000,"time_zone":"Europe/Berlin","tasks_min":2,"tasks_max":10}
Result<ScheduleOptions> read_schedule(const json::Reader& object) {
  TRY(object.only_fields({"cron", "duration", "time_zone", "tasks_min", "tasks_max"}));
  ScheduleOptions schedule;
  const json::Reader cron = TRY(object.field("cron"));
  schedule.cron = TRY(cron.string());
  const json::Reader duration = TRY(object.field("duration"));
  schedule.duration = TRY(duration.seconds());
  if (const auto zone = object.optional_field("time_zone")) {
    schedule.time_zone = TRY(zone->string());
  }
  if (const auto min = object.optional_field("tasks_min")) {
    schedule.tasks_min = TRY(min->integer({.min = 0, .max = kTasksLimit}));
  }
  if (const auto max = object.optional_field("tasks_max")) {
    schedule.tasks_max = TRY(max->integer({.min = 1, .max = kTasksLimit}));
  }
  return schedule;
}

/// [{"cron":..},..]; what is wrong with each is told of all together.
Result<std::vector<ScheduleOptions>> read_schedules(const json::Reader& list) {
  std::vector<ScheduleOptions> schedules;
  Problems problems;
  for (const json::Reader& item : TRY(list.items())) {
    Result<ScheduleOptions> schedule = read_schedule(item);
    problems.add_if_failed(schedule);
    schedules.push_back(std::move(schedule).value_or(ScheduleOptions()));
  }
  TRY(problems.result());
  return schedules;
}

double as_number(std::int64_t millionths) {
  return static_cast<double>(millionths) / Millionths::kOne;
}

struct ReadInto {
  const PolicyField& field;
  const json::Reader& value;
  PolicyOptions& options;

  template <typename Value>
  Result<void> operator()(Value PolicyOptions::* member) const {
    return read(options.*member);
  }

  template <typename Value>
  Result<void> put(Value& target, Result<Value> read) const {
    target = TRY(std::move(read));
    return {};
  }
  Result<void> read(std::int64_t& target) const {
    return put(target, value.integer({.min = field.min, .max = field.max}));
  }
  Result<void> read(Duration& target) const { return put(target, value.seconds()); }
  Result<void> read(Millionths& target) const {
    target.count = TRY(value.millionths(as_number(field.min), as_number(field.max)));
    return {};
  }
  Result<void> read(bool& target) const { return put(target, value.boolean()); }
  Result<void> read(Budget& target) const { return put(target, read_budget(value)); }
  Result<void> read(std::vector<ScheduleOptions>& target) const {
    return put(target, read_schedules(value));
  }
  template <typename Value>
  Result<void> read(std::optional<Value>& target) const {
    return read(target.emplace());
  }
  template <typename Word>
    requires std::is_enum_v<Word>
  Result<void> read(Word& target) const {
    return put(target, read_word<Word>(value, field.unit));
  }
};

}  // namespace

Result<void> read_field(const PolicyField& field, const json::Reader& value,
                        PolicyOptions& options) {
  return std::visit(ReadInto{field, value, options}, field.member);
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
