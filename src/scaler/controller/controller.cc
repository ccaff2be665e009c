#include "scaler/controller/controller.h"

#include <algorithm>

namespace scaler {

void run_controller(Invoker& invoker, Clock& clock, const ControllerOptions& options,
                    const OnEffect& on_effect, const std::stop_token& stop) {
  Instant due = clock.now();
  while (!stop.stop_requested()) {
    const Deadline began = clock.steady();
    on_effect(invoker.invoke({.trigger = Trigger::Schedule,
                              .deadline = began + options.pass_timeout,
                              .slots_until = began + options.interval}));
    // A clock that was set back must not stretch the wait beyond one interval.
    const Instant now = clock.now();
    due = std::clamp(due + options.interval, now, now + options.interval);
    if (!clock.wait_until(due, stop)) {
      return;
    }
  }
}

}  // namespace scaler
