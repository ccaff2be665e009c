#include "controller/controller.h"

#include <algorithm>

namespace scaler {

void run_controller(std::span<ManagedService> fleet, const Ports& ports,
                    const ControllerOptions& options, const OnPass& on_pass,
                    const std::stop_token& stop) {
  Instant due = ports.clock.now();
  while (!stop.stop_requested()) {
    const Instant began = ports.clock.now();
    const std::vector<PassRecord> records =
        run_pass(fleet, ports, {.deadline = after(options.pass_timeout)});
    on_pass(records, std::max(ports.clock.now() - began, Duration::zero()));
    // A clock that was set back must not stretch the wait beyond one interval.
    const Instant now = ports.clock.now();
    due = std::clamp(due + options.interval, now, now + options.interval);
    if (!ports.clock.wait_until(due, stop)) {
      return;
    }
  }
}

}  // namespace scaler
