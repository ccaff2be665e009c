#include "guard/protocol/holding.h"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace scaler::guard {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// SQS leaves a message to whoever received it no longer than that, however often it is renewed.
constexpr Duration kLongest = hours(12);
/// A renewal that no answer came to is repeated no sooner.
constexpr Duration kRepeat = seconds(1);
/// What SQS did in time is known that much later at most: the front waits no longer for an answer.
constexpr Duration kLate = seconds(35);

Duration bounded(Duration visibility) {
  return std::clamp(visibility, Duration::zero(), kLongest);
}

Duration between(Deadline from, Deadline to) {
  return std::chrono::floor<Duration>(to - from);
}

}  // namespace

void Holding::note_times(const Held& held) {
  ends_.insert(held.ends);
  if (held.renew_at) {
    renewals_.insert(*held.renew_at);
  }
}

void Holding::forget_times(const Held& held) {
  ends_.erase(ends_.find(held.ends));
  if (held.renew_at) {
    renewals_.erase(renewals_.find(*held.renew_at));
  }
}

template <typename Change>
void Holding::change(Held& held, Change&& change) {
  forget_times(held);
  change();
  note_times(held);
}

Holding::Entry Holding::let_go(Entry entry) {
  forget_times(entry->second);
  return held_.erase(entry);
}

void Holding::add(const Message& message, ConnectionId connection, Deadline received,
                  Deadline now) {
  const Duration visibility = bounded(message.visibility);
  if (const auto found = held_.find(message.handle); found != held_.end()) {
    let_go(found);
  }
  lapsed_.erase(message.handle);
  Held held{.connection = connection,
            .visibility = visibility,
            .received = received,
            .handed_over = now,
            .ends = received + visibility};
  if (renew_) {
    held.renew_at = received + visibility / 2;
  }
  note_times(held);
  held_.emplace(message.handle, held);
}

/// Also what has lapsed: SQS has just done something for whoever holds it, so it was not too late.
Holding::Entry Holding::find(const Handle& handle, Deadline now) {
  auto lapsed = lapsed_.extract(handle);
  if (lapsed && now < lapsed.mapped().ends + kLate) {
    note_times(lapsed.mapped());
    held_.insert(std::move(lapsed));
  }
  return held_.find(handle);
}

/// Not at each call: a worker may forget thousands a second.
void Holding::forget_lapsed(Deadline now) {
  if (lapsed_.empty()) {
    forget_at_ = {};
  } else if (now >= forget_at_) {
    std::erase_if(lapsed_, [now](const auto& one) { return one.second.ends + kLate <= now; });
    forget_at_ = now + kLate;
  }
}

std::optional<Duration> Holding::deleted(const Handle& handle, Deadline now) {
  const auto found = find(handle, now);
  if (found == held_.end() || found->second.deleted) {
    return std::nullopt;
  }
  Held& held = found->second;
  if (until_next_receive_) {
    change(held, [&held] {
      held.deleted = true;
      held.renew_at.reset();
      held.ends = held.received + kLongest;
    });
    return std::nullopt;
  }
  const Duration took = between(held.handed_over, now);
  let_go(found);
  return took;
}

void Holding::visibility_changed(const Handle& handle, Duration visibility, bool by_worker,
                                 Deadline now) {
  const auto found = find(handle, now);
  if (found == held_.end() || found->second.deleted) {
    return;
  }
  if (visibility <= Duration::zero()) {
    let_go(found);
    return;
  }
  Held& held = found->second;
  change(held, [&] {
    held.ends = std::min(now + bounded(visibility), held.received + kLongest);
    if (by_worker) {
      held.renew_at.reset();
    } else if (held.renew_at) {
      held.renew_at = now + (held.ends - now) / 2;
    }
  });
}

std::vector<Duration> Holding::asked_again(ConnectionId connection, Deadline now) {
  std::vector<Duration> done;
  if (!renew_ && !until_next_receive_) {
    return done;
  }
  for (auto it = held_.begin(); it != held_.end();) {
    Held& held = it->second;
    const bool here = held.connection == connection;
    if (here && held.renew_at) {
      change(held, [&held] { held.renew_at.reset(); });
    }
    if (here && held.deleted) {
      done.push_back(between(held.handed_over, now));
      it = let_go(it);
    } else {
      ++it;
    }
  }
  return done;
}

void Holding::expire(Deadline now) {
  forget_lapsed(now);
  if (ends_.empty() || *ends_.begin() > now) {
    return;
  }
  for (auto it = held_.begin(); it != held_.end();) {
    if (it->second.ends > now) {
      ++it;
      continue;
    }
    if (!it->second.deleted) {
      lapsed_.insert_or_assign(it->first, it->second);
    }
    it = let_go(it);
  }
}

std::vector<Renew> Holding::due_renewals(Deadline now) {
  std::vector<Renew> due;
  if (renewals_.empty() || *renewals_.begin() > now) {
    return due;
  }
  for (auto& [handle, one] : held_) {
    Held& held = one;
    if (!held.renew_at || now < *held.renew_at) {
      continue;
    }
    const Deadline ends = std::min(now + held.visibility, held.received + kLongest);
    const Duration whole = std::chrono::floor<seconds>(ends - now);  // as SQS takes them
    if (now + whole <= held.ends) {
      change(held, [&held] { held.renew_at.reset(); });
      continue;
    }
    due.push_back({handle, whole});
    // visibility_changed() moves it on; this is for a renewal that failed.
    change(held, [&held, now] {
      held.renew_at = now + std::max<Deadline::duration>(kRepeat, (held.ends - now) / 4);
    });
  }
  return due;
}

std::vector<Handle> Holding::take_all() {
  std::vector<Handle> handles;
  for (const auto& [handle, held] : held_) {
    if (!held.deleted) {
      handles.push_back(handle);
    }
  }
  held_.clear();
  lapsed_.clear();
  ends_.clear();
  renewals_.clear();
  return handles;
}

std::optional<Deadline> Holding::next() const {
  if (ends_.empty()) {
    return std::nullopt;
  }
  return renewals_.empty() ? *ends_.begin() : std::min(*ends_.begin(), *renewals_.begin());
}

}  // namespace scaler::guard
