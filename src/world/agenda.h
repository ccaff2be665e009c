#pragma once
// Agenda: which of many things acts next, when each has at most one moment planned.

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"

namespace scaler::world {

/// A thing's own place in its agenda.
struct Planned {
  std::uint64_t number = 0;  ///< given by the agenda; decides between those of one moment
  std::optional<Instant> at = {};
};

/// `Item` has a member `Planned planned`, and outlives its place here.
template <typename Item>
class Agenda {
 public:
  /// The item acts at that moment and no longer at the one that was planned before; nothing: it
  /// waits for somebody else.
  void plan(Item& item, std::optional<Instant> at) {
    Planned& planned = item.planned;
    if (planned.at == at) {
      return;
    }
    if (planned.number == 0) {
      planned.number = next_number_++;
    }
    if (planned.at && at) {
      auto node = entries_.extract(Entry{*planned.at, planned.number, &item});
      node.value().at = *at;
      entries_.insert(std::move(node));
    } else if (at) {
      entries_.insert(Entry{*at, planned.number, &item});
    } else {
      entries_.erase(Entry{*planned.at, planned.number, &item});
    }
    planned.at = at;
  }

  std::optional<Instant> next() const {
    return entries_.empty() ? std::nullopt : std::optional(entries_.begin()->at);
  }

  /// The first of those whose moment has come, until it is planned anew; nullptr: there is none.
  Item* due(Instant now) const {
    return entries_.empty() || entries_.begin()->at > now ? nullptr : entries_.begin()->item;
  }

 private:
  struct Entry {
    Instant at = {};
    std::uint64_t number = 0;
    Item* item = nullptr;
    auto operator<=>(const Entry&) const = default;
  };

  std::set<Entry> entries_ = {};
  std::uint64_t next_number_ = 1;
};

}  // namespace scaler::world
