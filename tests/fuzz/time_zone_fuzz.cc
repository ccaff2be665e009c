// "zone", or "zone|cron": the name of a zone is looked up in the machine's database.

#include "fuzz.h"
#include "scaler/core/schedule.h"

namespace scaler::fuzz {

FUZZ(time_zone) {
  ScheduleOptions options{.duration = std::chrono::hours(5), .tasks_min = 1};
  options.time_zone = take_until(bytes, "|");
  options.cron = bytes.empty() ? "30 2 * * *" : bytes;
  const auto schedule = Schedule::create(options, "$");
  check_short(schedule);
  if (!schedule) {
    return;
  }
  // The nights on which clocks are changed, and the ends of what is known of zones.
  for (const std::int64_t hours : {-613'608L, 0L, 494'500L, 498'900L, 800'000L, 70'000'000L}) {
    const Instant at{std::chrono::hours(hours)};
    const auto window = schedule->in_force(at);
    CHECK(!window || (window->since <= at && at < window->until));
  }
}

}  // namespace scaler::fuzz
