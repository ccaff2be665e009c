#include "lab/world/queue.h"

#include <algorithm>
#include <array>

#include "ground/base/check.h"
#include "ground/base/text.h"

namespace scaler::world {
namespace {

constexpr Duration kVisibilityMax = std::chrono::hours(12);
constexpr std::size_t kHexDigits = 16;
constexpr std::size_t kHandleLength = 3 * kHexDigits;

void append_hex(std::string& out, std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<char, kHexDigits> digits{};
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, value >>= 4U) {
    *digit = kDigits[value & 0xfU];
  }
  out.append(digits.data(), digits.size());
}

/// Ties a handle to its queue. No protection against an attacker, only against mistaken handles.
std::uint64_t checksum(std::uint64_t key, std::uint64_t sequence, std::uint64_t receive_count) {
  Random mixer(key ^ (sequence * 0x9e3779b97f4a7c15U) ^ (receive_count << 40U));
  mixer.next();
  return mixer.next();
}

/// A random (version 4) UUID.
std::string make_id(std::uint64_t high, std::uint64_t low) {
  constexpr std::size_t kLength = 36;
  std::string hex;
  hex.reserve(kLength);
  append_hex(hex, (high & ~0xf000ULL) | 0x4000ULL);
  append_hex(hex, (low & ~(0xcULL << 60U)) | (0x8ULL << 60U));
  for (const std::size_t dash : {20U, 16U, 12U, 8U}) {
    hex.insert(dash, 1, '-');
  }
  return hex;
}

}  // namespace

Queue::Queue(std::string name, QueueSettings settings, Instant created_at, Random& random)
    : name_(std::move(name)),
      settings_(std::move(settings)),
      created_at_(created_at),
      modified_at_(created_at),
      handle_key_(random.next()),
      fifo_(settings_.fifo ? std::make_unique<FifoOrder>() : nullptr) {}

void Queue::change_settings(QueueSettings settings, Instant now) {
  if (settings_.count_lag <= Duration(0) && settings.count_lag > Duration(0)) {
    // What is told until the lag is over: the counts as they are.
    past_depths_.emplace_back(now - settings.count_lag, depth());
  }
  CHECK(settings.fifo.has_value() == settings_.fifo.has_value());
  if (fifo_ && settings.delay != settings_.delay) {
    // Unlike a standard queue's, it holds for what is there already.
    for (auto& [sequence, entry] : entries_) {
      if (entry.place == MessagePlace::Delayed) {
        hide(entry, entry.message.sent_at + settings.delay);
      }
    }
  }
  settings_ = std::move(settings);
  modified_at_ = now;
  settle(now);
  changed(now);
}

void Queue::set_tag(std::string_view key, std::string_view value) {
  tags_[std::string(key)] = value;
  ++revision_;
}

void Queue::remove_tag(std::string_view key) {
  const auto found = tags_.find(key);
  if (found != tags_.end()) {
    tags_.erase(found);
    ++revision_;
  }
}

void Queue::move(Entry& entry, MessagePlace to) {
  --count(entry.place);
  ++count(to);
  if (fifo_) {
    fifo_->move(entry.message.fifo->group, entry.message.sequence, entry.place, to);
  } else if (to == MessagePlace::Visible) {
    entry.visible_order = next_visible_order_++;
    visible_.emplace_back(entry.visible_order, entry.message.sequence);
  }
  entry.place = to;
}

std::string Queue::send(NewMessage message, Instant now) {
  return message_id(post(std::move(message), now));
}

std::uint64_t Queue::post(NewMessage message, Instant now) {
  settle(now);
  const Duration delay = message.delay.value_or(settings_.delay);
  const std::uint64_t sequence = next_sequence_;
  ++totals_.sent;
  if (fifo_ && message.fifo) {
    remember_send(*message.fifo, sequence, now);
  }
  add({.sequence = sequence,
       .body = std::move(message.body),
       .attributes = std::move(message.attributes),
       .sent_at = now,
       .visible_at = now + delay,
       .fifo = std::move(message.fifo)},
      delay > Duration(0) ? MessagePlace::Delayed : MessagePlace::Visible);
  changed(now);
  return sequence;
}

