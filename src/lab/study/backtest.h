#pragma once
// Backtest: another policy looks at what the passes of a journal saw, one after the other, and says
// what it would have done. The counts stay those of what really happened.

#include <cstdint>
#include <string>
#include <vector>

#include "lab/trace/trace.h"
#include "scaler/core/policy.h"

namespace scaler::study {

struct Difference {
  Instant at = {};
  std::int64_t seen = 0;     ///< tasks: the desired count before the pass
  std::int64_t really = 0;   ///< tasks: after the pass, as the journal has it
  std::int64_t would = 0;    ///< tasks: after it, by the other policy
  std::string because = {};  ///< the other policy's last step
};

struct Backtest {
  std::int64_t passes = 0;
  std::int64_t out = 0;                      ///< passes in which it would have wanted more tasks
  std::int64_t in = 0;                       ///< fewer
  std::vector<Difference> differences = {};  ///< in order
};

Backtest backtest(const Policy& policy, const std::vector<trace::JournalPass>& passes);

}  // namespace scaler::study
