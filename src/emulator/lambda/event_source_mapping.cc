#include "emulator/lambda/event_source_mapping.h"

#include <algorithm>
#include <set>
#include <utility>

#include "emulator/sqs/sqs_event.h"
#include "ground/json/members.h"
#include "ground/json/value.h"

namespace scaler::emulator {
namespace {

constexpr std::int64_t kReceiveMax = 10;
/// Lambda starts with so many concurrent batches; what it adds for large queues is left out.
constexpr std::int64_t kPollers = 5;
/// What a batch may hold in the way of bodies, so that the event stays within Lambda's 6 MB.
constexpr std::size_t kBatchBytes = 5U << 20U;

bool contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::ranges::find(ids, id) != ids.end();
}

/// The ids that an answer lists, or nothing when Lambda calls the answer a complete failure.
std::optional<std::set<std::string>> listed_items(std::string_view answer) {
  std::set<std::string> ids;
  if (answer.empty()) {
    return ids;
  }
  const auto document = json::parse(answer);
  if (!document) {
    return std::nullopt;
  }
  if (document->is_null()) {
    return ids;
  }
  if (!std::holds_alternative<json::Object>(document->data())) {
    return std::nullopt;
  }
  const json::Value* list = document->find("batchItemFailures");
  if (list == nullptr || list->is_null()) {
    return ids;
  }
  const auto* items = std::get_if<json::Array>(&list->data());
  if (items == nullptr) {
    return std::nullopt;
  }
  for (const json::Value& item : *items) {
    const std::string* const text = json::text_member(item, "itemIdentifier");
    if (text == nullptr || text->empty()) {
      return std::nullopt;
    }
    ids.insert(*text);
  }
  return ids;
}

}  // namespace

/// Messages that are with the function, or wait because Lambda throttled them.
struct EventSourceMapping::Batch {
  std::vector<world::ReceivedMessage> messages = {};
  Instant expires_at = {};  ///< when the first of them becomes visible again
  Instant retry_at = {};
};

std::string_view to_string(MappingState state) {
  switch (state) {
    case MappingState::Creating:
      return "Creating";
    case MappingState::Enabling:
      return "Enabling";
    case MappingState::Enabled:
      return "Enabled";
    case MappingState::Disabling:
      return "Disabling";
    case MappingState::Disabled:
      return "Disabled";
    case MappingState::Updating:
      return "Updating";
    case MappingState::Deleting:
      return "Deleting";
  }
  std::unreachable();
}

std::vector<std::string> failed_items(std::string_view answer,
                                      const std::vector<std::string>& ids) {
  const auto listed = listed_items(answer);
  const auto known = [&ids](const std::string& id) { return contains(ids, id); };
  if (!listed || !std::ranges::all_of(*listed, known)) {
    return ids;
  }
  return {listed->begin(), listed->end()};
}

EventSourceMapping::EventSourceMapping(world::World& world, MappingIdentity identity,
                                       MappingSettings settings, Duration toggle,
                                       InvokeFunction invoke)
    : world_(world),
      identity_(std::move(identity)),
      settings_(settings),
      toggle_(toggle),
      invoke_(std::move(invoke)),
      modified_at_(world.now()),
      self_(std::make_shared<EventSourceMapping*>(this)) {}

void EventSourceMapping::start(bool enabled) {
  enabled_ = enabled;
  change_state(MappingState::Creating);
}

Result<void> EventSourceMapping::update(const MappingUpdate& update) {
  TRY(check_settled());
  const bool toggles = update.enabled && *update.enabled != enabled_;
  bool changes = update.settings && *update.settings != settings_;
  if (changes) {
    settings_ = *update.settings;
  }
  if (update.function_arn && *update.function_arn != identity_.function_arn) {
    identity_.function_arn = *update.function_arn;
    changes = true;
  }
  if (toggles) {
    enabled_ = !enabled_;
    change_state(enabled_ ? MappingState::Enabling : MappingState::Disabling);
  } else if (changes) {
    change_state(MappingState::Updating);
  }
  return {};
}

Result<void> EventSourceMapping::remove() {
  TRY(check_settled());
  enabled_ = false;
  change_state(MappingState::Deleting);
  return {};
}

Result<void> EventSourceMapping::check_settled() {
  finish_transition();
  if (state_ != MappingState::Enabled && state_ != MappingState::Disabled) {
    return fail(ErrorKind::Conflict,
                "Cannot update the event source mapping because it is in use: its state is " +
                    std::string(to_string(state_)));
  }
  return {};
}

void EventSourceMapping::change_state(MappingState state) {
  set_state(state);
  transition_ends_ = world_.now() + toggle_;
}

void EventSourceMapping::finish_transition() {
  const bool settled = state_ == MappingState::Enabled || state_ == MappingState::Disabled;
  if (settled || world_.now() < transition_ends_) {
    return;
  }
  if (state_ == MappingState::Deleting) {
    gone_ = true;
    return;
  }
  set_state(enabled_ ? MappingState::Enabled : MappingState::Disabled);
}

