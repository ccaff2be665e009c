#pragma once
// QueueSampler: what SQS tells CloudWatch of each queue at the end of each minute. A queue that has
// had no messages and no calls for six hours is told of no longer.

#include <cstdint>
#include <map>
#include <string>

#include "emulator/others/metric_store.h"
#include "emulator/request/places.h"
#include "lab/world/world.h"

namespace scaler::emulator {

inline constexpr std::string_view kQueueSpace = "AWS/SQS";

class QueueSampler {
 public:
  QueueSampler(const world::World& world, MetricStore& store, WorldPlaces places);

  /// When the minute is over.
  Instant next() const { return next_; }
  /// Tells of the minute that is over; the world must be at its end.
  void sample();

 private:
  struct Last {
    std::uint64_t handle_key = 0;  ///< of the queue: another one may have its name by now
    world::QueueTotals totals = {};
    Instant active_at = {};
  };
  void sample(const world::Queue& queue, Instant minute);

  const world::World& world_;
  MetricStore& store_;
  WorldPlaces places_;
  Instant next_;
  std::map<std::string, Last, std::less<>> last_ = {};
};

}  // namespace scaler::emulator
