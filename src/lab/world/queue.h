#pragma once
// Queue: one SQS queue in memory, standard or FIFO: visible, in-flight and delayed messages,
// receipt handles, receive counts, dead-lettering, retention. It has no clock: every function is
// told the time, which never goes back. World (world.h) ties queues together; SQS's limits and
// errors are the emulator's business.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ground/base/clock.h"
#include "ground/base/random.h"
#include "lab/world/agenda.h"
#include "lab/world/fifo_order.h"
#include "scaler/core/observation.h"

namespace scaler::world {

/// Where messages go that were received too often.
struct Redrive {
  std::string dead_letter_queue = {};  ///< a queue's name
  std::int64_t max_receive_count = 0;  ///< receives that are allowed, at least 1
  bool operator==(const Redrive&) const = default;
};

/// What only FIFO queues have.
struct FifoSettings {
  bool content_based_deduplication = false;  ///< kept here, observed by the server
  bool deduplicates_by_group = false;        ///< an id is one of its group, not of the queue
  bool operator==(const FifoSettings&) const = default;
};

struct QueueSettings {
  Duration visibility_timeout = std::chrono::seconds(30);
  Duration delay = Duration(0);  ///< of messages that bring none of their own
  Duration retention = std::chrono::days(4);
  Duration receive_wait =
      Duration(0);  ///< default of a long poll; kept here, observed by the server
  std::int64_t message_size_max = 1'048'576;  ///< bytes; kept here, observed by the server
  std::optional<Redrive> redrive = {};
  std::optional<FifoSettings> fifo = {};         ///< a FIFO queue, and for good
  std::map<std::string, std::string> kept = {};  ///< attributes that have no effect here
  Duration count_lag = Duration(0);              ///< how old the approximate counts are
  bool operator==(const QueueSettings&) const = default;
};

/// What a sender hands over.
struct NewMessage {
  std::string body = {};
  std::string attributes = {};                ///< opaque; every receiver gets it back
  std::optional<Duration> delay = {};         ///< instead of the queue's
  std::shared_ptr<const FifoMark> fifo = {};  ///< in a FIFO queue
};

/// What one receiver of a message gets.
struct ReceivedMessage {
  std::string id = {};
  std::string receipt_handle = {};
  std::string body = {};
  std::string attributes = {};
  Instant sent_at = {};
  Instant first_received_at = {};
  std::int64_t receive_count = 0;  ///< this receive included
  std::uint64_t sequence = 0;
  std::shared_ptr<const FifoMark> fifo = {};
  std::shared_ptr<const std::string> from = {};  ///< as StoredMessage's
};

struct ReceiveRequest {
  std::int64_t messages_max = 1;
  std::string attempt_id = {};  ///< a FIFO queue gives one that comes again the same messages
  std::optional<Duration> visibility_timeout = {};  ///< instead of the queue's
};

/// One receive of one message: what a receipt handle says, as numbers. A worker of a service
/// (world.h) holds this; everybody else a handle.
struct Receipt {
  std::uint64_t queue_key = 0;
  std::uint64_t sequence = 0;
  std::int64_t receive_count = 0;
  bool operator==(const Receipt&) const = default;
};

/// What a worker of a service learns of a message that it takes.
struct TakenMessage {
  Receipt receipt = {};
  Instant sent_at = {};
};

/// What came of using a receipt handle.
enum class HandleOutcome {
  Done,
  Stale,    ///< the message is gone, was received again since, or (to change visibility) is not in
            ///< flight
  Expired,  ///< to delete from a FIFO queue: its time was over before
  Invalid,  ///< no handle that this queue ever gave out
  TooLong,  ///< more than twelve hours of visibility timeout since the receive
};

/// Counts since the queue was made.
struct QueueTotals {
  std::int64_t sent = 0;      ///< by senders; not those that came from another queue's redrive
  std::int64_t received = 0;  ///< deliveries: a message received twice counts twice
  std::int64_t deleted = 0;
  std::int64_t redriven = 0;  ///< moved from here to the dead-letter queue
  std::int64_t expired = 0;   ///< dropped at the end of the retention period
  std::int64_t purged = 0;
  std::int64_t dead_letters_in = 0;    ///< moved here from other queues
  std::int64_t moved_out = 0;          ///< sent on to another queue, by hand
  std::int64_t receive_count_max = 0;  ///< highest receive count that any message reached
  bool operator==(const QueueTotals&) const = default;
};

/// A message with everything needed to bring it back after a restart.
struct StoredMessage {
  std::uint64_t sequence = 0;  ///< its number within the queue
  std::string id = {};         ///< within the queue empty, while it follows from the sequence
  std::string body = {};
  std::string attributes = {};
  Instant sent_at = {};
  std::optional<Instant> first_received_at = {};
  std::optional<Instant> received_at = {};  ///< the latest receive
  Instant visible_at = {};
  std::int64_t receive_count = 0;
  std::int64_t receives_elsewhere = 0;  ///< of these, before it came here as a dead letter
  /// Shared, so that a message of a standard queue pays for a pointer only.
  std::shared_ptr<const FifoMark> fifo = {};
  std::shared_ptr<const std::string> from = {};  ///< the queue that it left as a dead letter
};

struct Station;  // world.h

class Queue {
 public:
  Queue(std::string name, QueueSettings settings, Instant created_at, Random& random);

