#pragma once
// verify(): the checks of a deployed scaler, one after the other, each from rest to rest. It sends
// messages of its own and waits; it never receives, deletes or purges any message, and sets no
// desired count.

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "checkup/verify/report.h"
#include "checkup/verify/target.h"
#include "checkup/verify/watch.h"

namespace scaler::verify {

enum class Check { Basic, Several, Load, Errors, Triggers, Timings };
inline constexpr std::array kAllChecks{Check::Basic,  Check::Several,  Check::Load,
                                       Check::Errors, Check::Triggers, Check::Timings};
/// "basic", "several", ...
std::string_view to_string(Check check);

/// What to tell while it runs.
struct Progress {
  std::function<void(const Sight& sight)> looked = {};
  std::function<void(const CheckResult& result)> checked = {};
};

struct VerifyOptions {
  std::vector<Check> checks = {kAllChecks.begin(), kAllChecks.end()};
  int messages = 5;  ///< of the check `several`
  Duration load_time = std::chrono::seconds(60);
  int load_rate = 2;                                    ///< messages a second
  Duration scale_out_limit = std::chrono::seconds(60);  ///< first message -> desired count
  Duration scale_in_limit = std::chrono::minutes(3);    ///< queue empty -> desired count zero
  bool wait_for_rest = false;  ///< wait for foreign work to end; otherwise it is refused
  std::string body = R"({"ecs_scaler_verify":true})";  ///< of each test message
  WatchOptions watch = {};
  Progress progress = {};
};

/// Runs the checks in their order. Does not start when the target is not at rest; ends early when
/// stopped, at the total limit, or when a check that failed leaves the target not at rest.
VerifyReport verify(Target& target, const ScalerUnderTest& deployment, const VerifyOptions& options,
                    Clock& clock, const std::stop_token& stop);

}  // namespace scaler::verify
