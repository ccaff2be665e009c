#pragma once
// Backtest: another policy looks at what the passes of a journal saw, one after the other, and says
// what it would have done. The counts stay those of what really happened.

#include <vector>

#include "lab/report/report.h"
#include "lab/trace/trace.h"
#include "scaler/core/policy.h"

namespace scaler::study {

/// A replay whose name the caller gives.
report::Replay backtest(const Policy& policy, const std::vector<trace::JournalPass>& passes);

}  // namespace scaler::study