  const std::string& name() const { return name_; }
  Instant created_at() const { return created_at_; }
  Instant modified_at() const { return modified_at_; }
  const QueueSettings& settings() const { return settings_; }
  void change_settings(QueueSettings settings, Instant now);
  const std::map<std::string, std::string, std::less<>>& tags() const { return tags_; }
  void set_tag(std::string_view key, std::string_view value);
  void remove_tag(std::string_view key);

  /// Adds a message; its id.
  std::string send(NewMessage message, Instant now);
  /// The same, without making a text of the id; the message's sequence.
  std::uint64_t post(NewMessage message, Instant now);

  /// The message that this one would only repeat: its deduplication id was sent in the last five
  /// minutes. Whoever sends asks first.
  std::optional<std::uint64_t> repeated_send(const FifoMark& mark, Instant now) const;

  /// Takes up to messages_max visible messages in flight, oldest first. A message whose receive
  /// would exceed the redrive's count goes to `dead_letter_queue` instead; nullptr: it stays and is
  /// delivered.
  std::vector<ReceivedMessage> receive(const ReceiveRequest& request, Instant now,
                                       Queue* dead_letter_queue);

  /// receive() of one message by a worker of a service: the same without texts.
  std::optional<TakenMessage> take(Duration timeout, Instant now, Queue* dead_letter_queue);

  /// The message that a receive would get first, or nullptr; what the redrive's count says is not
  /// looked at.
  const StoredMessage* peek(Instant now);
  /// Takes that message out, for good. There must be one.
  StoredMessage take_out(Instant now);

  /// Deletes the message, also when its visibility timeout has run out, as long as the handle is of
  /// its latest receive. An older handle is Stale and changes nothing (SQS answers success to it).
  /// A FIFO queue deletes only what is in flight.
  HandleOutcome delete_message(std::string_view receipt_handle, Instant now);
  HandleOutcome delete_message(const Receipt& receipt, Instant now);

  /// Makes an in-flight message visible `timeout` from now. A standard queue takes the handle of an
  /// earlier receive, too.
  HandleOutcome change_visibility(std::string_view receipt_handle, Duration timeout, Instant now);
  HandleOutcome change_visibility(const Receipt& receipt, Duration timeout, Instant now);

  /// The id of a message, gone or not, that was sent to this queue.
  std::string message_id(std::uint64_t sequence) const;

  /// Deletes everything; how many messages that were.
  std::int64_t purge(Instant now);

  /// Moves messages whose time has come: timeouts, delays, retention.
  void settle(Instant now);

  /// Whether a receive may get something now: a FIFO queue may hold back what is visible.
  bool has_next() const { return fifo_ ? fifo_->ready() : count(MessagePlace::Visible) > 0; }

  /// Exact counts; call settle() first.
  QueueDepth depth() const;
  /// The counts as they were count_lag ago.
  QueueDepth approximate_depth(Instant now) const;
  const QueueTotals& totals() const { return totals_; }
  /// When the oldest message was sent; nothing when there is none.
  std::optional<Instant> oldest() const {
    return by_age_.empty() ? std::nullopt : std::optional(by_age_.front().first);
  }

