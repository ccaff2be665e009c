#include <utility>

#include "lab/world/queue.h"

// The part of Queue that recognises what a FIFO queue is told twice.

namespace scaler::world {
namespace {

/// A deduplication id within its scope. No group has a line break in it.
std::string scoped_id(const FifoMark& mark, const FifoSettings& settings) {
  return (settings.deduplicates_by_group ? mark.group + '\n' : "\n") + mark.deduplication_id;
}

}  // namespace

std::optional<std::uint64_t> Queue::repeated_send(const FifoMark& mark, Instant now) const {
  const std::uint64_t* const first =
      fifo_ ? fifo_->sends().find(scoped_id(mark, *settings_.fifo), now) : nullptr;
  return first == nullptr ? std::nullopt : std::optional(*first);
}

void Queue::remember_send(const FifoMark& mark, std::uint64_t sequence, Instant now) {
  if (!mark.deduplication_id.empty()) {
    fifo_->sends().put({.key = scoped_id(mark, *settings_.fifo), .value = sequence, .at = now});
  }
}

std::vector<ReceivedMessage> Queue::repeated_receive(const ReceiveRequest& request, Instant now) {
  std::vector<ReceivedMessage> messages;
  if (!fifo_ || request.attempt_id.empty()) {
    return messages;
  }
  const auto* const taken = fifo_->attempts().find(request.attempt_id, now);
  if (taken == nullptr) {
    return messages;
  }
  const Duration timeout = request.visibility_timeout.value_or(settings_.visibility_timeout);
  for (const FifoOrder::Taken& one : *taken) {
    const auto found = entries_.find(one.sequence);
    if (found == entries_.end() || found->second.place != MessagePlace::InFlight ||
        found->second.message.receive_count != one.receive_count ||
        found->second.message.visible_at != one.visible_at) {
      return {};
    }
    messages.push_back(received(
        found->second,
        {.queue_key = handle_key_, .sequence = one.sequence, .receive_count = one.receive_count}));
  }
  for (const ReceivedMessage& message : messages) {
    hide(entries_.at(message.sequence), now + timeout);
  }
  remember_receive(request, messages, now);
  changed(now);
  return messages;
}

void Queue::remember_receive(const ReceiveRequest& request,
                             const std::vector<ReceivedMessage>& messages, Instant now) {
  if (!fifo_ || request.attempt_id.empty() || messages.empty()) {
    return;
  }
  std::vector<FifoOrder::Taken> taken;
  for (const ReceivedMessage& message : messages) {
    taken.push_back({.sequence = message.sequence,
                     .receive_count = message.receive_count,
                     .visible_at = entries_.at(message.sequence).message.visible_at});
  }
  fifo_->attempts().put({.key = request.attempt_id, .value = std::move(taken), .at = now});
}

}  // namespace scaler::world
