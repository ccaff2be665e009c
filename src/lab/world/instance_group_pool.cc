#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "lab/world/instance_group.h"

// The part of InstanceGroup that keeps a warm pool, and the time for which instances are paid.

namespace scaler::world {

/// The instance that was ready first; nothing: none is.
std::optional<InstanceGroup::Prepared> InstanceGroup::leave_pool(Instant now) {
  if (pool_.empty() || pool_.front().ready_at > now) {
    return std::nullopt;
  }
  Prepared prepared = std::move(pool_.front());
  pool_.pop_front();
  totals_.instance_time += prepared.ready_at - prepared.begun_at;
  totals_.stopped_time += now - prepared.ready_at;
  return prepared;
}

/// The pool holds what the group may have prepared at most, without what it wants in service. An
/// instance is never put back: ECS's agents cannot be used again.
void InstanceGroup::fill_pool(Instant now) {
  const std::int64_t wanted = settings_.warm_pool
                                  ? std::max({settings_.warm_pool->prepared_max - desired_,
                                              settings_.warm_pool->min, std::int64_t{0}})
                                  : 0;
  for (; std::ssize(pool_) > wanted; pool_.pop_back()) {
    const Prepared& surplus = pool_.back();
    totals_.instance_time += std::min(now, surplus.ready_at) - surplus.begun_at;
    totals_.stopped_time += std::max(now - surplus.ready_at, Duration(0));
  }
  while (std::ssize(pool_) < wanted && no_capacity_.empty()) {
    const Duration takes = draw(settings_.launch, *random_) + draw(settings_.agent, *random_) +
                           draw(settings_.image_pull, *random_);
    // Its name takes nothing from the chances of what happens.
    const std::uint64_t name = Random(next_number_ ^ (++prepared_ << 32U)).next();
    pool_.push_back({.id = fmt::format("i-{:017x}", name),
                     .zone = prepared_ % std::max<std::size_t>(settings_.zones, 1),
                     .begun_at = now,
                     .ready_at = now + takes});
  }
  std::ranges::sort(pool_, {}, &Prepared::ready_at);
}

Duration InstanceGroup::instance_time(Instant now) const {
  Duration time = totals_.instance_time;
  for (const auto& [number, instance] : instances_) {
    if (instance.lifecycle != Lifecycle::Terminating) {
      time += now - instance.launched_at;
    }
  }
  for (const Prepared& prepared : pool_) {
    time += std::min(now, prepared.ready_at) - prepared.begun_at;
  }
  return time;
}

Duration InstanceGroup::stopped_time(Instant now) const {
  Duration time = totals_.stopped_time;
  for (const Prepared& prepared : pool_) {
    time += std::max(now - prepared.ready_at, Duration(0));
  }
  return time;
}

}  // namespace scaler::world
