#pragma once
// A pass as the tests of status, metrics and Prometheus show it.

#include <utility>

#include "scaler/core/test_support.h"
#include "scaler/pass/pass.h"

namespace scaler::testing {

/// A scale-out from 1 to 4 that was applied.
inline PassRecord scaled_out(ServiceId id) {
  return {.id = std::move(id),
          .looked = true,
          .at = kNoon,
          .reading = ServiceReading{.service = tasks(1)},
          .queues = {QueueDepth{.visible = 30, .in_flight = 2, .delayed = 5}},
          .decision = Decision{.action = Action::ScaleOut, .desired = 4, .demand = 6},
          .outcome = Outcome::Applied};
}

}  // namespace scaler::testing
