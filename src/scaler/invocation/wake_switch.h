#pragma once
// WakeSwitch: the job queues' own event source mappings, each enabled only while the services of
// its queue rest at zero. After every wake it is disabled; a scheduled pass enables it again and
// puts right what a crash or a person left behind. Mappings of one function on a queue, each bound
// to another alias or version, are one switch: it is on while any is enabled, and switching off
// disables all. No queue decides for another.

#include <set>
#include <span>
#include <string>
#include <vector>

#include "scaler/invocation/ports.h"
#include "scaler/invocation/wake_targets.h"

namespace scaler {

/// What became of the mappings of several services.
struct WakeReport {
  std::vector<WakeFault> faults = {};    ///< each of one service alone
  std::vector<std::string> errors = {};  ///< why none could be found
  /// Of queues that no service has which was followed; told only where several were looked for.
  std::vector<MappingStatus> nobodys = {};
};

class WakeSwitch {
 public:
  /// So many mappings of a fleet are enabled by one call of follow(), and so many queues looked at
  /// for the first time; the next one goes on. Lambda lets an account make 15 such calls a second.
  static constexpr int kEnabledAtOnce = 100;
  static constexpr int kFirstLooks = 20;

  WakeSwitch(const WakeOptions& options, JobMessages& messages, WakeMapping& mapping);

  /// To be called before anything else in an invocation: the ARN by which the function was invoked.
  void invoked_as(std::string function_arn) { function_arn_ = std::move(function_arn); }

  /// Makes the mappings what the passes call for; leaves one alone while it is in transition or
  /// while the pass could not learn enough. Of several on one queue it enables the one that is
  /// bound to what was invoked. One call finds the mappings, however many they are, and none is
  /// made where no service may be woken.
  /// Faults: no mapping where there should be one; a queue or mapping that is unfit for wakes, and
  ///         is kept disabled: FIFO, a maxReceiveCount under 5, no ReportBatchItemFailures; several
  ///         that could be enabled, none of which is bound to what was invoked; a change that
  ///         failed.
  WakeReport follow(std::span<const Followed> all, Deadline deadline);

  /// Disables the mappings on the queue, as the event named it, whatever the pass said; fine when
  /// someone else was quicker.
  /// Errors: also Rejected, after disabling, when a mapping lacks ReportBatchItemFailures: only a
  ///         failed invocation then keeps Lambda from deleting the messages.
  Result<void> disable(const std::string& queue_arn, Deadline deadline);

 private:
  using Mappings = std::vector<MappingStatus>;
  struct Budget {
    int enabled = 0;
    int first_looks = 0;
  };

  Result<std::vector<Mappings>> find_all(WakeTargets& known, Mappings& nobodys, Deadline deadline);
  Result<void> follow(const WakeTarget& target, const Mappings& mappings, Budget& budget,
                      Deadline deadline);
  Result<void> set_disabled(const MappingStatus& status, const std::string& queue_arn,
                            Deadline deadline);
  Result<void> set_enabled(const MappingStatus& status, bool enabled, Deadline deadline);
  Result<void> check_queue(const WakeTarget& target, Deadline deadline);

  WakeOptions options_;
  std::string function_arn_ = {};
  JobMessages* messages_;
  WakeMapping* mapping_;
  std::set<std::string> checked_ = {};  ///< queues, by URL, that were fit when they were looked at
};

}  // namespace scaler
