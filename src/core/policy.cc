#include "core/policy.h"

#include <fmt/format.h>

namespace scaler {
namespace {

struct IntegerField {
  std::string_view name;
  std::int64_t value;
  std::int64_t min;
  std::int64_t max;
};

struct DurationField {
  std::string_view name;
  Duration value;
};

Result<void> check(const IntegerField& field) {
  if (field.value < field.min || field.value > field.max) {
    return fail(ErrorKind::Malformed, fmt::format("{} is {}, but must be from {} to {}", field.name,
                                                  field.value, field.min, field.max));
  }
  return {};
}

Result<void> check(const DurationField& field) {
  if (field.value < Duration::zero() || field.value > kDurationLimit) {
    return fail(ErrorKind::Malformed,
                fmt::format("{} is {}, but must be from 0 s to {}", field.name,
                            format_duration(field.value), format_duration(kDurationLimit)));
  }
  return {};
}

std::int64_t default_tasks_max(const PolicyOptions& options) {
  return options.mode == Mode::Fixed ? options.scale_up_target : kTasksLimit;
}

}  // namespace

Result<Policy> Policy::create(const PolicyOptions& options) {
  const std::int64_t tasks_max = options.tasks_max.value_or(default_tasks_max(options));
  TRY(check(IntegerField{"scale_up_target", options.scale_up_target, 1, kTasksLimit}));
  if (options.mode == Mode::Backlog) {
    TRY(check(IntegerField{"backlog_per_task", options.backlog_per_task, 1, kMessagesLimit}));
  }
  for (const IntegerField& field : {
           IntegerField{"concurrency_per_task", options.concurrency_per_task, 1, kMessagesLimit},
           IntegerField{"activation_backlog", options.activation_backlog, 1, kMessagesLimit},
           IntegerField{"tasks_min", options.tasks_min, 0, kTasksLimit},
           IntegerField{"tasks_max", tasks_max, 1, kTasksLimit},
           IntegerField{"zero_confirmations", options.zero_confirmations, 1, 1000},
           IntegerField{"fallback_tasks", options.fallback_tasks.value_or(0), 0, kTasksLimit},
           IntegerField{"failures_before_fallback", options.failures_before_fallback, 1, 1000},
       }) {
    TRY(check(field));
  }
  for (const DurationField& field : {
           DurationField{"scale_down_threshold", options.scale_down_threshold},
           DurationField{"scale_in_cooldown", options.scale_in_cooldown},
           DurationField{"scale_out_cooldown", options.scale_out_cooldown},
       }) {
    TRY(check(field));
  }
  if (options.tasks_min > tasks_max) {
    return fail(ErrorKind::Malformed,
                fmt::format("tasks_min is {}, but must not be above tasks_max ({})",
                            options.tasks_min, tasks_max));
  }
  Policy policy(options);
  policy.options_.tasks_max = tasks_max;
  return policy;
}

}  // namespace scaler
