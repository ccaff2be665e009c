#pragma once
// The one table of policy fields: name, member, range and the sentence that explains it.
// Policy::create checks with it; JSON, environment, help and documents are made from it.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "scaler/core/policy.h"

namespace scaler {

struct PolicyField {
  using Member =
      std::variant<std::int64_t PolicyOptions::*, std::optional<std::int64_t> PolicyOptions::*,
                   Duration PolicyOptions::*, std::optional<Duration> PolicyOptions::*,
                   Millionths PolicyOptions::*, std::optional<Millionths> PolicyOptions::*,
                   bool PolicyOptions::*, Mode PolicyOptions::*, Combine PolicyOptions::*,
                   ScaleInWhen PolicyOptions::*, Capacity PolicyOptions::*,
                   CapacityOrder PolicyOptions::*, Budget PolicyOptions::*,
                   std::vector<ScheduleOptions> PolicyOptions::*>;

  std::string_view name;  ///< in JSON; in capitals it is the environment variable
  Member member;
  std::int64_t min;  ///< of numbers; durations in milliseconds, decimals in millionths
  std::int64_t max;
  std::string_view unit;      ///< "tasks", "seconds", ...; for words, the words: "fixed|backlog"
  std::string_view sentence;  ///< what it does
};

/// In the order in which a person would tell them.
std::span<const PolicyField> policy_fields();

/// The words of the enumerations: "fixed" for Mode::Fixed and so on.
std::string_view to_string(Mode mode);
std::string_view to_string(Combine combine);
std::string_view to_string(ScaleInWhen when);
std::string_view to_string(BudgetSelect select);
std::string_view to_string(Capacity capacity);
std::string_view to_string(CapacityOrder order);

/// The value of a word, if it is one.
template <typename Word>
std::optional<Word> parse_word(std::string_view text);

/// "0.25": without needless zeros.
std::string format_millionths(Millionths value);

}  // namespace scaler
