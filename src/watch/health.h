#pragma once
// Health: whether the loop of passes turns, as /healthz tells it, and whether it sees its services,
// as /readyz does.

#include <span>
#include <string>

#include "ground/base/clock.h"

namespace scaler {

struct Health {
  bool well = true;
  std::string text = {};  ///< a line for people
};

/// Ill once no pass has ended for longer than `healthy_for`.
Health health(Duration since_last_pass, Duration healthy_for);

/// How many of the services were read with all their queues, and within `lately` of `now`; a moment
/// far in the future is from before the clock was set back, and counts for nothing. The moments of
/// their last such reading, the epoch where there was none.
std::size_t read_lately(std::span<const Instant> last_read, Duration lately, Instant now);

/// Ready while more than half of the services were read lately.
Health readiness(std::size_t read, std::size_t services);

}  // namespace scaler
