#include "scaler/controller/controller.h"

#include <algorithm>

namespace scaler {
namespace {

/// False when the stop was requested.
bool wait_for(Deadline due, Clock& clock, const std::function<bool()>& between,
              const std::stop_token& stop) {
  do {
    if (between()) {
      return !stop.stop_requested();
    }
    const auto left = std::chrono::ceil<Duration>(due - clock.steady());
    const Duration slice = std::clamp<Duration>(left, Duration::zero(), kBetween);
    if (!clock.wait_until(clock.now() + slice, stop)) {
      return false;
    }
  } while (clock.steady() < due);
  return true;
}

}  // namespace

void run_controller(Invoker& invoker, Clock& clock, const ControllerOptions& options,
                    const ControllerHooks& hooks, const std::stop_token& stop) {
  Deadline due = clock.steady();
  while (!stop.stop_requested()) {
    const Deadline began = clock.steady();
    // Who may not write looks all the same: connections and what is known of AWS stay warm.
    const bool writes = hooks.may_write();
    hooks.on_effect(invoker.invoke({.trigger = writes ? Trigger::Schedule : Trigger::Manual,
                                    .dry_run = !writes,
                                    .deadline = began + options.pass_timeout,
                                    .slots_until = began + options.interval}));
    const Deadline now = clock.steady();
    due = std::clamp<Deadline>(due + options.interval, now, now + options.interval);
    if (!wait_for(due, clock, hooks.between, stop)) {
      return;
    }
  }
}

}  // namespace scaler