void EventSourceMapping::set_state(MappingState state) {
  state_ = state;
  modified_at_ = world_.now();
  world_.record(world::EventKind::Other, "event source mapping", std::string(to_string(state)));
}

/// Disabling does not hold at once: AWS's pollers go on until the state says Disabled.
bool EventSourceMapping::polling() const {
  return state_ == MappingState::Enabled || state_ == MappingState::Disabling ||
         (state_ == MappingState::Updating && enabled_);
}

std::int64_t EventSourceMapping::concurrency() const {
  return settings_.concurrency_max.value_or(kPollers);
}

void EventSourceMapping::tick() {
  finish_transition();
  retry_throttled();
  // A poller that was throttled keeps its batch and takes no other. As many batches a tick as there
  // are pollers at most: with a visibility timeout of zero there is always one more.
  for (auto free = concurrency() - under_way_ - std::ssize(throttled_); free > 0; --free) {
    if (!gather()) {
      break;
    }
    auto batch = std::make_shared<Batch>();
    batch->messages = std::exchange(gathered_, {});
    batch->expires_at =
        gathering_since_ + world_.find_queue(identity_.queue)->settings().visibility_timeout;
    launch(batch);
  }
}

/// Receives messages; true when a batch is complete or its window is over.
bool EventSourceMapping::gather() {
  world::Queue* queue = world_.find_queue(identity_.queue);
  if (queue == nullptr) {
    last_result_ = "PROBLEM: the queue does not exist";
    gathered_.clear();
    return false;
  }
  std::size_t bytes = 0;
  for (const auto& message : gathered_) {
    bytes += message.body.size();
  }
  bool more = polling();
  while (more && std::ssize(gathered_) < settings_.batch_size && bytes < kBatchBytes) {
    const auto wanted = std::min(kReceiveMax, settings_.batch_size - std::ssize(gathered_));
    auto received = world_.receive(*queue, {.messages_max = wanted});
    more = !received.empty();
    if (gathered_.empty() && more) {
      gathering_since_ = world_.now();
    }
    for (auto& message : received) {
      bytes += message.body.size();
      totals_.receive_count_max = std::max(totals_.receive_count_max, message.receive_count);
      gathered_.push_back(std::move(message));
    }
  }
  const bool full = std::ssize(gathered_) >= settings_.batch_size || bytes >= kBatchBytes;
  const bool over = world_.now() - gathering_since_ >= settings_.batching_window || !polling();
  return !gathered_.empty() && (full || over);
}

void EventSourceMapping::launch(const std::shared_ptr<Batch>& batch) {
  ++under_way_;
  invoke_(
      identity_.function_arn,
      sqs_event({.queue_arn = identity_.queue_arn, .region = identity_.region}, batch->messages),
      [weak = std::weak_ptr(self_), batch](const InvocationResult& result) {
        if (const auto self = weak.lock()) {
          --(*self)->under_way_;
          (*self)->finish(batch, result);
        }
      });
}

/// Throttled batches are tried again until their messages are visible to others anyway.
void EventSourceMapping::retry_throttled() {
  const auto waiting = std::exchange(throttled_, {});
  for (const auto& batch : waiting) {
    if (world_.now() >= batch->expires_at) {
      totals_.returned += std::ssize(batch->messages);
    } else if (world_.now() >= batch->retry_at && under_way_ < concurrency()) {
      launch(batch);
    } else {
      throttled_.push_back(batch);
    }
  }
}

void EventSourceMapping::finish(const std::shared_ptr<Batch>& batch,
                                const InvocationResult& result) {
  if (result.outcome == InvocationOutcome::Throttled) {
    last_result_ = "PROBLEM: Function call was throttled";
    batch->retry_at = world_.now() + kThrottlePause;
    throttled_.push_back(batch);
    return;
  }
  std::vector<std::string> ids;
  for (const auto& message : batch->messages) {
    ids.push_back(message.id);
  }
  std::vector<std::string> failed = {};
  if (result.outcome == InvocationOutcome::FunctionError) {
    failed = ids;
  } else if (settings_.report_batch_item_failures) {
    failed = failed_items(result.payload, ids);
  }
  ++totals_.batches;
  totals_.received += std::ssize(ids);
  totals_.returned += std::ssize(failed);
  totals_.failed_batches += failed.size() == ids.size() ? 1 : 0;
  last_result_ = result.outcome == InvocationOutcome::Ok ? "OK" : "PROBLEM: Function call failed";
  world::Queue* queue = world_.find_queue(identity_.queue);
  for (const auto& message : batch->messages) {
    if (queue == nullptr || contains(failed, message.id)) {
      continue;
    }
    if (world_.delete_message(*queue, message.receipt_handle) == world::HandleOutcome::Done) {
      ++totals_.deleted;
    }
  }
}

}  // namespace scaler::emulator
