#pragma once
// Health: whether the loop of passes turns, as /healthz tells it.

#include <string>

#include "ground/base/clock.h"

namespace scaler {

struct Health {
  bool well = true;
  std::string text = {};  ///< a line for people
};

/// Ill once no pass has ended for longer than `healthy_for`.
Health health(Duration since_last_pass, Duration healthy_for);

}  // namespace scaler
