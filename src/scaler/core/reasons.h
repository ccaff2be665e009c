#pragma once
// What each reason of a step means, as one table: the rule that gives it, its numbers, its note. A
// reason that is missing from the table, or whose note names a number that it has not, does not
// compile.

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "scaler/core/decision.h"

namespace scaler {

enum class Measure {
  Tasks,
  Messages,
  Queues,
  Observations,
  Milliseconds,
  Millionths,  ///< of a task or a message
  Place,       ///< in a list, from 1 on; 0 for none
  Since1970,   ///< milliseconds: an Instant
};

/// One of Step::numbers.
struct Number {
  std::string_view name;
  Measure measure = Measure::Tasks;
};

struct Numbers {
  std::array<Number, kStepNumbers> each = {};
  std::size_t size = 0;

  constexpr const Number* begin() const { return each.data(); }
  constexpr const Number* end() const { return each.data() + size; }
};

struct ReasonEntry {
  Reason reason = Reason::Count;
  Rule rule = Rule::Backlog;
  Numbers numbers = {};
  /// "{name}" is a number with its unit, "{name:n}" without; "{tasks}" is the step's proposal, "{}"
  /// what `part` says.
  std::string_view note;
  /// For what a template cannot say.
  std::string (*part)(const Step& step) = nullptr;
};

const ReasonEntry& entry_of(Reason reason);

}  // namespace scaler
