#include "lab/rivals/rivals.h"

#include <algorithm>
#include <array>

#include "lab/rivals/aws_scaling.h"
#include "lab/rivals/keda.h"
#include "lab/rivals/polling.h"

namespace scaler::rivals {
namespace {

using Made = std::unique_ptr<sim::Scaler>;

constexpr std::array kRivals{
    Rival{
        .name = "target-tracking",
        .title = "AWS target tracking",
        .sentence = "backlog per task, 1-minute metric a minute late, 3 datapoints out, 15 in, "
                    "cooldowns 300 s, at least 1 task",
        .make = [](const RivalSettings& s) -> Made { return std::make_unique<TargetTracking>(s); }},
    Rival{.name = "step-scaling",
          .title = "AWS step scaling",
          .sentence = "backlog per task, 1-minute metric a minute late, out by 25/100/300 % after "
                      "1 datapoint, in by 25 % after 5, cooldown 300 s, at least 1 task",
          .make = [](const RivalSettings& s) -> Made { return std::make_unique<StepScaling>(s); }},
    Rival{.name = "keda",
          .title = "KEDA with HPA",
          .sentence = "defaults: 5 messages a task, 30 s polling, 300 s to zero, HPA every 15 s, "
                      "300 s down stabilization",
          .make = [](const RivalSettings& s) -> Made { return std::make_unique<Keda>(s); }},
    Rival{.name = "ten-second-polling",
          .title = "10 s polling",
          .sentence = "as buildkite-agent-scaler: every 10 s one task for each job that waits or "
                      "runs, out and in, no cooldown",
          .make = [](const RivalSettings& s) -> Made {
            return std::make_unique<TenSecondPolling>(s);
          }},
    Rival{.name = "python-schedule",
          .title = "Python original, schedule only",
          .sentence = "every minute: any visible message -> the fixed target, none -> zero at once",
          .make = [](const RivalSettings& s) -> Made {
            return std::make_unique<PythonOriginal>(s, false);
          }},
    Rival{.name = "python-original",
          .title = "Python original",
          .sentence = "as deployed: its SQS trigger takes messages out of the job queue, too",
          .make = [](const RivalSettings& s) -> Made {
            return std::make_unique<PythonOriginal>(s, true);
          }},
};

}  // namespace

std::span<const Rival> all() {
  return kRivals;
}

const Rival* find(std::string_view name) {
  const auto* const found = std::ranges::find(kRivals, name, &Rival::name);
  return found == kRivals.end() ? nullptr : found;
}

}  // namespace scaler::rivals
