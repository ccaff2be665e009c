#pragma once
// WakeSwitch: the job queue's own event source mapping, enabled only while the service rests at
// zero. After every wake it is disabled; a scheduled pass enables it again and puts right what a
// crash or a person left behind.

#include <string>

#include "config/environment.h"
#include "handler/ports.h"
#include "pass/pass.h"

namespace scaler {

class WakeSwitch {
 public:
  WakeSwitch(const ServiceConfig& config, JobMessages& messages, WakeMapping& mapping);

  /// Makes the mapping what the pass calls for; leaves it alone while it is in transition or while
  /// the pass could not learn enough.
  /// Errors: NotFound without a mapping; Rejected, and the mapping is kept disabled, when the queue
  ///         or the mapping is unfit for wakes: FIFO, a maxReceiveCount under 5, no
  ///         ReportBatchItemFailures.
  Result<void> follow(const PassRecord& record, Deadline deadline);

  /// Disables the mapping, whatever the pass said; fine when someone else was quicker.
  /// Errors: also Rejected, after disabling, when the mapping lacks ReportBatchItemFailures: only a
  ///         failed invocation then keeps Lambda from deleting the messages.
  Result<void> disable(Deadline deadline);

 private:
  Result<MappingStatus> find(Deadline deadline);
  Result<void> set_disabled(const MappingStatus& status, Deadline deadline);
  Result<void> check_queue(Deadline deadline);

  const ServiceConfig* config_;
  std::string queue_path_;
  JobMessages* messages_;
  WakeMapping* mapping_;
  bool queue_checked_ = false;
};

/// "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs" -> "123456789012/jobs"
std::string queue_path_of_url(const std::string& url);

}  // namespace scaler
