#include "lab/sim/faults.h"

#include <numeric>

namespace scaler::sim {

std::string_view to_string(Fault fault) {
  constexpr std::array<std::string_view, kFaults> kNames{
      "throttled",      "server_error",    "timed_out",      "response_lost",     "stale_count",
      "duplicate",      "overlap",         "killed_halfway", "late_answer",       "refused_step",
      "raised",         "lagging_tasks",   "dipping_counts", "tag_missing",       "tag_corrupt",
      "clock_jump",     "manual_change",   "deployment",     "capacity_shortage", "denied",
      "queue_vanishes", "never_registers", "agent_silent",   "zone_rebalance",    "spot_notice",
      "worker_crash",   "poison_message"};
  return kNames.at(static_cast<std::size_t>(fault));
}

std::int64_t FaultCounts::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::int64_t{0});
}

FaultCounts& FaultCounts::operator+=(const FaultCounts& other) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    counts_.at(i) += other.counts_.at(i);
  }
  return *this;
}

}  // namespace scaler::sim
