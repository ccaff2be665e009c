#pragma once
// FifoOrder: what only a FIFO queue knows: which of its messages may be received next, which sends
// are repetitions of one before, and what earlier receives took. A queue (queue.h) has one if it is
// FIFO, and tells it whatever happens to its messages.

#include <cstdint>
#include <iterator>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ground/base/clock.h"

namespace scaler::world {

/// How long a FIFO queue recognises a send or a receive that is repeated.
constexpr Duration kRepetitionSpan = std::chrono::minutes(5);

/// What a message of a FIFO queue carries.
struct FifoMark {
  std::string group = {};
  std::string deduplication_id = {};
};

/// Where a message of a queue is.
enum class MessagePlace { Gone, Visible, InFlight, Delayed };

/// What was told in the last five minutes, by a text.
template <typename Value>
class Recent {
 public:
  struct Item {
    std::string key = {};
    Value value = {};
    Instant at = {};
  };

  const Value* find(std::string_view key, Instant now) const {
    const auto found = by_key_.find(key);
    const bool known = found != by_key_.end() && now < found->second->at + kRepetitionSpan;
    return known ? &found->second->value : nullptr;
  }

  /// In the order of time; takes the place of one with the same key.
  void put(Item item) {
    while (!items_.empty() && items_.front().at + kRepetitionSpan <= item.at) {
      by_key_.erase(items_.front().key);
      items_.pop_front();
    }
    if (const auto found = by_key_.find(item.key); found != by_key_.end()) {
      const auto old = found->second;
      by_key_.erase(found);
      items_.erase(old);
    }
    items_.push_back(std::move(item));
    by_key_.emplace(items_.back().key, std::prev(items_.end()));
  }

  /// Oldest first; some may be older than five minutes.
  const std::list<Item>& items() const { return items_; }

 private:
  std::list<Item> items_ = {};
  std::unordered_map<std::string_view, typename std::list<Item>::iterator> by_key_ = {};
};

class FifoOrder {
 public:
  /// A message as a receive left it.
  struct Taken {
    std::uint64_t sequence = 0;
    std::int64_t receive_count = 0;
    Instant visible_at = {};
    bool operator==(const Taken&) const = default;
  };

  /// A message of the group goes from one place to another. Within its group, messages keep the
  /// order of their sequences, wherever they have been.
  void move(const std::string& group, std::uint64_t sequence, MessagePlace from, MessagePlace to);
  /// Forgets all messages; not what was sent.
  void clear_messages();

  /// A receive begins: next() may then return several messages of one group.
  void begin_receive() { receiving_ = nullptr; }
  /// The message that this receive takes next. A group of which an earlier receive holds a message
  /// gives none.
  std::optional<std::uint64_t> next();
  /// Whether a receive would get anything.
  bool ready() const { return !ready_.empty(); }

  /// The sequence that a deduplication id, within its scope, was first sent with.
  Recent<std::uint64_t>& sends() { return sends_; }
  const Recent<std::uint64_t>& sends() const { return sends_; }
  /// What the receive of an attempt id took.
  Recent<std::vector<Taken>>& attempts() { return attempts_; }

 private:
  struct Group {
    std::set<std::uint64_t> visible = {};
    std::set<std::uint64_t> delayed = {};
    std::int64_t in_flight = 0;
    std::optional<std::uint64_t> ready_as = {};  ///< its key in ready_

    std::optional<std::uint64_t> head() const;
  };

  std::unordered_map<std::string, Group> groups_ = {};
  std::map<std::uint64_t, Group*> ready_ = {};  ///< by the message that each gives first
  Group* receiving_ = nullptr;
  Recent<std::uint64_t> sends_ = {};
  Recent<std::vector<Taken>> attempts_ = {};
};

}  // namespace scaler::world
