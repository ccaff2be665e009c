#pragma once
// Which of several columns, metrics or series counts what arrived: told, or known by its name, and
// never a guess.

#include <string>
#include <string_view>
#include <vector>

#include "ground/base/result.h"

namespace scaler::trace {

enum class Meaning {
  Arrivals,  ///< "NumberOfMessagesSent", "enqueued", ...: nothing else
  Count,     ///< "value", "messages", "Sum", ...: what it counts is not said
  Unknown,
  Other,   ///< what was received, deleted, averaged, ...
  Waiting  ///< how much there is at a moment: "ApproximateNumberOfMessagesVisible", ...
};
Meaning meaning_of(std::string_view name);

/// Whether the name says, as Prometheus' names do, that the value is all that ever came.
bool counts_up(std::string_view name);

/// Small letters and digits alone: "Number of messages sent (Sum)" -> "numberofmessagessentsum".
std::string plain(std::string_view name);

struct Chosen {
  std::size_t index = 0;
  std::string remark = {};  ///< which one and why; empty where there is nothing to choose
};

/// `kind` is "column", "metric" or "series"; `wanted` is a name or empty; `hint` says what else can
/// be done where several could be meant. `ids` tell names apart that are alike.
/// Errors: Malformed, naming those that there are.
Result<Chosen> choose(const std::vector<std::string>& names, std::string_view wanted,
                      std::string_view kind, std::string_view hint,
                      const std::vector<std::string>& ids = {});

}  // namespace scaler::trace
