#include "lab/world/instance_group.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/core.h>

#include "ground/base/check.h"

namespace scaler::world {
namespace {

constexpr std::size_t kActivitiesMax = 200;
constexpr Duration kRetry = std::chrono::seconds(60);
/// What an instance takes of tasks that need nothing.
constexpr std::int64_t kTasksMax = 120;

bool lives(const Instance& instance) {
  return instance.lifecycle == Lifecycle::Pending || instance.lifecycle == Lifecycle::InService;
}

}  // namespace

std::string_view to_string(Lifecycle lifecycle) {
  switch (lifecycle) {
    case Lifecycle::Pending:
      return "Pending";
    case Lifecycle::InService:
      return "InService";
    case Lifecycle::TerminatingWait:
      return "Terminating:Wait";
    case Lifecycle::Terminating:
      return "Terminating";
  }
  std::unreachable();
}

std::int64_t Resources::times(const Resources& needs) const {
  std::int64_t count = kTasksMax;
  for (const auto& [have, need] :
       {std::pair(cpu, needs.cpu), std::pair(memory, needs.memory), std::pair(gpus, needs.gpus)}) {
    if (need > 0) {
      count = std::min(count, have / need);
    }
  }
  return count;
}

InstanceGroup::InstanceGroup(GroupSettings settings, Instant created_at, Random& random,
                             GroupObserver& observer, std::uint64_t first_number)
    : created_at_(created_at), random_(&random), observer_(&observer), next_number_(first_number) {
  change(std::move(settings), created_at);
}

const Instance* InstanceGroup::find(std::string_view id) const {
  const auto found = std::ranges::find_if(instances_, [&](const auto& numbered) {
    return numbered.second.id == id || numbered.second.container_id == id;
  });
  return found == instances_.end() ? nullptr : &found->second;
}

void InstanceGroup::set_desired(std::int64_t desired, std::string cause, Instant now) {
  CHECK(desired >= settings_.min && desired <= settings_.max);
  desired_ = desired;
  cause_ = std::move(cause);
  converge(now);
  observer_->group_changed(*this);
}

void InstanceGroup::change(GroupSettings settings, Instant now) {
  settings_ = std::move(settings);
  desired_ = std::clamp(desired_, settings_.min, settings_.max);
  const bool evaluates = settings_.managed.has_value();
  if (!evaluates || evaluates_at_ == kNever) {
    evaluates_at_ = evaluates ? now + std::chrono::minutes(1) : kNever;
    was_high_ = false;
    low_minutes_ = 0;
  }
  converge(now);
  observer_->group_changed(*this);
}

void InstanceGroup::protect(const Instance& instance, bool is_protected) {
  own(instance).is_protected = is_protected;
}

void InstanceGroup::suspend(std::string process, bool is_suspended, Instant now) {
  is_suspended ? static_cast<void>(suspended_.insert(std::move(process)))
               : static_cast<void>(suspended_.erase(process));
  converge(now);
  observer_->group_changed(*this);
}

Activity InstanceGroup::terminate(const Instance& instance, bool decrement, Instant now) {
  Instance& mine = own(instance);
  if (lives(mine)) {
    desired_ -= decrement ? 1 : 0;
    begin_end(mine,
              fmt::format("an instance was taken out of service in response to a user request"
                          "{}",
                          decrement ? ", shrinking the capacity" : ""),
              now);
  }
  const Activity* const found = find_activity(mine.end_activity);
  const Activity activity = found == nullptr ? Activity() : *found;
  converge(now);
  observer_->group_changed(*this);
  return activity;
}

void InstanceGroup::set_draining(const Instance& instance, bool draining, Instant now) {
  Instance& mine = own(instance);
  CHECK(mine.registration != AgentRegistration::None);
  mine.registration = draining ? AgentRegistration::Draining : AgentRegistration::Active;
  observer_->instance_drains(*this, mine);
  if (!draining) {
    observer_->room_came(*this);
  }
  end_drained(now);
  observer_->group_changed(*this);
}

void InstanceGroup::fail_launches(std::string reason, Instant now) {
  no_capacity_ = std::move(reason);
  if (no_capacity_.empty()) {
    retry_at_ = kNever;
    converge(now);
  }
  observer_->group_changed(*this);
}

void InstanceGroup::set_agent_connected(const Instance& instance, bool connected) {
  own(instance).agent_connected = connected;
  if (connected) {
    observer_->room_came(*this);
  }
}

void InstanceGroup::reclaim(const Instance& instance, Instant now, Duration notice) {
  own(instance).reclaimed_at = now + notice;
  if (settings_.drains && instance.registration == AgentRegistration::Active) {
    set_draining(instance, true, now);
  }
  observer_->group_changed(*this);
}

bool InstanceGroup::rebalance(Instant now) {
  Instance* const victim = suspended_.contains("AZRebalance") ? nullptr : choose_victim();
  if (victim == nullptr) {
    return false;
  }
  begin_end(*victim, "the zones were rebalanced", now);
  converge(now);
  observer_->group_changed(*this);
  return true;
}

const Instance* InstanceGroup::take(const Resources& needs, Instant now) {
  Instance* best = nullptr;
  for (auto& [number, instance] : instances_) {
    const bool takes = instance.registration == AgentRegistration::Active &&
                       instance.agent_connected && instance.lifecycle == Lifecycle::InService &&
                       instance.tasks < kTasksMax && instance.free.times(needs) > 0;
    if (takes && (best == nullptr || instance.free < best->free)) {
      best = &instance;
    }
  }
  if (best == nullptr) {
    return nullptr;
  }
  best->free.cpu -= needs.cpu;
  best->free.memory -= needs.memory;
  best->free.gpus -= needs.gpus;
  ++best->tasks;
  best->empty_since.reset();
  if (!best->image_at) {
    best->image_at = now + draw(settings_.image_pull, *random_);
  }
  if (settings_.managed && settings_.managed->termination_protection) {
    best->is_protected = true;
  }
  return best;
}

void InstanceGroup::give_back(std::uint64_t instance, const Resources& needs, Instant now) {
  const auto found = instances_.find(instance);
  if (found == instances_.end()) {
    return;  // The task was longer about its end than the instance.
  }
  Instance& left = found->second;
  CHECK(left.tasks > 0);
  left.free.cpu += needs.cpu;
  left.free.memory += needs.memory;
  left.free.gpus += needs.gpus;
  if (--left.tasks == 0) {
    left.empty_since = now;
  }
  observer_->room_came(*this);
  observer_->group_changed(*this);
}

void InstanceGroup::want(const void* who, std::map<Resources, std::int64_t> waiting, Instant now) {
  const auto found = waiting_.find(who);
  const bool same = found == waiting_.end() ? waiting.empty() : found->second == waiting;
  if (same) {
    return;
  }
  waiting.empty() ? static_cast<void>(waiting_.erase(who))
                  : static_cast<void>(waiting_.insert_or_assign(who, std::move(waiting)));
  serve_waiting(now);
  observer_->group_changed(*this);
}

void InstanceGroup::settle(Instant now) {
  if (retry_at_ <= now) {
    retry_at_ = kNever;
  }
  for (auto at = instances_.begin(); at != instances_.end();) {
    Instance& instance = (at++)->second;
    progress(instance, now);
    if (instance.gone_at <= now) {
      Activity* const activity = find_activity(instance.end_activity);
      if (activity != nullptr) {
        activity->status = "Successful";
        activity->ended_at = now;
      }
      instances_.erase(instance.number);
    }
  }
  end_drained(now);
  while (evaluates_at_ <= now) {
    evaluates_at_ += std::chrono::minutes(1);
    evaluate(now);
  }
  serve_waiting(now);
  converge(now);
}

Instant InstanceGroup::next_event() const {
  Instant next = std::min(retry_at_, evaluates_at_);
  for (const auto& [number, instance] : instances_) {
    next = std::min(next, instance.gone_at);
    if (instance.lifecycle == Lifecycle::Terminating) {
      continue;
    }
    next = std::min(next, instance.reclaimed_at);
    if (instance.lifecycle == Lifecycle::Pending) {
      next = std::min(next, instance.in_service_at);
    } else if (!instance.registered_at) {
      next = std::min({next, instance.registers_at, given_up_at(instance)});
    }
    if (living() > settings_.min) {
      next = std::min(next, idle_ends_at(instance));
    }
  }
  return next;
}

std::int64_t InstanceGroup::living() const {
  return std::ranges::count_if(instances_,
                               [](const auto& numbered) { return lives(numbered.second); });
}

void InstanceGroup::converge(Instant now) {
  const std::int64_t missing = desired_ - living();
  if (missing < 0 && !suspended_.contains("Terminate")) {
    shrink(-missing, now);
  }
  if (retry_at_ != kNever || suspended_.contains("Launch")) {
    return;
  }
  for (std::int64_t i = 0; i < missing && retry_at_ == kNever; ++i) {
    launch(now);
  }
  fill_pool(now);
}

void InstanceGroup::launch(Instant now) {
  Activity& activity = add_activity("", cause_, now);
  if (!no_capacity_.empty()) {
    activity.description = "Launching a new EC2 instance.  Status Reason: " + no_capacity_;
    activity.status = "Failed";
    activity.message = no_capacity_;
    activity.ended_at = now;
    retry_at_ = now + kRetry;
    ++totals_.failed_launches;
    return;
  }
  const std::optional<Prepared> warm = leave_pool(now);
  const Duration restart = warm ? draw(settings_.warm_pool->start, *random_) : Duration(0);
  Instance instance{.number = next_number_++,
                    .id = "i-" + hexadecimal(17),
                    .container_id = hexadecimal(32),
                    .is_protected = settings_.protects_new,
                    .resources = settings_.resources,
                    .free = settings_.resources,
                    .launched_at = now,
                    .in_service_at = now + (warm ? restart : draw(settings_.launch, *random_))};
  std::vector<std::int64_t> in_zone(std::max<std::size_t>(settings_.zones, 1));
  for (const auto& [number, other] : instances_) {
    in_zone[other.zone % in_zone.size()] += lives(other) ? 1 : 0;
  }
  instance.zone = static_cast<std::size_t>(std::ranges::min_element(in_zone) - in_zone.begin());
  instance.registers_at = instance.in_service_at;
  if (warm) {
    instance.id = warm->id;
    instance.zone = warm->zone;
    instance.image_at = now;
  } else {
    instance.registers_at += draw(settings_.agent, *random_);
  }
  if (unregistered_ > 0) {
    --unregistered_;
    instance.registers_at = kNever;
  }
  instance.end_activity = activity.id;
  activity.description = "Launching a new EC2 instance: " + instance.id;
  ++totals_.launched;
  instances_.emplace(instance.number, std::move(instance));
}

void InstanceGroup::shrink(std::int64_t surplus, Instant now) {
  constexpr std::string_view kProtected =
      "Could not scale to desired capacity because all remaining instances are protected from "
      "scale-in.";
  for (; surplus > 0; --surplus) {
    Instance* const victim = choose_victim();
    if (victim == nullptr) {
      if (activities_.empty() || activities_.front().message != kProtected) {
        Activity& activity = add_activity(std::string(kProtected), cause_, now);
        activity.status = "Cancelled";
        activity.message = kProtected;
        activity.ended_at = now;
      }
      return;
    }
    begin_end(*victim, cause_, now);
  }
}

/// Of the fullest zone the oldest that is not protected.
Instance* InstanceGroup::choose_victim() {
  std::map<std::size_t, std::int64_t> in_zone;
  for (const auto& [number, instance] : instances_) {
    in_zone[instance.zone] += lives(instance) ? 1 : 0;
  }
  Instance* victim = nullptr;
  for (auto& [number, instance] : instances_) {
    if (lives(instance) && !instance.is_protected &&
        (victim == nullptr || in_zone[instance.zone] > in_zone[victim->zone])) {
      victim = &instance;
    }
  }
  return victim;
}

void InstanceGroup::begin_end(Instance& instance, std::string cause, Instant now) {
  instance.end_activity =
      add_activity("Terminating EC2 instance: " + instance.id, std::move(cause), now).id;
  if (!settings_.drains || instance.tasks == 0) {
    return end(instance, false, now);
  }
  instance.lifecycle = Lifecycle::TerminatingWait;
  if (instance.registration == AgentRegistration::Active) {
    instance.registration = AgentRegistration::Draining;
    observer_->instance_drains(*this, instance);
  }
}

void InstanceGroup::end(Instance& instance, bool by_spot, Instant now) {
  totals_.tasks_lost += by_spot ? 0 : instance.tasks;
  totals_.instance_time += now - instance.launched_at;
  instance.lifecycle = Lifecycle::Terminating;
  instance.registration = AgentRegistration::None;
  instance.agent_connected = false;
  instance.gone_at = now + settings_.termination;
  observer_->instance_ended(*this, instance, by_spot);
}

void InstanceGroup::progress(Instance& instance, Instant now) {
  if (instance.lifecycle == Lifecycle::Terminating) {
    return;
  }
  if (instance.reclaimed_at <= now) {
    instance.end_activity = add_activity("Terminating EC2 instance: " + instance.id,
                                         "an instance was taken out of service in response to an "
                                         "EC2 Spot interruption",
                                         now)
                                .id;
    return end(instance, true, now);
  }
  if (instance.lifecycle == Lifecycle::Pending && instance.in_service_at <= now) {
    instance.lifecycle = Lifecycle::InService;
    if (Activity* const activity = find_activity(instance.end_activity)) {
      activity->status = "Successful";
      activity->ended_at = now;
    }
  }
  if (instance.lifecycle == Lifecycle::InService && !instance.registered_at &&
      instance.registers_at <= now) {
    instance.registration = AgentRegistration::Active;
    instance.agent_connected = true;
    instance.registered_at = now;
    instance.empty_since = now;
    observer_->room_came(*this);
  }
}

/// Those that only waited for their last task.
void InstanceGroup::end_drained(Instant now) {
  for (auto& [number, instance] : instances_) {
    if (instance.lifecycle == Lifecycle::TerminatingWait && instance.tasks == 0) {
      end(instance, false, now);
    }
  }
}

Activity& InstanceGroup::add_activity(std::string description, std::string cause, Instant now) {
  const std::string digits = hexadecimal(32);
  const std::string_view d = digits;
  activities_.push_front({.id = fmt::format("{}-{}-{}-{}-{}", d.substr(0, 8), d.substr(8, 4),
                                            d.substr(12, 4), d.substr(16, 4), d.substr(20)),
                          .status = "InProgress",
                          .description = std::move(description),
                          .cause = fmt::format("At {} {}.", format_instant(now), cause),
                          .started_at = now});
  if (activities_.size() > kActivitiesMax) {
    activities_.pop_back();
  }
  return activities_.front();
}

Activity* InstanceGroup::find_activity(std::string_view id) {
  const auto found = std::ranges::find(activities_, id, &Activity::id);
  return found == activities_.end() ? nullptr : &*found;
}

std::string InstanceGroup::hexadecimal(std::size_t digits) {
  std::string text;
  while (text.size() < digits) {
    text += fmt::format("{:016x}", random_->next());
  }
  return text.substr(0, digits);
}

}  // namespace scaler::world
