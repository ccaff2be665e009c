#pragma once
// What CloudWatch has kept of a queue: how many messages were sent, and what became of them.

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/aws/client.h"

namespace scaler::aws {

struct QueueMetric {
  std::string_view name = {};
  std::string_view statistic = {};
  bool counts = false;  ///< where CloudWatch has no value there was none of it
};
/// Source:
/// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
inline constexpr std::array<QueueMetric, 6> kQueueMetrics{{
    {"NumberOfMessagesSent", "Sum", true},
    {"NumberOfMessagesReceived", "Sum", true},
    {"NumberOfMessagesDeleted", "Sum", true},
    {"ApproximateNumberOfMessagesVisible", "Maximum"},
    {"ApproximateNumberOfMessagesNotVisible", "Maximum"},
    {"ApproximateAgeOfOldestMessage", "Maximum"},
}};

/// CloudWatch keeps values for so long.
inline constexpr int kHistoryDaysMax = 455;

struct HistoryRow {
  Instant at = {};
  Duration period = {};
  std::array<std::optional<double>, kQueueMetrics.size()> values = {};
};

struct HistoryRequest {
  std::string region = {};  ///< empty: the default one
  std::string queue = {};   ///< its name
  int days = 14;            ///< 1 to kHistoryDaysMax
};

/// The rows from the first value on, without gaps, up to some minutes ago: of the last two weeks by
/// the minute, further back by five minutes and by the hour, as CloudWatch keeps them. `progress`
/// is told which part is done, 0 to 1. What fails for the moment is asked again.
/// Errors: NotFound when there is no value at all; Unavailable for answers that stay in parts;
///         else the client's.
Result<std::vector<HistoryRow>> queue_history(Client& client, const HistoryRequest& request,
                                              Instant now,
                                              const std::function<void(double)>& progress);

}  // namespace scaler::aws
