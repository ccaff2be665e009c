#include "scaler/core/policy.h"

#include <algorithm>
#include <string>
#include <type_traits>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "scaler/core/policy_fields.h"

namespace scaler {
namespace {

std::string shown(std::int64_t value) {
  return std::to_string(value);
}
std::string shown(Duration value) {
  return format_duration(value);
}
std::string shown(Millionths value) {
  return format_millionths(value);
}

/// Checks one field's range; words and flags are right by their type.
struct CheckRange {
  const PolicyField& field;
  const PolicyOptions& options;

  template <typename Value>
  Result<void> operator()(Value PolicyOptions::* member) const {
    return check(field.name, options.*member);
  }

  template <typename Number>
  Result<void> between(std::string_view name, Number value, Number min, Number max) const {
    if (value < min || value > max) {
      return fail(ErrorKind::Malformed, fmt::format("{} is {}, but must be from {} to {}", name,
                                                    shown(value), shown(min), shown(max)));
    }
    return {};
  }
  Result<void> check(std::string_view name, std::int64_t value) const {
    return between(name, value, field.min, field.max);
  }
  Result<void> check(std::string_view name, Duration value) const {
    return between(name, value, Duration(field.min), Duration(field.max));
  }
  Result<void> check(std::string_view name, Millionths value) const {
    return between(name, value, Millionths{field.min}, Millionths{field.max});
  }
  template <typename Value>
  Result<void> check(std::string_view name, const std::optional<Value>& value) const {
    return value ? check(name, *value) : Result<void>();
  }
  Result<void> check(std::string_view name, const Budget& budget) const {
    for (std::size_t i = 0; i < budget.limits.size(); ++i) {
      const BudgetLimit& limit = budget.limits[i];
      const std::string path = fmt::format("{}.policies[{}]", name, i);
      const bool tasks = limit.unit == BudgetLimit::Unit::Tasks;
      TRY(between(path + (tasks ? ".tasks" : ".percent"), limit.amount, std::int64_t{1},
                  tasks ? kTasksLimit : kPercentLimit));
      TRY(between(path + ".period", limit.period, Duration(std::chrono::seconds(1)), kPeriodLimit));
    }
    return {};
  }
  /// The rest of a schedule is checked where it is made.
  Result<void> check(std::string_view name, const std::vector<ScheduleOptions>& schedules) const {
    if (schedules.size() > kSchedulesLimit) {
      return fail(ErrorKind::Malformed, fmt::format("{} has {} entries, but must have at most {}",
                                                    name, schedules.size(), kSchedulesLimit));
    }
    Problems problems;
    for (std::size_t i = 0; i < schedules.size(); ++i) {
      const auto in_range = [&](std::string_view member, const std::optional<std::int64_t>& tasks,
                                std::int64_t min) {
        if (tasks) {
          problems.add_if_failed(
              between(fmt::format("{}[{}].{}", name, i, member), *tasks, min, kTasksLimit));
        }
      };
      in_range("tasks_min", schedules[i].tasks_min, 0);
      in_range("tasks_max", schedules[i].tasks_max, 1);
    }
    return problems.result();
  }
  template <typename Word>
    requires std::is_enum_v<Word> || std::is_same_v<Word, bool>
  Result<void> check(std::string_view /*name*/, Word /*value*/) const {
    return {};
  }
};

void check_what_the_mode_needs(const PolicyOptions& options, Problems& problems) {
  const auto needs = [&](Mode mode, bool given, std::string_view name, std::string_view example) {
    if (options.mode == mode && !given) {
      problems.add(
          fmt::format("{} is not set, but mode {} needs it ({})", name, to_string(mode), example));
    }
  };
  needs(Mode::Backlog, options.backlog_per_task.has_value(), "backlog_per_task",
        "how many messages one task is to work off, such as 10");
  needs(Mode::Latency, options.target_latency.has_value(), "target_latency",
        "seconds within which a message is to be worked off, such as 60");
  needs(Mode::Latency, options.seconds_per_message.has_value(), "seconds_per_message",
        "how long one message takes, such as 0.5");
}

void check_bounds(const PolicyOptions& options, std::int64_t tasks_max, Problems& problems) {
  if (options.tasks_min > tasks_max) {
    problems.add(fmt::format("tasks_min is {}, but must not be above tasks_max ({})",
                             options.tasks_min, tasks_max));
  }
}

std::int64_t tasks_max_of(const PolicyOptions& options) {
  return options.tasks_max.value_or(options.mode == Mode::Fixed ? options.scale_up_target
                                                                : kTasksLimit);
}

/// Within a window: its own bounds, and the policy's where it has none. A default maximum makes
/// room for a schedule's minimum.
Bounds window_bounds(const PolicyOptions& options, const ScheduleOptions& schedule) {
  const std::int64_t min = schedule.tasks_min.value_or(options.tasks_min);
  const std::int64_t max = schedule.tasks_max.value_or(tasks_max_of(options));
  const bool given = schedule.tasks_max || options.tasks_max;
  return {.tasks_min = min, .tasks_max = given ? max : std::max(min, max)};
}

std::vector<Schedule> make_schedules(const PolicyOptions& options, Problems& problems) {
  std::vector<Schedule> made;
  for (std::size_t i = 0; i < options.schedules.size(); ++i) {
    const ScheduleOptions& one = options.schedules[i];
    const std::string path = fmt::format("schedules[{}]", i);
    Result<Schedule> schedule = Schedule::create(one, path);
    problems.add_if_failed(schedule);
    if (schedule) {
      made.push_back(*std::move(schedule));
    }
    if (!one.tasks_min && !one.tasks_max) {
      problems.add(fmt::format("{} changes nothing: it needs tasks_min, tasks_max or both", path));
    }
    const Bounds bounds = window_bounds(options, one);
    if (bounds.tasks_min > bounds.tasks_max) {
      problems.add(
          fmt::format("{0}: in its windows tasks_min is {1}{2}, but must not be above tasks_max "
                      "({3}{4})",
                      path, bounds.tasks_min, one.tasks_min ? "" : ", the policy's own",
                      bounds.tasks_max, one.tasks_max ? "" : ", the policy's own"));
    }
  }
  return made;
}

/// Never less than a message: more tasks than messages have nothing to do.
Policy::MessagesPerTask messages_per_task_of(const PolicyOptions& options) {
  if (options.mode == Mode::Backlog) {
    return {.messages = *options.backlog_per_task, .tasks = 1};
  }
  if (options.mode == Mode::Fixed) {
    return {};
  }
  const std::int64_t seconds = options.seconds_per_message->count;
  const std::int64_t latency = std::chrono::microseconds(*options.target_latency).count();
  const std::int64_t messages = scale_rounding_up(latency, options.concurrency_per_task, 1);
  return {.messages = std::max(messages, seconds), .tasks = seconds};
}

Duration longest_period_of(const PolicyOptions& options) {
  Duration longest = Duration::zero();
  for (const Budget* budget : {&options.scale_out_budget, &options.scale_in_budget}) {
    for (const BudgetLimit& limit : budget->limits) {
      longest = std::max(longest, limit.period);
    }
  }
  return longest;
}

}  // namespace

Policy::Policy(const PolicyOptions& options, std::vector<Schedule> schedules)
    : options_(options),
      schedules_(std::move(schedules)),
      tasks_max_(tasks_max_of(options)),
      messages_per_task_(messages_per_task_of(options)),
      longest_period_(longest_period_of(options)) {}

Result<Policy> Policy::create(const PolicyOptions& options) {
  Problems problems;
  for (const PolicyField& field : policy_fields()) {
    problems.add_if_failed(std::visit(CheckRange{field, options}, field.member));
  }
  check_what_the_mode_needs(options, problems);
  check_bounds(options, tasks_max_of(options), problems);
  std::vector<Schedule> schedules = make_schedules(options, problems);
  TRY(problems.result());
  return Policy(options, std::move(schedules));
}

Bounds Policy::bounds_at(Instant at) const {
  const Bounds own{.tasks_min = options_.tasks_min, .tasks_max = tasks_max_};
  if (schedules_.empty()) {
    return own;
  }
  std::optional<Bounds> highest;
  for (std::size_t i = 0; i < schedules_.size(); ++i) {
    const std::optional<Schedule::Window> window = schedules_[i].in_force(at);
    if (!window) {
      continue;
    }
    const Bounds bounds = window_bounds(options_, options_.schedules[i]);
    const Bounds::Source source{.schedule = i, .window = *window};
    if (!highest) {
      highest.emplace(Bounds{.tasks_min = -1, .tasks_max = -1});
    }
    if (bounds.tasks_min > highest->tasks_min) {
      highest->tasks_min = bounds.tasks_min;
      highest->min_from = source;
    }
    if (bounds.tasks_max > highest->tasks_max) {
      highest->tasks_max = bounds.tasks_max;
      highest->max_from = source;
    }
  }
  return highest.value_or(own);
}

Duration Policy::scale_in_window() const {
  return std::max(options_.scale_in_window, options_.busy_window);
}

Duration Policy::longest_window() const {
  return std::max(scale_in_window(), options_.scale_out_window);
}

}  // namespace scaler