  /// When a message becomes visible or expires next.
  Instant next_event() const;

  /// All messages in order of their sequence, and how to bring them back into an empty queue.
  std::vector<StoredMessage> stored_messages() const;
  void restore(StoredMessage message, Instant now);
  /// What receipt handles are checked with; a restored queue takes over its old one.
  std::uint64_t handle_key() const { return handle_key_; }
  std::uint64_t next_sequence() const { return next_sequence_; }
  void restore_handle_key(std::uint64_t key, std::uint64_t next_sequence);
  /// A FIFO queue's order, or nullptr.
  FifoOrder* fifo() { return fifo_.get(); }
  const FifoOrder* fifo() const { return fifo_.get(); }
  void restore_totals(const QueueTotals& totals) { totals_ = totals; }
  void restore_times(Instant created_at, Instant modified_at) {
    created_at_ = created_at;
    modified_at_ = modified_at;
  }
  /// Counts every change of messages or settings, so that a saver knows whether there is something
  /// to save.
  std::uint64_t revision() const { return revision_; }
  /// Is called after every change of messages or settings.
  void on_change(std::function<void()> callback) { on_change_ = std::move(callback); }

  // World's.
  std::uint64_t rank = 0;  ///< who acts first of those at one moment
  Planned planned = {};
  Station* station = nullptr;

 private:
  struct Entry {
    StoredMessage message = {};
    MessagePlace place = MessagePlace::Gone;
    std::uint64_t visible_order = 0;  ///< its place among the visible ones
    Planned showing = {};             ///< at visible_at, unless it is visible
  };
  using Entries = std::unordered_map<std::uint64_t, Entry>;

  std::string receipt_handle(const Receipt& receipt) const;
  std::optional<Receipt> parse_handle(std::string_view handle) const;
  /// What the receive of this attempt id took, as long as nobody has touched it since.
  std::vector<ReceivedMessage> repeated_receive(const ReceiveRequest& request, Instant now);
  void remember_send(const FifoMark& mark, std::uint64_t sequence, Instant now);
  void remember_receive(const ReceiveRequest& request, const std::vector<ReceivedMessage>& messages,
                        Instant now);
  Entries::iterator next_visible();
  /// The next visible message, after those that are due to the dead-letter queue have gone there.
  Entry* front(Queue* dead_letter_queue, Instant now);
  Receipt deliver(Entry& entry, Duration timeout, Instant now);
  ReceivedMessage received(const Entry& entry, const Receipt& receipt) const;
  std::string id_of(const StoredMessage& message) const;
  void take_dead_letter(StoredMessage message, const std::string& from, Instant now);
  Entry& add(StoredMessage message, MessagePlace place);
  void move(Entry& entry, MessagePlace to);
  std::int64_t& count(MessagePlace place) { return counts_[static_cast<std::size_t>(place)]; }
  std::int64_t count(MessagePlace place) const { return counts_[static_cast<std::size_t>(place)]; }
  void show(Entry& entry);
  void hide(Entry& entry, Instant until);
  void drop_gone();
  void remove(Entries::iterator entry);
  void changed(Instant now);
  void note_depth(Instant now);

  std::string name_;
  QueueSettings settings_;
  Instant created_at_;
  Instant modified_at_;
  std::map<std::string, std::string, std::less<>> tags_ = {};
  std::uint64_t handle_key_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t next_visible_order_ = 1;
  std::uint64_t revision_ = 0;
  QueueTotals totals_ = {};
  Entries entries_ = {};
  // Both deques are in order and may hold what is gone, but never at the front.
  std::deque<std::pair<std::uint64_t, std::uint64_t>> visible_ = {};  ///< {visible_order, sequence}
  std::deque<std::pair<Instant, std::uint64_t>> by_age_ = {};         ///< {sent_at, sequence}
  Agenda<Entry, &Entry::showing> hidden_ = {};
  std::unique_ptr<FifoOrder> fifo_ = {};  ///< takes the place of visible_
  /// Messages in each place; in MessagePlace::Gone, what left less what came.
  std::array<std::int64_t, 4> counts_ = {};
  std::deque<std::pair<Instant, QueueDepth>> past_depths_ = {};  ///< only with a count_lag
  std::function<void()> on_change_ = {};
};

}  // namespace scaler::world
