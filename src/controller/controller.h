#pragma once
// The long-running loop: a pass every interval until asked to stop. Knows no AWS.

#include <functional>
#include <span>
#include <stop_token>

#include "pass/pass.h"

namespace scaler {

struct ControllerOptions {
  Duration interval = std::chrono::seconds(10);
  Duration pass_timeout = std::chrono::seconds(30);
};

/// What a pass saw and did, and how long it took.
using OnPass = std::function<void(std::span<const PassRecord>, Duration took)>;

/// Runs passes until the stop is requested; a pass under way is finished. Passes start on a fixed
/// beat; one that takes longer than the interval is followed at once by the next, without catching
/// up on missed beats.
void run_controller(std::span<ManagedService> fleet, const Ports& ports,
                    const ControllerOptions& options, const OnPass& on_pass,
                    const std::stop_token& stop);

}  // namespace scaler
