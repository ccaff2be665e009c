#include <algorithm>
#include <cmath>
#include <vector>

#include "lab/world/instance_group.h"

// The part of InstanceGroup that ECS does by itself: managed scaling, and Managed Instances.

namespace scaler::world {
namespace {

/// Minutes of a low metric, and after a scale-out, before a scale-in.
constexpr int kLowMinutes = 15;
constexpr std::int64_t kFirstStep = 2;  ///< from none, whatever is needed

}  // namespace

/// Instances that the tasks need that found no room. ECS counts tasks of equal needs together. What
/// is too big for an instance waits for ever and asks for none. Room that is Free is for those that
/// have not been placed yet, at a moment at which it came.
std::int64_t InstanceGroup::waiting_instances(Room room) const {
  std::map<Resources, std::int64_t> tasks;
  for (const auto& [who, waiting] : waiting_) {
    for (const auto& [needs, count] : waiting) {
      tasks[needs] += count;
    }
  }
  std::int64_t instances = 0;
  for (auto& [needs, count] : tasks) {
    for (const auto& [number, instance] : instances_) {
      if (room == Room::Free && instance.registration == AgentRegistration::Active) {
        count = std::max<std::int64_t>(count - instance.free.times(needs), 0);
      }
    }
    if (const std::int64_t fit = settings_.resources.times(needs); fit > 0) {
      instances += (count + fit - 1) / fit;
    }
  }
  return instances;
}

bool InstanceGroup::warming_up(Instant now) const {
  return std::ranges::any_of(instances_, [&](const auto& numbered) {
    return numbered.second.launched_at + settings_.managed->warm_up > now;
  });
}

/// Once a minute: CapacityProviderReservation, the part of the instances that is needed, and the
/// two alarms on it. An alarm acts on a minute that is over, so a minute after it was measured.
void InstanceGroup::evaluate(Instant now) {
  const std::int64_t there = std::ranges::count_if(instances_, [](const auto& numbered) {
    return numbered.second.registration != AgentRegistration::None;
  });
  const std::int64_t used = std::ranges::count_if(
      instances_, [](const auto& numbered) { return numbered.second.tasks > 0; });
  const std::int64_t needed = used + waiting_instances(Room::Taken);
  constexpr double kNoneButNeeded = 200;
  constexpr double kAll = 100;
  const double none = needed > 0 ? kNoneButNeeded : kAll;
  const double metric =
      there == 0 ? none : kAll * static_cast<double>(needed) / static_cast<double>(there);
  const bool high = metric > settings_.managed->target;
  low_minutes_ = metric < settings_.managed->target ? low_minutes_ + 1 : 0;
  if (was_high_) {
    scale_out(needed, now);
  }
  was_high_ = high;
  if (low_minutes_ >= kLowMinutes && now >= scaled_out_at_ + std::chrono::minutes(kLowMinutes)) {
    scale_in(needed, now);
  }
}

void InstanceGroup::scale_out(std::int64_t needed, Instant now) {
  if (warming_up(now)) {
    return;
  }
  const ManagedScaling& managed = *settings_.managed;
  const auto aim = static_cast<std::int64_t>(
      std::ceil(static_cast<double>(needed) * 100 / std::max(managed.target, 1.0)));
  const std::int64_t step = std::clamp(aim - living(), managed.step_min, managed.step_max);
  const std::int64_t wanted = living() == 0 ? kFirstStep : living() + step;
  if (const std::int64_t next = std::min(wanted, settings_.max); next > desired_) {
    scaled_out_at_ = now;
    set_desired(next, "ECS managed scaling increased the capacity", now);
  }
}

/// At least one a minute, and less than half of them.
void InstanceGroup::scale_in(std::int64_t needed, Instant now) {
  const ManagedScaling& managed = *settings_.managed;
  std::int64_t surplus = std::min(living() - needed, living() - settings_.min);
  surplus = std::min(surplus, std::max<std::int64_t>((living() - 1) / 2, 1));
  if (managed.termination_protection) {
    std::int64_t unprotected = 0;
    for (auto& [number, instance] : instances_) {
      if (unprotected < surplus && instance.lifecycle == Lifecycle::InService &&
          instance.tasks == 0) {
        instance.is_protected = false;
        ++unprotected;
      }
    }
    surplus = unprotected;
  }
  if (surplus > 0) {
    set_desired(living() - surplus, "ECS managed scaling decreased the capacity", now);
  }
}

/// When a Managed Instance has been idle for long enough.
Instant InstanceGroup::idle_ends_at(const Instance& instance) const {
  const Duration after = settings_.scale_in_after.value_or(Duration(-1));
  return after >= Duration(0) && instance.empty_since && instance.lifecycle == Lifecycle::InService
             ? *instance.empty_since + after
             : kNever;
}

/// When a Managed Instance that does not register is given up: one of those that ECS starts by
/// itself it also replaces, for nobody else could. How long it waits stands in no document.
Instant InstanceGroup::given_up_at(const Instance& instance) const {
  constexpr Duration kRegistersWithin = std::chrono::minutes(15);
  return settings_.scale_in_after && instance.lifecycle == Lifecycle::InService &&
                 !instance.registered_at
             ? instance.in_service_at + kRegistersWithin
             : kNever;
}

/// Managed Instances: at once, and as many as are needed.
void InstanceGroup::serve_waiting(Instant now) {
  if (!settings_.scale_in_after) {
    return;
  }
  std::int64_t coming = 0;
  for (auto& [number, instance] : instances_) {
    if (given_up_at(instance) <= now) {
      desired_ = std::max(living() - 1, settings_.min);
      begin_end(instance, "the instance did not register", now);
    } else if (idle_ends_at(instance) <= now && living() > settings_.min) {
      desired_ = std::max(living() - 1, settings_.min);
      begin_end(instance, "the instance was idle", now);
    }
    coming += instance.lifecycle == Lifecycle::Pending ||
                      (instance.lifecycle == Lifecycle::InService && !instance.registered_at)
                  ? 1
                  : 0;
  }
  const std::int64_t missing = waiting_instances(Room::Free) - coming;
  if (missing > 0) {
    const std::int64_t wanted = std::min(living() + missing, settings_.max);
    if (wanted > desired_) {
      desired_ = wanted;
      cause_ = "tasks of ECS Managed Instances need room";
      converge(now);
    }
  }
}

}  // namespace scaler::world
