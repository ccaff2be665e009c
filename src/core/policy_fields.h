#pragma once
// The one table of policy fields: name, member, range and the sentence that explains it.
// Policy::create checks with it; JSON, environment, help and documents are made from it.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "core/policy.h"

namespace scaler {

struct PolicyField {
  using Member =
      std::variant<std::int64_t PolicyOptions::*, std::optional<std::int64_t> PolicyOptions::*,
                   Duration PolicyOptions::*, bool PolicyOptions::*, Mode PolicyOptions::*,
                   ScaleInWhen PolicyOptions::*>;

  std::string_view name;  ///< in JSON; in capitals it is the environment variable
  Member member;
  std::int64_t min;  ///< of numbers; durations in milliseconds
  std::int64_t max;
  std::string_view unit;      ///< "tasks", "seconds", ...; for words, the words: "fixed|backlog"
  std::string_view sentence;  ///< what it does
};

/// In the order in which a person would tell them.
std::span<const PolicyField> policy_fields();

/// The words of Mode and ScaleInWhen.
std::string_view to_string(Mode mode);
std::string_view to_string(ScaleInWhen when);
std::optional<Mode> parse_mode(std::string_view word);
std::optional<ScaleInWhen> parse_scale_in_when(std::string_view word);

}  // namespace scaler
