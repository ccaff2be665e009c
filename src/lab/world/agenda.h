#pragma once
// Agenda: which of many things acts next, when each has at most one moment planned. A binary heap
// whose items know their places, so that a plan can change: the world's events are changes of plan
// above all, and with trees they cost a third of a simulation.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ground/base/clock.h"

namespace scaler::world {

/// The moment of what does not happen. Not one to calculate with.
constexpr Instant kNever = Instant::max();

/// A thing's own place in one agenda.
struct Planned {
  Instant at = kNever;
  std::size_t position = 0;  ///< the agenda's
};

/// `Item::*place` is the item's place in this agenda. An item outlives its plan here.
template <typename Item, Planned Item::* place>
class Agenda {
 public:
  /// The item acts at that moment and no longer at the one that was planned before; kNever: it
  /// waits for somebody else. `rank` is always the same for an item, and says who is first of those
  /// of one moment.
  void plan(Item& item, std::uint64_t rank, Instant at) {
    Planned& planned = item.*place;
    if (planned.at == at) {
      return;
    }
    if (at == kNever) {
      remove(planned.position);
    } else {
      if (planned.at == kNever) {
        planned.position = entries_.size();
        entries_.emplace_back();
      }
      settle({.at = at, .rank = rank, .item = &item}, planned.position);
    }
    planned.at = at;
  }

  /// When the first of them acts.
  Instant next() const { return entries_.empty() ? kNever : entries_.front().at; }

  /// The first of those whose moment has come, until it is planned anew; nullptr: there is none.
  Item* due(Instant now) const {
    return entries_.empty() || entries_.front().at > now ? nullptr : entries_.front().item;
  }

  std::int64_t size() const { return std::ssize(entries_); }
  /// Forgets all items, which are gone.
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    Instant at = {};
    std::uint64_t rank = 0;
    Item* item = nullptr;
    bool before(const Entry& other) const {
      return at != other.at ? at < other.at : rank < other.rank;
    }
  };

  void remove(std::size_t position) {
    const Entry last = entries_.back();
    entries_.pop_back();
    if (position < entries_.size()) {
      settle(last, position);
    }
  }

  /// Puts the entry where it belongs, starting from a position that is free.
  void settle(const Entry& entry, std::size_t position) {
    while (position > 0 && entry.before(entries_[(position - 1) / 2])) {
      position = move((position - 1) / 2, position);
    }
    for (std::size_t child = 2 * position + 1; child < entries_.size(); child = 2 * position + 1) {
      if (child + 1 < entries_.size() && entries_[child + 1].before(entries_[child])) {
        ++child;
      }
      if (!entries_[child].before(entry)) {
        break;
      }
      position = move(child, position);
    }
    entries_[position] = entry;
    (entry.item->*place).position = position;
  }

  /// The entry moves to the free position; its own is free then.
  std::size_t move(std::size_t from, std::size_t to) {
    entries_[to] = entries_[from];
    (entries_[to].item->*place).position = to;
    return from;
  }

  std::vector<Entry> entries_ = {};
};

}  // namespace scaler::world
