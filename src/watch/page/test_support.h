#pragma once
// Services as the page's tests show them.

#include <memory>
#include <string>
#include <vector>

#include "scaler/core/test_support.h"
#include "watch/fleet_status.h"

namespace scaler::page::testing {

using scaler::testing::kNoon;

inline bool has(std::string_view text, std::string_view part) {
  return text.contains(part);
}

inline ServiceView service(std::string name = "worker", Instant looked_at = kNoon) {
  return {.cluster = "main",
          .service = std::move(name),
          .looked_at = looked_at,
          .read_at = looked_at,
          .visible = 30,
          .in_flight = 2,
          .delayed = 0,
          .desired = 4,
          .running = 4,
          .pending = 0,
          .action = "hold",
          .why = "as it should be",
          .steps = R"([{"rule":"backlog","tasks":4,"note":"30 visible"}])"};
}

inline std::shared_ptr<const FleetStatus> fleet(std::vector<ServiceView> services,
                                                Instant at = kNoon) {
  return std::make_shared<const FleetStatus>(
      FleetStatus{.at = at, .services = std::move(services)});
}

}  // namespace scaler::page::testing
