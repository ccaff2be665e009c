#include "watch/health.h"

#include <algorithm>

#include <fmt/core.h>

namespace scaler {

Health health(Duration since_last_pass, Duration healthy_for) {
  if (since_last_pass <= healthy_for) {
    return {.well = true, .text = "ok\n"};
  }
  return {.well = false,
          .text = fmt::format("no pass has ended for {}\n", format_duration(since_last_pass))};
}

std::size_t read_lately(std::span<const Instant> last_read, Duration lately, Instant now) {
  return static_cast<std::size_t>(std::ranges::count_if(last_read, [&](Instant at) {
    return at != Instant{} && std::chrono::abs(now - at) <= lately;
  }));
}

Health readiness(std::size_t read, std::size_t services) {
  return {.well = 2 * read > services,
          .text = fmt::format("{} of {} services were read lately\n", read, services)};
}

}  // namespace scaler
