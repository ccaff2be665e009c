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

struct ControllerHooks {
  /// What became of a pass.
  std::function<void(const Effect&)> on_effect = [](const Effect&) {};
  /// After each pass, and every kBetween while the next one is not due: whether it is due at once
  /// all the same. Here the invoker may get another fleet.
  std::function<bool()> between = [] { return false; };
  /// Whether the next pass may change anything.
  std::function<bool()> may_write = [] { return true; };
};
inline constexpr Duration kBetween = std::chrono::milliseconds(500);

/// Makes the fleet's scheduled invocations until the stop is requested; one under way is finished.
/// They start on a fixed beat, by steady time; one that takes longer than the interval is followed
/// at once by the next, without catching up on missed beats.
void run_controller(Invoker& invoker, Clock& clock, const ControllerOptions& options,
                    const ControllerHooks& hooks, const std::stop_token& stop);

}  // namespace scaler