std::string Queue::message_id(std::uint64_t sequence) const {
  Random mixer(handle_key_ + sequence * 0xd1342543de82ef95U);
  const std::uint64_t high = mixer.next();
  return make_id(high, mixer.next());
}

std::string Queue::id_of(const StoredMessage& message) const {
  return message.id.empty() ? message_id(message.sequence) : message.id;
}

std::vector<ReceivedMessage> Queue::receive(const ReceiveRequest& request, Instant now,
                                            Queue* dead_letter_queue) {
  settle(now);
  const Duration timeout = request.visibility_timeout.value_or(settings_.visibility_timeout);
  std::vector<ReceivedMessage> messages = repeated_receive(request, now);
  if (!messages.empty()) {
    return messages;
  }
  if (fifo_) {
    fifo_->begin_receive();
  }
  std::vector<std::uint64_t> shown_again;
  while (std::ssize(messages) < request.messages_max) {
    Entry* const entry = front(dead_letter_queue, now);
    if (entry == nullptr) {
      break;
    }
    messages.push_back(received(*entry, deliver(*entry, timeout, now)));
    if (timeout <= Duration(0)) {
      shown_again.push_back(entry->message.sequence);
    }
  }
  // A timeout of zero hides nothing, yet one receive never returns the same message twice.
  for (const std::uint64_t sequence : shown_again) {
    show(entries_.at(sequence));
  }
  remember_receive(request, messages, now);
  changed(now);
  return messages;
}

std::optional<TakenMessage> Queue::take(Duration timeout, Instant now, Queue* dead_letter_queue) {
  settle(now);
  if (fifo_) {
    fifo_->begin_receive();
  }
  Entry* const entry = front(dead_letter_queue, now);
  std::optional<TakenMessage> taken;
  if (entry != nullptr) {
    taken = {.receipt = deliver(*entry, timeout, now), .sent_at = entry->message.sent_at};
  }
  changed(now);
  return taken;
}

Queue::Entries::iterator Queue::next_visible() {
  if (fifo_) {
    const auto sequence = fifo_->next();
    return sequence ? entries_.find(*sequence) : entries_.end();
  }
  return visible_.empty() ? entries_.end() : entries_.find(visible_.front().second);
}

Queue::Entry* Queue::front(Queue* dead_letter_queue, Instant now) {
  const bool redrives =
      settings_.redrive && dead_letter_queue != nullptr && dead_letter_queue != this;
  for (auto found = next_visible(); found != entries_.end(); found = next_visible()) {
    StoredMessage& message = found->second.message;
    const std::int64_t receives = message.receive_count - message.receives_elsewhere;
    if (!redrives || receives < settings_.redrive->max_receive_count) {
      return &found->second;
    }
    message.id = id_of(message);
    dead_letter_queue->take_dead_letter(message, name_, now);
    ++totals_.redriven;
    remove(found);
  }
  return nullptr;
}

Receipt Queue::deliver(Entry& entry, Duration timeout, Instant now) {
  StoredMessage& message = entry.message;
  move(entry, MessagePlace::InFlight);
  ++message.receive_count;
  message.first_received_at = message.first_received_at.value_or(now);
  message.received_at = now;
  hide(entry, now + timeout);
  drop_gone();
  ++totals_.received;
  totals_.receive_count_max = std::max(totals_.receive_count_max, message.receive_count);
  return {.queue_key = handle_key_,
          .sequence = message.sequence,
          .receive_count = message.receive_count};
}

ReceivedMessage Queue::received(const Entry& entry, const Receipt& receipt) const {
  const StoredMessage& message = entry.message;
  return {.id = id_of(message),
          .receipt_handle = receipt_handle(receipt),
          .body = message.body,
          .attributes = message.attributes,
          .sent_at = message.sent_at,
          .first_received_at = *message.first_received_at,
          .receive_count = message.receive_count,
          .sequence = message.sequence,
          .fifo = message.fifo,
          .from = message.from};
}

