#pragma once
// A queue's history with the credentials of a workstation.

#include <functional>
#include <vector>

#include "edge/aws/queue_history.h"
#include "ground/base/environment.h"
#include "ground/base/log.h"
#include "scaler/core/queue_names.h"

namespace scaler {

/// Errors: Malformed for settings that are wrong, or a queue behind a host that is not AWS's while
///         nobody says where its CloudWatch is; else as aws::queue_history().
Result<std::vector<aws::HistoryRow>> fetch_history(const Environment& environment,
                                                   const QueueAddress& queue, int days,
                                                   const Clock& clock, const Log& log,
                                                   const std::function<void(double)>& progress);

}  // namespace scaler
