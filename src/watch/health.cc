#include "watch/health.h"

#include <fmt/core.h>

namespace scaler {

Health health(Duration since_last_pass, Duration healthy_for) {
  if (since_last_pass <= healthy_for) {
    return {.well = true, .text = "ok\n"};
  }
  return {.well = false,
          .text = fmt::format("no pass has ended for {}\n", format_duration(since_last_pass))};
}

}  // namespace scaler
