// The notes of the steps, for people: what their reasons say, filled in. Only when somebody asks.
#include "ground/base/clock.h"
#include "ground/base/text.h"
#include "scaler/core/policy_fields.h"
#include "scaler/core/reasons.h"

namespace scaler {
namespace {

std::string with_measure(std::int64_t count, Measure measure) {
  switch (measure) {
    case Measure::Tasks:
      return plural(count, "task");
    case Measure::Messages:
      return plural(count, "message");
    case Measure::Queues:
      return plural(count, "queue");
    case Measure::Observations:
      return plural(count, "observation");
    case Measure::Milliseconds:
      return format_duration(Duration(count));
    case Measure::Millionths:
      return format_millionths({count});
    case Measure::Since1970:
      return format_instant(Instant(Duration(count)));
    case Measure::Place:
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
  Measure measure = Measure::Tasks;
  for (std::size_t place = 0; place < entry.numbers.size; ++place) {
    if (entry.numbers.each.at(place).name == name) {
      count = step.numbers.at(place);
      measure = entry.numbers.each.at(place).measure;
    }
  }
  return alone ? std::to_string(count) : with_measure(count, measure);
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
