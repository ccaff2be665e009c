#pragma once
// WakeSwitch: the job queue's own event source mapping, enabled only while the service rests at
// zero. After every wake it is disabled; a scheduled pass enables it again and puts right what a
// crash or a person left behind. Mappings of one function on the queue, each bound to another alias
// or version, are one switch: it is on while any is enabled, and switching off disables all.

#include <span>
#include <string>
#include <vector>

#include "scaler/invocation/ports.h"
#include "scaler/pass/pass.h"

namespace scaler {

class WakeSwitch {
 public:
  WakeSwitch(std::string queue_url, Policy policy, JobMessages& messages, WakeMapping& mapping);

  /// To be called before anything else in an invocation: the ARN by which the function was invoked.
  void invoked_as(std::string function_arn) { function_arn_ = std::move(function_arn); }

  /// Makes the mapping what the pass calls for; leaves it alone while it is in transition or while
  /// the pass could not learn enough. Of several it enables the one that is bound to what was
  /// invoked.
  /// Errors: NotFound without a mapping; Rejected, and the mapping is kept disabled, when the queue
  ///         or the mapping is unfit for wakes: FIFO, a maxReceiveCount under 5, no
  ///         ReportBatchItemFailures; Rejected, naming them, when several could be enabled and none
  ///         is bound to what was invoked.
  Result<void> follow(const PassRecord& record, Deadline deadline);

  /// Disables the mapping, whatever the pass said; fine when someone else was quicker. `queue_arn`
  /// is the job queue as the event named it.
  /// Errors: also Rejected, after disabling, when the mapping lacks ReportBatchItemFailures: only a
  ///         failed invocation then keeps Lambda from deleting the messages.
  Result<void> disable(const std::string& queue_arn, Deadline deadline);

 private:
  Result<std::vector<MappingStatus>> find(const std::string& queue_arn, Deadline deadline);
  Result<void> set_disabled(const MappingStatus& status, const std::string& queue_arn,
                            Deadline deadline);
  Result<void> set_enabled(const MappingStatus& status, bool enabled, Deadline deadline);
  Result<void> check_queue(Deadline deadline);

  std::string queue_url_;
  Policy policy_;
  std::string function_arn_ = {};
  JobMessages* messages_;
  WakeMapping* mapping_;
  bool queue_checked_ = false;
};

}  // namespace scaler
