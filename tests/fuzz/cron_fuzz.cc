#include "fuzz.h"
#include "scaler/core/cron.h"

namespace scaler::fuzz {

// A start that is found lies within the days that were asked for.
FUZZ(cron) {
  const auto cron = Cron::parse(bytes);
  check_short(cron);
  if (!cron) {
    return;
  }
  const LocalMinutes until{std::chrono::local_days(std::chrono::year(2026) / 2 / 28) +
                           std::chrono::minutes(601)};
  for (const std::chrono::days within : {std::chrono::days(0), std::chrono::days(3000)}) {
    const auto latest = cron->latest(until, within);
    CHECK(!latest || (*latest <= until && *latest >= until - within - std::chrono::days(1)));
  }
}

}  // namespace scaler::fuzz