void Queue::take_dead_letter(StoredMessage message, const std::string& from, Instant now) {
  message.from = std::make_shared<const std::string>(from);
  message.sequence = next_sequence_;
  message.receives_elsewhere = message.receive_count;
  message.visible_at = now;
  if (fifo_) {
    // Its age in a standard queue counts from the first send; here, from now.
    message.sent_at = now;
  }
  ++totals_.dead_letters_in;
  add(std::move(message), MessagePlace::Visible);
  changed(now);
}

HandleOutcome Queue::delete_message(std::string_view receipt_handle, Instant now) {
  const auto receipt = parse_handle(receipt_handle);
  return receipt ? delete_message(*receipt, now) : HandleOutcome::Invalid;
}

HandleOutcome Queue::delete_message(const Receipt& receipt, Instant now) {
  settle(now);
  const auto found = entries_.find(receipt.sequence);
  if (receipt.queue_key != handle_key_) {
    return HandleOutcome::Invalid;
  }
  if (found == entries_.end()) {
    return HandleOutcome::Stale;
  }
  const bool latest = found->second.message.receive_count == receipt.receive_count;
  if (fifo_ && (!latest || found->second.place != MessagePlace::InFlight)) {
    return HandleOutcome::Expired;
  }
  if (!latest) {
    return HandleOutcome::Stale;
  }
  remove(found);
  ++totals_.deleted;
  changed(now);
  return HandleOutcome::Done;
}

HandleOutcome Queue::change_visibility(std::string_view receipt_handle, Duration timeout,
                                       Instant now) {
  auto receipt = parse_handle(receipt_handle);
  if (!receipt) {
    return HandleOutcome::Invalid;
  }
  // Of a standard queue, any handle of a message will do as long as the message is in flight.
  const auto found = entries_.find(receipt->sequence);
  if (!fifo_ && found != entries_.end()) {
    receipt->receive_count = found->second.message.receive_count;
  }
  return change_visibility(*receipt, timeout, now);
}

HandleOutcome Queue::change_visibility(const Receipt& receipt, Duration timeout, Instant now) {
  settle(now);
  const auto found = entries_.find(receipt.sequence);
  if (receipt.queue_key != handle_key_) {
    return HandleOutcome::Invalid;
  }
  if (found == entries_.end() || found->second.place != MessagePlace::InFlight ||
      found->second.message.receive_count != receipt.receive_count) {
    return HandleOutcome::Stale;
  }
  Entry& entry = found->second;
  if (now + timeout > *entry.message.received_at + kVisibilityMax) {
    return HandleOutcome::TooLong;
  }
  hide(entry, now + timeout);
  settle(now);
  changed(now);
  return HandleOutcome::Done;
}

std::int64_t Queue::purge(Instant now) {
  settle(now);
  const std::int64_t count = std::ssize(entries_);
  entries_.clear();
  visible_.clear();
  hidden_.clear();
  by_age_.clear();
  if (fifo_) {
    fifo_->clear_messages();
  }
  counts_ = {};
  totals_.purged += count;
  changed(now);
  return count;
}

void Queue::settle(Instant now) {
  if (next_event() > now) {
    return;
  }
  while (!by_age_.empty() && by_age_.begin()->first + settings_.retention <= now) {
    remove(entries_.find(by_age_.begin()->second));
    ++totals_.expired;
  }
  while (Entry* const entry = hidden_.due(now)) {
    show(*entry);
  }
  changed(now);
}

QueueDepth Queue::depth() const {
  return {.visible = count(MessagePlace::Visible),
          .in_flight = count(MessagePlace::InFlight),
          .delayed = count(MessagePlace::Delayed)};
}

QueueDepth Queue::approximate_depth(Instant now) const {
  if (settings_.count_lag <= Duration(0)) {
    return depth();
  }
  QueueDepth latest;
  for (const auto& [at, depth] : past_depths_) {
    if (at > now - settings_.count_lag) {
      break;
    }
    latest = depth;
  }
  return latest;
}

