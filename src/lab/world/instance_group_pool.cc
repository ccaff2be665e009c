#include <algorithm>

#include "lab/world/instance_group.h"

// The part of InstanceGroup that keeps a warm pool, and the time for which instances are paid.

namespace scaler::world {

/// How long the oldest instance that is ready takes to be back in service; nothing: none is ready.
std::optional<Duration> InstanceGroup::leave_pool(Instant now) {
  if (pool_.empty() || pool_.front().ready_at > now) {
    return std::nullopt;
  }
  const Prepared prepared = pool_.front();
  pool_.pop_front();
  totals_.instance_time += prepared.ready_at - prepared.begun_at;
  totals_.stopped_time += now - prepared.ready_at;
  return draw(settings_.warm_pool->start, *random_);
}

/// The pool holds what the group may have prepared at most, without what it wants in service. An
/// instance is never put back: ECS's agents cannot be used again.
void InstanceGroup::fill_pool(Instant now) {
  const std::int64_t wanted =
      settings_.warm_pool ? std::max<std::int64_t>(settings_.warm_pool->prepared_max - desired_, 0)
                          : 0;
  for (; std::ssize(pool_) > wanted; pool_.pop_back()) {
    const Prepared& surplus = pool_.back();
    totals_.instance_time += std::min(now, surplus.ready_at) - surplus.begun_at;
    totals_.stopped_time += std::max(now - surplus.ready_at, Duration(0));
  }
  while (std::ssize(pool_) < wanted && no_capacity_.empty()) {
    const Duration takes = draw(settings_.launch, *random_) + draw(settings_.agent, *random_) +
                           draw(settings_.image_pull, *random_);
    pool_.push_back({.begun_at = now, .ready_at = now + takes});
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
