#include "scaler/invocation/invocation.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "ground/base/check.h"

namespace scaler {
namespace {

/// Kept of an invocation's time for each thing that is still to be done after the one at hand: two
/// seconds, or a sixth of what is left when that is less.
constexpr Duration kReserve = std::chrono::seconds(2);
/// How long the fleet's source is asked at most.
constexpr Duration kAskingMost = std::chrono::seconds(10);
/// SQS allows no message to stay invisible for longer.
constexpr Duration kVisibilityMax = std::chrono::hours(12);

/// SQS delays no message for longer.
constexpr Duration kDelayMax = std::chrono::minutes(15);

/// Doubles with each receive while the mapping cannot be switched off, so that a message that
/// bounces does not burn its receive count.
Duration return_visibility(Duration base, std::int64_t receive_count, bool disabled) {
  if (disabled) {
    return base;
  }
  Duration visibility = std::max<Duration>(base, std::chrono::seconds(1));
  for (std::int64_t i = 1; i < receive_count && visibility < kVisibilityMax; ++i) {
    visibility *= 2;
  }
  return std::min(visibility, kVisibilityMax);
}

/// The delays of a minute's ticks: the scheduled pass itself is the minute's first.
std::vector<Duration> tick_delays(Duration tick, Duration every) {
  std::vector<Duration> delays;
  for (Duration delay = tick; delay < every; delay += tick) {
    delays.push_back(delay);
  }
  return delays;
}

/// Whether this pass woke the service: the wake mapping, if there is one, is not needed any more.
bool left_zero(const PassRecord& record) {
  return record.from_zero && record.outcome == Outcome::Applied;
}

/// A fleet of so many is described by about one call, so that nothing is gained by sparing it.
constexpr std::size_t kFew = 10;
/// What is done to a service that rests, by a person or a deployment, is seen this late at most.
constexpr Duration kDescribeEvery = std::chrono::minutes(5);
/// An order that is older is not carried out: the next one has been given.
constexpr Duration kOrderAge = std::chrono::minutes(1);

/// What a pass needs to end after its last slot.
constexpr Duration kToEnd = std::chrono::seconds(1);

template <typename T>
void append(std::vector<T>& all, std::vector<T> more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

/// The fleet becomes what its source says, and what else that says is told.
void take_in(FleetNews news, std::vector<ManagedService>& fleet, Effect& effect) {
  if (news.services) {
    fleet = adopted(std::move(fleet), *news.services);
  }
  append(effect.problems, std::move(news.problems));
  append(effect.notes, std::move(news.notes));
  effect.fleet_asked = effect.fleet_asked || news.asked;
  append(effect.errors, news.errors);
  append(effect.source_errors, std::move(news.errors));
}

void note(Effect& effect, const Result<void>& result) {
  if (!result) {
    effect.errors.push_back(result.error().message);
  }
}

}  // namespace

std::string_view to_string(Trigger trigger) {
  constexpr std::array<std::string_view, 6> kNames{"schedule", "tick",   "doorbell",
                                                   "wake",     "manual", "shard"};
  return kNames.at(static_cast<std::size_t>(trigger));
}

Invoker::Invoker(std::vector<ManagedService> fleet, InvocationSettings settings,
                 const InvocationPorts& ports, RunPass run)
    : fleet_(std::move(fleet)),
      settings_(std::move(settings)),
      ports_(ports),
      run_(std::move(run)) {
  if (ports_.mapping != nullptr) {
    CHECK(ports_.messages != nullptr);
    CHECK(fleet_.size() == 1);
    CHECK(fleet_.front().queues.size() == 1);
    const ManagedService& service = fleet_.front();
    wake_switch_.emplace(service.queues.front().url, service.policy, *ports_.messages,
                         *ports_.mapping);
  } else {
    CHECK(!settings_.wake);
  }
}

Succession Invoker::replace_fleet(std::vector<ManagedService> next) {
  CHECK(!wake_switch_);
  Succession result = succeed(fleet_, next);
  fleet_ = std::move(next);
  return result;
}

Effect Invoker::invoke(const Invocation& invocation) {
  Effect effect;
  if (wake_switch_) {
    wake_switch_->invoked_as(invocation.function_arn);
  }
  switch (invocation.trigger) {
    case Trigger::Schedule:
      scheduled(invocation, effect);
      break;
    case Trigger::Wake:
      woken(invocation, effect);
      break;
    case Trigger::Tick:
    case Trigger::Doorbell:
    case Trigger::Manual:
      looked(invocation, effect);
      break;
    case Trigger::Shard:
      ordered(invocation, effect);
      break;
  }
  return effect;
}

/// The deadline of a thing after which so many others must still be done before `deadline`.
Deadline Invoker::leaving_time_for(int things, Deadline deadline) const {
  const auto left = std::chrono::floor<Duration>(deadline - ports_.clock.steady());
  const Duration reserve = std::clamp<Duration>(left / 6, Duration::zero(), kReserve);
  return deadline - things * reserve;
}

/// The source has no more than half of the time: a fleet that is known is looked at in any case.
FleetNews Invoker::ask_source(const Shard* shard, Deadline deadline) {
  const Deadline now = ports_.clock.steady();
  const Deadline until = std::min(now + (deadline - now) / 2, now + kAskingMost);
  return ports_.fleet->ask_for(shard, until);
}

/// The services that are meant, which stand together.
std::span<ManagedService> Invoker::renew_fleet(const Invocation& invocation, Deadline deadline,
                                               Effect& effect) {
  const Shard& shard = invocation.order.shard;
  if (ports_.fleet != nullptr) {
    take_in(ask_source(&shard, deadline), fleet_, effect);
  }
  if (shard == Shard{}) {
    return fleet_;
  }
  const auto others = std::ranges::stable_partition(
      fleet_, [&shard](const ManagedService& one) { return shard.contains(member_of(one.id)); });
  return std::span(fleet_).first(fleet_.size() - others.size());
}

/// Whether what this trigger asks for is left to other invocations, where the fleet is large.
bool Invoker::cuts(Trigger trigger) const {
  return ports_.orders != nullptr && !settings_.shard_queue_url.empty() &&
         (trigger == Trigger::Schedule || trigger == Trigger::Tick || trigger == Trigger::Doorbell);
}

/// Whether other invocations were asked for the pass; not for a fleet that is one shard alone, and
/// not where they cannot be: then it is made here, as far as the time goes.
bool Invoker::give_orders(const Invocation& invocation, Deadline deadline, Effect& effect) {
  std::vector<FleetMember> members;
  if (ports_.fleet != nullptr) {
    take_in(ask_source(nullptr, deadline), fleet_, effect);
    effect.fleet_asked = false;  // Nobody's settings were read.
    members = ports_.fleet->members();
  } else {
    for (const ManagedService& service : fleet_) {
      members.push_back(member_of(service.id));
    }
  }
  const std::vector<Shard> shards = cut(std::move(members), settings_.shard_size);
  if (shards.size() < 2) {
    return false;
  }
  std::vector<ShardOrder> orders;
  for (const Shard& shard : shards) {
    orders.push_back({.shard = shard, .at = ports_.clock.now(), .by = invocation.trigger});
  }
  const Result<void> sent = ports_.orders->send(settings_.shard_queue_url, orders, deadline);
  note(effect, sent);
  effect.orders = sent ? orders.size() : 0;
  return sent.has_value();
}

/// Shortly before the next invocation looks at these services: what has no slot by then is left to
/// that one, which would else make the same changes at the same time.
Deadline Invoker::next_pass(const Invocation& invocation) const {
  if (invocation.trigger == Trigger::Manual || invocation.trigger == Trigger::Wake) {
    return Deadline::max();  // Nobody knows when the next one comes.
  }
  const Instant now = ports_.clock.now();
  const bool ticks = !settings_.tick_queue_url.empty() && settings_.tick > Duration::zero();
  const Duration passed = invocation.trigger == Trigger::Shard
                              ? std::max(now - invocation.order.at, Duration::zero())
                              : Duration::zero();
  const Duration distance = ticks ? settings_.tick : settings_.look_every;
  return ports_.clock.steady() + distance - std::min<Duration>(distance / 5, kToEnd) - passed;
}

// What a trigger was handed exists, whatever the counts say by then: SQS's need up to a minute. A
// doorbell does not say whose it is, so that where there may be several services it is nobody's.
void Invoker::pass(const Invocation& invocation, Permission permission, Deadline deadline,
                   Effect& effect) {
  const bool handed =
      invocation.trigger == Trigger::Wake || invocation.trigger == Trigger::Doorbell;
  if (cuts(invocation.trigger) && give_orders(invocation, deadline, effect)) {
    return;
  }
  const std::span<ManagedService> meant = renew_fleet(invocation, deadline, effect);
  const bool known_whose = ports_.fleet == nullptr && fleet_.size() == 1;
  // A person who asks for a pass means all of it.
  const bool whole = invocation.trigger == Trigger::Manual && !invocation.dry_run;
  const Deadline began = ports_.clock.steady();
  effect.records =
      run_(meant,
           {.reader = ports_.reader,
            .scaler = ports_.scaler,
            .states = ports_.states,
            .clock = ports_.clock,
            .instances = ports_.instances,
            .instance_scaler = ports_.instance_scaler},
           {.permission = permission,
            .deadline = deadline,
            .slots_until = std::min({deadline, invocation.slots_until, next_pass(invocation)}),
            .patience = settings_.patience,
            .look_every = settings_.look_every,
            .delivered =
                handed && known_whose ? static_cast<std::int64_t>(invocation.messages.size()) : 0,
            .describe_every = meant.size() > kFew && !whole ? kDescribeEvery : Duration::zero(),
            .steady = settings_.steady,
            .split_clusters = split_clusters(invocation.order.shard)});
  effect.took = std::chrono::floor<Duration>(ports_.clock.steady() - began);
  for (PassRecord& record : effect.records) {
    if (std::string rival = rivalry_.take(record); record.complaint.empty()) {
      record.complaint = std::move(rival);
    }
    effect.errors.insert(effect.errors.end(), record.errors.begin(), record.errors.end());
  }
}

// Each of the three is done whatever became of the others.
void Invoker::scheduled(const Invocation& invocation, Effect& effect) {
  const Deadline deadline = leaving_time_for(1, invocation.deadline);
  pass(invocation, Permission::Everything, leaving_time_for(2, deadline), effect);
  if (settings_.wake) {
    note(effect, wake_switch_->follow(effect.records.front(), leaving_time_for(1, deadline)));
  }
  note(effect, send_ticks(deadline));
}

/// A pass whose trigger brings nothing that must be kept.
void Invoker::looked(const Invocation& invocation, Effect& effect) {
  const Deadline deadline = leaving_time_for(1, invocation.deadline);
  const Permission permission = invocation.dry_run                        ? Permission::Nothing
                                : invocation.trigger == Trigger::Doorbell ? Permission::ScaleOutOnly
                                                                          : Permission::Everything;
  pass(invocation, permission, leaving_time_for(1, deadline), effect);
  if (settings_.wake && left_zero(effect.records.front())) {
    note(effect, wake_switch_->follow(effect.records.front(), deadline));
  }
}

/// The pass of a shard, for another invocation.
void Invoker::ordered(const Invocation& invocation, Effect& effect) {
  const ShardOrder& order = invocation.order;
  if (ports_.clock.now() - order.at >= kOrderAge) {
    effect.out_of_date = true;
    return;
  }
  CHECK(ports_.orders != nullptr);
  ports_.orders->share_rates(order.shard.parts);
  pass(invocation,
       order.by == Trigger::Doorbell ? Permission::ScaleOutOnly : Permission::Everything,
       leaving_time_for(2, invocation.deadline), effect);
  ports_.orders->share_rates(1);
}

// A wake never consumes: whatever happens below, every message goes back to its queue, either
// because the effect lists it or because the invocation itself fails.
void Invoker::woken(const Invocation& invocation, Effect& effect) {
  effect.returned = Returned::All;
  pass(invocation, Permission::ScaleOutOnly, leaving_time_for(3, invocation.deadline), effect);
  const Result<void> disabled =
      wake_switch_->disable(invocation.source, leaving_time_for(2, invocation.deadline));
  note(effect, disabled);
  note(effect,
       hand_back(invocation, disabled.has_value(), leaving_time_for(1, invocation.deadline)));
}

Result<void> Invoker::send_ticks(Deadline deadline) {
  if (ports_.ticks == nullptr || settings_.tick_queue_url.empty() ||
      settings_.tick == Duration::zero()) {
    return {};
  }
  return ports_.ticks->send(settings_.tick_queue_url,
                            tick_delays(settings_.tick, std::min(settings_.look_every, kDelayMax)),
                            deadline);
}

Result<void> Invoker::hand_back(const Invocation& invocation, bool disabled, Deadline deadline) {
  std::vector<ReturnedMessage> messages(invocation.messages.size());
  std::ranges::transform(
      invocation.messages, messages.begin(), [&](const ArrivedMessage& message) -> ReturnedMessage {
        return {.receipt_handle = message.receipt_handle,
                .visibility =
                    return_visibility(settings_.wake_return, message.receive_count, disabled)};
      });
  for (const Result<void>& result :
       ports_.messages->hand_back(fleet_.front().queues.front().url, messages, deadline)) {
    if (!result) {
      return result;
    }
  }
  return {};
}

}  // namespace scaler
