#pragma once
// EventSourceMapping: Lambda's poller of one SQS queue. It has no clock and no timer: tick() does
// what is due at world.now(). Messages that the function reports as failed, or all of them when it
// fails, are left in flight until their visibility timeout ends; only the others are deleted.

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "emulator/lambda/lambda_function.h"
#include "ground/base/result.h"
#include "lab/world/world.h"

namespace scaler::emulator {

enum class MappingState { Creating, Enabling, Enabled, Disabling, Disabled, Updating, Deleting };
/// AWS's names: "Enabling", ...
std::string_view to_string(MappingState state);

struct MappingSettings {
  std::int64_t batch_size = 10;                      ///< 1 to 10,000
  Duration batching_window = Duration(0);            ///< up to 300 s
  std::optional<std::int64_t> concurrency_max = {};  ///< 2 to 1,000
  bool report_batch_item_failures = true;
  bool operator==(const MappingSettings&) const = default;
};

/// Which mapping it is: of which queue, to what.
struct MappingIdentity {
  std::string uuid = {};
  std::string queue = {};  ///< the queue's name in the world
  std::string queue_arn = {};
  std::string function_arn = {};  ///< with a qualifier when it is for an alias or a version
  std::string region = {};
};

/// What an update asks for; nothing leaves a setting as it is.
struct MappingUpdate {
  std::optional<bool> enabled = {};
  std::optional<MappingSettings> settings = {};
  std::optional<std::string> function_arn = {};
};

struct MappingTotals {
  std::int64_t received = 0;  ///< messages handed to the function, each time counted
  std::int64_t deleted = 0;   ///< by this mapping
  std::int64_t returned = 0;  ///< left in the queue: reported as failed or in a failed batch
  std::int64_t batches = 0;
  std::int64_t failed_batches = 0;
  std::int64_t receive_count_max = 0;  ///< highest receive count of a message that it received
};

/// Which messages of a batch the function's answer leaves in the queue.
/// Shape:  their ids; all of `ids` when the answer is a complete failure by Lambda's rules.
/// Source: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
std::vector<std::string> failed_items(std::string_view answer, const std::vector<std::string>& ids);

class EventSourceMapping {
 public:
  /// `toggle` is how long a change takes until it holds.
  EventSourceMapping(world::World& world, MappingIdentity identity, MappingSettings settings,
                     Duration toggle, InvokeFunction invoke);
  EventSourceMapping(const EventSourceMapping&) = delete;
  EventSourceMapping& operator=(const EventSourceMapping&) = delete;

  /// Makes it one that was just created, on the way to Enabled or Disabled.
  void start(bool enabled);

  /// Ends a transition that is due, then hands visible messages to the function.
  void tick();

  /// Errors: Conflict while an earlier change is under way (AWS: ResourceInUseException).
  Result<void> update(const MappingUpdate& update);

  /// On the way to be gone; it takes no further message.
  /// Errors: Conflict as for update().
  Result<void> remove();
  bool gone() const { return gone_; }

  MappingState state() const { return state_; }
  const MappingIdentity& identity() const { return identity_; }
  const MappingSettings& settings() const { return settings_; }
  const MappingTotals& totals() const { return totals_; }
  Instant modified_at() const { return modified_at_; }
  /// "No records processed", "OK", "PROBLEM: ...".
  const std::string& last_result() const { return last_result_; }
  std::int64_t batches_under_way() const { return under_way_; }

 private:
  struct Batch;
  void finish_transition();
  Result<void> check_settled();
  void change_state(MappingState state);
  bool polling() const;
  std::int64_t concurrency() const;
  bool gather();
  void launch(const std::shared_ptr<Batch>& batch);
  void retry_throttled();
  void finish(const std::shared_ptr<Batch>& batch, const InvocationResult& result);
  void set_state(MappingState state);

  world::World& world_;
  MappingIdentity identity_;
  MappingSettings settings_;
  Duration toggle_;
  InvokeFunction invoke_;
  MappingState state_ = MappingState::Enabled;
  bool enabled_ = true;  ///< what the transition leads to, or the state itself
  bool gone_ = false;
  Instant transition_ends_ = {};
  Instant modified_at_;
  std::string last_result_ = "No records processed";
  std::vector<world::ReceivedMessage> gathered_ = {};  ///< waiting for a full batch or the window
  Instant gathering_since_ = {};
  std::vector<std::shared_ptr<Batch>> throttled_ = {};
  std::int64_t under_way_ = 0;
  MappingTotals totals_ = {};
  /// Results hold it weakly: they may come after this object's end.
  std::shared_ptr<EventSourceMapping*> self_;
};

}  // namespace scaler::emulator
