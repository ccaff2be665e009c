// The notes of the steps, for people: what their reasons say, filled in. Only when somebody asks.
#include "ground/base/clock.h"
#include "ground/base/text.h"
#include "scaler/core/policy_fields.h"
#include "scaler/core/reasons.h"

namespace scaler {
namespace {

std::string with_unit(std::int64_t count, Unit unit) {
  switch (unit) {
    case Unit::Tasks:
      return plural(count, "task");
    case Unit::Messages:
      return plural(count, "message");
    case Unit::Queues:
      return plural(count, "queue");
    case Unit::Observations:
      return plural(count, "observation");
    case Unit::Milliseconds:
      return format_duration(Duration(count));
    case Unit::Millionths:
      return format_millionths({count});
    case Unit::Since1970:
      return format_instant(Instant(Duration(count)));
    case Unit::Place:
      return std::to_string(count);
  }
  std::unreachable();
}

/// What stands for "{name}" or "{name:n}".
std::string filled_in(const Step& step, const ReasonEntry& entry, std::string_view placeholder) {
  if (placeholder.empty()) {
    return entry.part(step);
  }
  const std::string_view name = placeholder.substr(0, placeholder.find(':'));
  const bool alone = name.size() != placeholder.size();
  std::int64_t count = step.tasks;
  Unit unit = Unit::Tasks;
  for (std::size_t place = 0; place < entry.numbers.size; ++place) {
    if (entry.numbers.each.at(place).name == name) {
      count = step.numbers.at(place);
      unit = entry.numbers.each.at(place).unit;
    }
  }
  return alone ? std::to_string(count) : with_unit(count, unit);
}

}  // namespace

std::string explain(const Step& step) {
  const ReasonEntry& entry = entry_of(step.reason);
  std::string text;
  std::string_view rest = entry.note;
  while (true) {
    const std::size_t open = rest.find('{');
    text += rest.substr(0, open);
    if (open == std::string_view::npos) {
      return text;
    }
    const std::size_t close = rest.find('}', open);
    text += filled_in(step, entry, rest.substr(open + 1, close - open - 1));
    rest.remove_prefix(close + 1);
  }
}

}  // namespace scaler
