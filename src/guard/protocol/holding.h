#pragma once
// Holding: what the worker has in hand, and until when SQS leaves it to this worker.

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "guard/protocol/vocabulary.h"

namespace scaler::guard {

class Holding {
 public:
  explicit Holding(const Rules& rules)
      : renew_(rules.renew), until_next_receive_(rules.until_next_receive) {}

  bool empty() const { return held_.empty(); }
  std::size_t size() const { return held_.size(); }
  bool has(const Handle& handle) const { return held_.contains(handle); }

  void add(const Message& message, ConnectionId connection, Deadline received, Deadline now);
  /// How long it was worked on, when that has ended by it.
  std::optional<Duration> deleted(const Handle& handle, Deadline now);
  void visibility_changed(const Handle& handle, Duration visibility, bool by_worker, Deadline now);
  /// The worker asks for more on this connection. Returns how long each of what has ended by it was
  /// worked on.
  std::vector<Duration> asked_again(ConnectionId connection, Deadline now);
  /// Lets go of what SQS gives to others now.
  void expire(Deadline now);
  /// Whose visibility is to be renewed now.
  std::vector<Renew> due_renewals(Deadline now);
  /// Lets go of all; what SQS still has of it.
  std::vector<Handle> take_all();
  std::optional<Deadline> next() const;

  friend auto operator<=>(const Holding&, const Holding&) = default;

 private:
  struct Held {
    ConnectionId connection = 0;
    Duration visibility = {};
    Deadline received = {};
    Deadline handed_over = {};
    Deadline ends = {};
    std::optional<Deadline> renew_at = {};
    bool deleted = false;  ///< held on until the next receive

    friend auto operator<=>(const Held&, const Held&) = default;
  };

  using Entry = std::map<Handle, Held>::iterator;

  /// What changes one goes through here, so that nobody looks through all of them to find out that
  /// nothing is due: a worker may hold ten thousands.
  template <typename Change>
  void change(Held& held, Change&& change);
  void note_times(const Held& held);
  void forget_times(const Held& held);
  Entry find(const Handle& handle, Deadline now);
  void forget_lapsed(Deadline now);
  Entry let_go(Entry entry);

  bool renew_;
  bool until_next_receive_;
  std::map<Handle, Held> held_;
  std::map<Handle, Held> lapsed_;     ///< its visibility has ended, but a call may be under way
  Deadline forget_at_ = {};           ///< the lapsed are looked through
  std::multiset<Deadline> ends_;      ///< of all of them
  std::multiset<Deadline> renewals_;  ///< of those that are renewed
};

}  // namespace scaler::guard
