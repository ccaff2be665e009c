#include "guard/protocol/teller.h"

#include <chrono>
#include <utility>

#include <fmt/core.h>

namespace scaler::guard {

using std::chrono::minutes;

void Teller::warn(About about, const std::string& text, Deadline now) {
  Last& last = last_.at(static_cast<std::size_t>(about));
  if (last.at && now < *last.at + minutes(1)) {
    ++last.since;
    return;
  }
  const std::string times =
      last.since == 0 ? "" : fmt::format(" ({} more since this was last told)", last.since);
  told_.push_back({.warning = true, .text = text + times});
  last = {.at = now, .since = 0};
}

std::vector<Tell> Teller::take() {
  return std::exchange(told_, {});
}

}  // namespace scaler::guard
