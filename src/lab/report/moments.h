#pragma once
// Moments: a service and its queue over time, in bounded memory however long that time is.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ground/base/clock.h"

namespace scaler::report {

/// The state at one moment, and what came since the moment before.
struct Moment {
  Instant at = {};
  std::int64_t arrived = 0;    ///< messages since the moment before
  std::int64_t backlog = 0;    ///< messages that wait: visible and delayed
  std::int64_t in_flight = 0;  ///< messages
  std::int64_t desired = 0;    ///< tasks
  std::int64_t running = 0;    ///< tasks
  std::optional<Duration> waiting_max =
      {};                ///< the longest wait since the moment before, if any ended
  std::string why = {};  ///< what the latest pass said of the desired count; empty: nothing new
  bool operator==(const Moment&) const = default;
};

/// Keeps at most kMax moments: whenever there are more, neighbours become one, with the arrivals
/// of both and the highest of all else, so that no peak is lost, and why the count was the highest.
class Moments {
 public:
  static constexpr std::size_t kMax = 8000;

  /// Moments come in order; one that is not later than the one before is merged into it.
  void add(const Moment& moment);
  const std::vector<Moment>& all() const { return moments_; }

 private:
  std::vector<Moment> moments_ = {};
  std::size_t merged_ = 1;  ///< so many added moments make one that is kept
  std::size_t open_ = 0;    ///< of these in the latest
};

}  // namespace scaler::report
