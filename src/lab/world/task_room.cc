#include "lab/world/task_room.h"

#include <algorithm>

#include "ground/base/check.h"

namespace scaler::world {

std::optional<std::uint64_t> TaskRoom::take(Instant now) {
  if (short_) {
    return std::nullopt;
  }
  if (!model_) {
    return 0;
  }
  // Fullest first, so that the others become free.
  std::uint64_t fullest = 0;
  std::int64_t most = -1;
  for (const auto& [number, instance] : instances_) {
    if (instance.ready_at <= now && instance.tasks < model_->tasks_per_instance &&
        instance.tasks > most) {
      fullest = number;
      most = instance.tasks;
    }
  }
  if (most < 0) {
    return std::nullopt;
  }
  Instance& instance = instances_.at(fullest);
  ++instance.tasks;
  instance.free_since.reset();
  return fullest;
}

void TaskRoom::give_back(std::uint64_t instance, Instant now) {
  if (instance == 0) {
    return;
  }
  Instance& left = instances_.at(instance);
  CHECK(left.tasks > 0);
  if (--left.tasks == 0) {
    left.free_since = now;
  }
}

void TaskRoom::want(std::int64_t waiting, Instant now) {
  waiting_ = waiting;
  settle(now);
}

void TaskRoom::settle(Instant now) {
  if (!model_) {
    return;
  }
  end_free_instances(now);
  if (const std::int64_t count = missing();
      count > 0 && (instances_.empty() || now >= scaled_out_at_ + model_->warm_up)) {
    launch(instances_.empty() ? std::min(model_->first_step, model_->instances_max) : count, now);
  }
}

void TaskRoom::end_free_instances(Instant now) {
  for (auto at = instances_.begin(); at != instances_.end();) {
    Instance& instance = at->second;
    if (!instance.ready && instance.ready_at <= now) {
      instance.ready = true;
      instance.free_since = instance.ready_at;
    }
    if (instance.free_since && ends_at(instance) <= now) {
      ended_time_ += now - instance.launched_at;
      at = instances_.erase(at);
    } else {
      ++at;
    }
  }
}

std::int64_t TaskRoom::missing() const {
  if (short_ || waiting_ == 0) {
    return 0;
  }
  std::int64_t room = 0;
  for (const auto& [number, instance] : instances_) {
    room += model_->tasks_per_instance - instance.tasks;
  }
  const std::int64_t homeless = std::max<std::int64_t>(waiting_ - room, 0);
  const std::int64_t needed =
      (homeless + model_->tasks_per_instance - 1) / model_->tasks_per_instance;
  return std::min(needed, model_->instances_max - instances());
}

void TaskRoom::launch(std::int64_t count, Instant now) {
  for (std::int64_t i = 0; i < count; ++i) {
    instances_.emplace(next_instance_++, Instance{.launched_at = now,
                                                  .ready_at = now + draw(model_->start, *random_)});
  }
  scaled_out_at_ = now;
}

Instant TaskRoom::ends_at(const Instance& instance) const {
  return std::max(*instance.free_since, scaled_out_at_) + model_->scale_in;
}

Instant TaskRoom::next_event() const {
  Instant next = kNever;
  for (const auto& [number, instance] : instances_) {
    if (!instance.ready) {
      next = std::min(next, instance.ready_at);
    } else if (instance.free_since) {
      next = std::min(next, ends_at(instance));
    }
  }
  if (model_ && missing() > 0) {
    next = std::min(next, scaled_out_at_ + model_->warm_up);
  }
  return next;
}

Duration TaskRoom::instance_time(Instant now) const {
  Duration time = ended_time_;
  for (const auto& [number, instance] : instances_) {
    time += now - instance.launched_at;
  }
  return time;
}

}  // namespace scaler::world
