#pragma once
// The long-running loop: a pass every interval until asked to stop. Knows no AWS.

#include <functional>
#include <stop_token>

#include "scaler/invocation/invocation.h"

namespace scaler {

struct ControllerOptions {
  Duration interval = std::chrono::seconds(10);
  Duration pass_timeout = std::chrono::seconds(30);
};

/// What became of a pass.
using OnEffect = std::function<void(const Effect&)>;

/// Makes the fleet's scheduled invocations until the stop is requested; one under way is finished.
/// They start on a fixed beat; one that takes longer than the interval is followed at once by the
/// next, without catching up on missed beats.
void run_controller(Invoker& invoker, Clock& clock, const ControllerOptions& options,
                    const OnEffect& on_effect, const std::stop_token& stop);

}  // namespace scaler
