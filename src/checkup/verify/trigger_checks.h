#pragma once
// TriggerChecks: that each trigger which the deployment has is seen to work, by what only that
// trigger does: a manual call answers; a wake takes a message while no task is running; a scheduled
// pass enables the wake mapping, sends ticks, or (alone) scales in; a tick and a doorbell vanish
// from their queues.

#include <cstdint>
#include <optional>
#include <string>

#include "checkup/verify/verification.h"

namespace scaler::verify {

class TriggerChecks {
 public:
  explicit TriggerChecks(Verification& run) : run_(&run) {}
  void run();

 private:
  void manual();
  void wake(const std::string& obstacle, const Cycle& cycle);
  void schedule(const std::string& obstacle, const Cycle& cycle);
  void schedule_sends_ticks();
  void ticks();
  void doorbell();

  /// Nothing, or why a message cannot wake the service.
  std::string wake_obstacle();
  /// Nothing, or why no scheduled pass was seen to enable the wake mapping.
  std::string mapping_not_enabled(const std::string& obstacle, const Cycle& cycle);
  Result<void> wait_for_wake_mapping();
  /// Looks at the tick queue, and remembers ticks that came and ticks that went.
  void watch_ticks();

  Verification* run_;
  bool mapping_was_off_ = false;  ///< and was seen to be enabled since
  bool schedule_dead_ = false;    ///< the mapping was never enabled
  std::optional<std::int64_t> ticks_before_ = {};
  bool tick_sent_ = false;
  bool tick_taken_ = false;
};

}  // namespace scaler::verify
