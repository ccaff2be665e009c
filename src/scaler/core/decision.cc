#include "scaler/core/decision.h"

#include <utility>

#include "ground/base/check.h"

namespace scaler {

void Steps::add(const Step& step) {
  CHECK(size_ < kCapacity);
  std::construct_at(steps_.data() + size_++, step);
}

std::string_view to_string(Action action) {
  switch (action) {
    case Action::ScaleOut:
      return "scale_out";
    case Action::ScaleIn:
      return "scale_in";
    case Action::Hold:
      return "hold";
  }
  std::unreachable();
}

std::string_view to_string(Rule rule) {
  constexpr std::array<std::string_view, 16> kNames{
      "backlog",       "activation", "idle",       "partial", "blind",    "tolerance",
      "stabilization", "busy",       "deployment", "budget",  "cooldown", "shortage",
      "bounds",        "quota",      "override",   "trigger"};
  return kNames.at(static_cast<std::size_t>(rule));
}

}  // namespace scaler
