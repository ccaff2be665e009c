#include "core/policy.h"

#include <fmt/format.h>

#include "core/policy_fields.h"

namespace scaler {
namespace {

/// Checks one field's range; words and flags are right by their type.
struct CheckRange {
  const PolicyField& field;
  const PolicyOptions& options;

  Result<void> operator()(std::int64_t PolicyOptions::* member) const {
    return integer(options.*member);
  }
  Result<void> operator()(std::optional<std::int64_t> PolicyOptions::* member) const {
    return options.*member ? integer(*(options.*member)) : Result<void>();
  }
  Result<void> operator()(Duration PolicyOptions::* member) const {
    const Duration value = options.*member;
    if (value < Duration(field.min) || value > Duration(field.max)) {
      return fail(
          ErrorKind::Malformed,
          fmt::format("{} is {}, but must be from {} to {}", field.name, format_duration(value),
                      format_duration(Duration(field.min)), format_duration(Duration(field.max))));
    }
    return {};
  }
  template <typename Other>
  Result<void> operator()(Other PolicyOptions::* /*member*/) const {
    return {};
  }

  Result<void> integer(std::int64_t value) const {
    if (value < field.min || value > field.max) {
      return fail(ErrorKind::Malformed, fmt::format("{} is {}, but must be from {} to {}",
                                                    field.name, value, field.min, field.max));
    }
    return {};
  }
};

std::int64_t default_tasks_max(const PolicyOptions& options) {
  return options.mode == Mode::Fixed ? options.scale_up_target : kTasksLimit;
}

}  // namespace

Result<Policy> Policy::create(const PolicyOptions& options) {
  for (const PolicyField& field : policy_fields()) {
    const bool unused = field.name == "backlog_per_task" && options.mode != Mode::Backlog;
    if (!unused) {
      TRY(std::visit(CheckRange{field, options}, field.member));
    }
  }
  const std::int64_t tasks_max = options.tasks_max.value_or(default_tasks_max(options));
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