Instant Queue::next_event() const {
  const Instant expiry = by_age_.empty() ? kNever : by_age_.front().first + settings_.retention;
  return std::min(expiry, hidden_.next());
}

std::string Queue::receipt_handle(const Receipt& receipt) const {
  const auto count = static_cast<std::uint64_t>(receipt.receive_count);
  std::string handle;
  handle.reserve(kHandleLength);
  append_hex(handle, checksum(handle_key_, receipt.sequence, count));
  append_hex(handle, receipt.sequence);
  append_hex(handle, count);
  return handle;
}

std::optional<Receipt> Queue::parse_handle(std::string_view handle) const {
  if (handle.size() != kHandleLength) {
    return std::nullopt;
  }
  const auto sum = number_of<std::uint64_t>(handle.substr(0, kHexDigits), 16);
  const auto sequence = number_of<std::uint64_t>(handle.substr(kHexDigits, kHexDigits), 16);
  const auto count = number_of<std::uint64_t>(handle.substr(2 * kHexDigits), 16);
  if (!sum || !sequence || !count || *sum != checksum(handle_key_, *sequence, *count)) {
    return std::nullopt;
  }
  return Receipt{.queue_key = handle_key_,
                 .sequence = *sequence,
                 .receive_count = static_cast<std::int64_t>(*count)};
}

Queue::Entry& Queue::add(StoredMessage message, MessagePlace place) {
  if (fifo_ && !message.fifo) {
    message.fifo = std::make_shared<const FifoMark>();
  }
  const std::uint64_t sequence = message.sequence;
  next_sequence_ = std::max(next_sequence_, sequence + 1);
  // Dead letters and restored messages may be older than what is there.
  const std::pair age(message.sent_at, sequence);
  if (by_age_.empty() || by_age_.back() < age) {
    by_age_.push_back(age);
  } else {
    by_age_.insert(std::ranges::upper_bound(by_age_, age), age);
  }
  const auto [at, inserted] = entries_.try_emplace(sequence, std::move(message));
  CHECK(inserted);
  Entry& entry = at->second;
  move(entry, place);
  if (place != MessagePlace::Visible) {
    hide(entry, entry.message.visible_at);
  }
  return entry;
}

void Queue::show(Entry& entry) {
  hidden_.plan(entry, entry.message.sequence, kNever);
  move(entry, MessagePlace::Visible);
}

void Queue::hide(Entry& entry, Instant until) {
  entry.message.visible_at = until;
  hidden_.plan(entry, entry.message.sequence, until);
}

void Queue::drop_gone() {
  const auto visible = [this](const std::pair<std::uint64_t, std::uint64_t>& at) {
    const auto found = entries_.find(at.second);
    return found != entries_.end() && found->second.place == MessagePlace::Visible &&
           found->second.visible_order == at.first;
  };
  while (!visible_.empty() && !visible(visible_.front())) {
    visible_.pop_front();
  }
  while (!by_age_.empty() && !entries_.contains(by_age_.front().second)) {
    by_age_.pop_front();
  }
}

void Queue::remove(Entries::iterator entry) {
  Entry& gone = entry->second;
  if (gone.place != MessagePlace::Visible) {
    hidden_.plan(gone, gone.message.sequence, kNever);
  }
  move(gone, MessagePlace::Gone);
  entries_.erase(entry);
  drop_gone();
}

void Queue::changed(Instant now) {
  ++revision_;
  note_depth(now);
  if (on_change_) {
    on_change_();
  }
}

void Queue::note_depth(Instant now) {
  if (settings_.count_lag <= Duration(0)) {
    if (!past_depths_.empty()) {
      past_depths_.clear();
    }
    return;
  }
  // One entry at or before the horizon stays: it is what is reported.
  while (past_depths_.size() > 1 && past_depths_[1].first <= now - settings_.count_lag) {
    past_depths_.pop_front();
  }
  if (!past_depths_.empty() && past_depths_.back().first == now) {
    past_depths_.back().second = depth();
  } else {
    past_depths_.emplace_back(now, depth());
  }
}

}  // namespace scaler::world
