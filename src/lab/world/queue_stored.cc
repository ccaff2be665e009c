#include <algorithm>

#include "ground/base/check.h"
#include "lab/world/queue.h"

// The part of Queue that hands whole messages out, to another queue or to a file, and takes them
// back.

namespace scaler::world {

const StoredMessage* Queue::peek(Instant now) {
  settle(now);
  if (fifo_) {
    fifo_->begin_receive();
  }
  const auto found = next_visible();
  return found == entries_.end() ? nullptr : &found->second.message;
}

StoredMessage Queue::take_out(Instant now) {
  const auto found = next_visible();
  CHECK(found != entries_.end());
  StoredMessage message = found->second.message;
  remove(found);
  ++totals_.moved_out;
  changed(now);
  return message;
}

std::vector<StoredMessage> Queue::stored_messages() const {
  std::vector<StoredMessage> messages;
  messages.reserve(entries_.size());
  for (const auto& [sequence, entry] : entries_) {
    messages.push_back(entry.message);
    messages.back().id = id_of(entry.message);
  }
  std::ranges::sort(messages, {}, &StoredMessage::sequence);
  return messages;
}

void Queue::restore(StoredMessage message, Instant now) {
  const bool hidden = message.visible_at > now;
  const bool in_flight = hidden && message.received_at.has_value();
  const MessagePlace place = in_flight ? MessagePlace::InFlight
                             : hidden  ? MessagePlace::Delayed
                                       : MessagePlace::Visible;
  next_sequence_ = std::max(next_sequence_, message.sequence);
  add(std::move(message), place);
  changed(now);
}

void Queue::restore_handle_key(std::uint64_t key, std::uint64_t next_sequence) {
  handle_key_ = key;
  next_sequence_ = std::max(next_sequence_, next_sequence);
}

}  // namespace scaler::world
