#include "guard/protocol/holding.h"

#include <algorithm>
#include <chrono>

namespace scaler::guard {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

/// SQS leaves a message to whoever received it no longer than that, however often it is renewed.
constexpr Duration kLongest = hours(12);
/// A renewal that no answer came to is repeated no sooner.
constexpr Duration kRepeat = seconds(1);

Duration bounded(Duration visibility) {
  return std::clamp(visibility, Duration::zero(), kLongest);
}

Duration between(Deadline from, Deadline to) {
  return std::chrono::floor<Duration>(to - from);
}

}  // namespace

void Holding::add(const Message& message, ConnectionId connection, Deadline received,
                  Deadline now) {
  const Duration visibility = bounded(message.visibility);
  held_.insert_or_assign(message.handle, Held{.connection = connection,
                                              .visibility = visibility,
                                              .received = received,
                                              .handed_over = now,
                                              .ends = received + visibility});
  if (renew_) {
    held_[message.handle].renew_at = received + visibility / 2;
  }
}

std::optional<Duration> Holding::deleted(const Handle& handle, Deadline now) {
  const auto found = held_.find(handle);
  if (found == held_.end() || found->second.deleted) {
    return std::nullopt;
  }
  Held& held = found->second;
  if (until_next_receive_) {
    held.deleted = true;
    held.renew_at.reset();
    held.ends = held.received + kLongest;
    return std::nullopt;
  }
  const Duration took = between(held.handed_over, now);
  held_.erase(found);
  return took;
}

void Holding::visibility_changed(const Handle& handle, Duration visibility, bool by_worker,
                                 Deadline now) {
  const auto found = held_.find(handle);
  if (found == held_.end() || found->second.deleted) {
    return;
  }
  if (visibility <= Duration::zero()) {
    held_.erase(found);
    return;
  }
  Held& held = found->second;
  held.ends = std::min(now + bounded(visibility), held.received + kLongest);
  if (by_worker) {
    held.renew_at.reset();
  } else if (held.renew_at) {
    held.renew_at = now + (held.ends - now) / 2;
  }
}

std::vector<Duration> Holding::asked_again(ConnectionId connection, Deadline now) {
  std::vector<Duration> done;
  for (auto it = held_.begin(); it != held_.end();) {
    Held& held = it->second;
    const bool here = held.connection == connection;
    if (here) {
      held.renew_at.reset();
    }
    if (here && held.deleted) {
      done.push_back(between(held.handed_over, now));
      it = held_.erase(it);
    } else {
      ++it;
    }
  }
  return done;
}

void Holding::expire(Deadline now) {
  std::erase_if(held_, [now](const auto& entry) { return entry.second.ends <= now; });
}

std::vector<Renew> Holding::due_renewals(Deadline now) {
  std::vector<Renew> due;
  for (auto& [handle, held] : held_) {
    if (!held.renew_at || now < *held.renew_at) {
      continue;
    }
    const Deadline ends = std::min(now + held.visibility, held.received + kLongest);
    const Duration whole = std::chrono::floor<seconds>(ends - now);  // as SQS takes them
    if (now + whole <= held.ends) {
      held.renew_at.reset();
      continue;
    }
    due.push_back({handle, whole});
    // visibility_changed() moves it on; this is for a renewal that failed.
    held.renew_at = now + std::max<Deadline::duration>(kRepeat, (held.ends - now) / 4);
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
  return handles;
}

std::optional<Deadline> Holding::next() const {
  std::optional<Deadline> next;
  for (const auto& [handle, held] : held_) {
    const Deadline at = std::min(held.ends, held.renew_at.value_or(held.ends));
    next = std::min(next.value_or(at), at);
  }
  return next;
}

}  // namespace scaler::guard
