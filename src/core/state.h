#pragma once
// ServiceState: what one service's past contributes to its next decision. A plain value; where it
// lives is a matter of src/state.

#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace scaler {

/// A default-constructed state means that nothing is known.
struct ServiceState {
  std::optional<Instant> empty_since = {};  ///< first of the unbroken run of empty observations
  std::int64_t empty_observations = 0;      ///< their number
  std::optional<Instant> last_scale_out = {};
  std::optional<Instant> last_scale_in = {};
  std::optional<std::int64_t> last_set =
      {};                     ///< tasks; the last desired count that this program set
  std::int64_t failures = 0;  ///< passes in a row that could not read any queue
  bool operator==(const ServiceState&) const = default;
};

}  // namespace scaler
