#include "scaler/invocation/invocation.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/core.h>

#include "ground/base/check.h"
#include "scaler/core/queue_names.h"
#include "scaler/fleet/service_tags.h"

namespace scaler {
namespace {

/// Kept of an invocation's time for each thing that is still to be done after the one at hand: two
/// seconds, or a sixth of what is left when that is less.
constexpr Duration kReserve = std::chrono::seconds(2);
/// How long the fleet's source is asked at most.
constexpr Duration kAskingMost = std::chrono::seconds(10);
/// How long services are waited for that are to keep their settings, at most.
constexpr Duration kKeepingMost = std::chrono::seconds(2);
/// How long a pass of a fleet waits for those that are slow.
constexpr Duration kSlowMost = std::chrono::seconds(2);
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

/// Moves those that fit to the front.
template <typename Fits>
std::span<ManagedService> those_first(std::vector<ManagedService>& fleet, const Fits& fits) {
  const auto others = std::ranges::stable_partition(fleet, fits);
  return std::span(fleet).first(fleet.size() - others.size());
}

/// As its service names it, which may be by a host of its own; else as the event does.
std::string queue_of(std::span<const ManagedService> owners, const std::string& arn) {
  const Result<QueueAddress> queue = parse_queue(arn);
  for (const ManagedService& owner : owners) {
    for (const JobQueue& one : owner.queues) {
      if (owner.queues.size() == 1 || (queue && has_queue(std::span(&one, 1), *queue))) {
        return one.url;
      }
    }
  }
  return queue ? queue->url : arn;
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
    CHECK(settings_.wake.many || fleet_.size() == 1);
    wake_switch_.emplace(settings_.wake, *ports_.messages, *ports_.mapping);
  } else {
    CHECK(!settings_.wake.wake);
  }
}

Succession Invoker::replace_fleet(std::vector<ManagedService> next) {
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
Deadline Invoker::asking_until(Deadline deadline) const {
  const Deadline now = ports_.clock.steady();
  return std::min(now + (deadline - now) / 2, now + kAskingMost);
}

/// The services that are meant, which stand together.
std::span<ManagedService> Invoker::renew_fleet(const Invocation& invocation, Deadline deadline,
                                               Effect& effect) {
  const Shard& shard = invocation.order.shard;
  if (ports_.fleet != nullptr) {
    take_in(ports_.fleet->ask_for(&shard, asking_until(deadline)), fleet_, effect);
  }
  if (shard == Shard{}) {
    return fleet_;
  }
  return those_first(
      fleet_, [&shard](const ManagedService& one) { return shard.contains(member_of(one.id)); });
}

/// The services of the queue whose messages came.
std::span<ManagedService> Invoker::owners(const Invocation& invocation, Deadline deadline,
                                          Effect& effect) {
  if (!settings_.wake.many) {
    return fleet_;
  }
  const Result<QueueAddress> queue = parse_queue(invocation.source);
  if (!queue) {
    effect.errors.push_back(queue.error().message);
    return {};
  }
  if (ports_.fleet != nullptr) {
    take_in(ports_.fleet->ask_about(*queue, asking_until(deadline)), fleet_, effect);
  }
  const std::span<ManagedService> found = those_first(
      fleet_, [&queue](const ManagedService& one) { return has_queue(one.queues, *queue); });
  if (found.empty()) {
    effect.errors.push_back(
        fmt::format("records of {} came, which is the job queue of no service of the fleet, nor "
                    "the queue of ticks, doorbell or shards: none is consumed",
                    invocation.source));
  }
  return found;
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
    take_in(ports_.fleet->ask_for(nullptr, asking_until(deadline)), fleet_, effect);
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
  const Duration passed = invocation.trigger == Trigger::Shard
                              ? std::max(now - invocation.order.at, Duration::zero())
                              : Duration::zero();
  const Duration distance = tick() > Duration::zero() ? tick() : settings_.look_every;
  return ports_.clock.steady() + distance - std::min<Duration>(distance / 5, kToEnd) - passed;
}

// What a trigger was handed exists, whatever the counts say by then: SQS's need up to a minute. A
// doorbell does not say whose it is, so that where there may be several services it is nobody's.
std::span<ManagedService> Invoker::pass(const Invocation& invocation, Permission permission,
                                        Deadline deadline, Effect& effect) {
  const bool wake = invocation.trigger == Trigger::Wake;
  const bool handed = wake || invocation.trigger == Trigger::Doorbell;
  if (cuts(invocation.trigger) && give_orders(invocation, deadline, effect)) {
    return {};
  }
  const std::span<ManagedService> meant =
      wake ? owners(invocation, deadline, effect) : renew_fleet(invocation, deadline, effect);
  const bool alone = ports_.fleet == nullptr && fleet_.size() == 1;
  const bool known_whose = wake || alone;
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
            .slow_most = alone || whole ? std::nullopt : std::optional(kSlowMost),
            .look_every = settings_.look_every,
            .tick = tick(),
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
  // Were it a success, whoever rang would not be heard: a machine's clock that is ahead has every
  // invocation begin after its deadline.
  if (!meant.empty() && std::ranges::none_of(effect.records, &PassRecord::looked)) {
    effect.errors.emplace_back("no service was looked at: the time was over before it began");
  }
  return meant;
}

/// The mappings become what the records call for.
WakeReport Invoker::follow(std::span<const ManagedService> services, Whose whose, Deadline deadline,
                           Effect& effect) {
  if (!wake_switch_) {
    return {};
  }
  std::vector<Followed> followed;
  for (std::size_t i = 0; i < services.size(); ++i) {
    if (whose == Whose::All || left_zero(effect.records[i])) {
      followed.push_back({.service = &services[i], .record = &effect.records[i]});
    }
  }
  WakeReport report = wake_switch_->follow(followed, deadline);
  append(effect.errors, report.errors);
  for (const WakeFault& fault : report.faults) {
    if (!settings_.wake.many) {
      effect.errors.push_back(fault.message);
      continue;
    }
    const auto at = static_cast<std::size_t>(followed[fault.by].record - effect.records.data());
    effect.records[at].errors.push_back(fault.message);
    effect.errors.push_back(described(services[at].id) + ": " + fault.message);
  }
  return report;
}

/// Mappings on queues that are neither somebody's nor the function's own, where all are known.
void Invoker::tell_nobodys(const WakeReport& report, Effect& effect) {
  if (!effect.source_errors.empty()) {
    return;
  }
  for (const MappingStatus& mapping : report.nobodys) {
    const Result<QueueAddress> queue = parse_queue(mapping.queue_arn);
    const bool own =
        std::ranges::any_of(std::array{&settings_.tick_queue_url, &settings_.doorbell_queue_url,
                                       &settings_.shard_queue_url},
                            [&queue](const std::string* url) {
                              return queue && has_queue(std::array{JobQueue{.url = *url}}, *queue);
                            });
    if (queue && !own && nobodys_told_.insert(mapping.id).second) {
      effect.notes.push_back(
          {.service = mapping.queue_arn,
           .message =
               fmt::format("the event source mapping {} brings this queue's messages to the "
                           "function, and no service of the fleet has the queue: the mapping "
                           "is left alone",
                           mapping.id)});
    }
  }
}

/// Nothing that is needed now: who may not write it, or gets no answer, is told of it once.
void Invoker::keep_settings(const Shard& shard, Deadline deadline, Effect& effect) {
  const bool left_to_others = effect.orders > 0;
  if (ports_.fleet == nullptr || ports_.states == nullptr || left_to_others) {
    return;
  }
  const std::vector<std::string> errors = ports_.fleet->keep(
      *ports_.states, shard, std::min(deadline, ports_.clock.steady() + kKeepingMost));
  if (!errors.empty() && !std::exchange(not_kept_told_, true)) {
    effect.notes.push_back(
        {.service = std::string(kLastGoodTag),
         .message = fmt::format("{}\nthis tag, which keeps the settings of a service for the time "
                                "when its tags are wrong, is not written: a sandbox that starts "
                                "then leaves the service alone",
                                errors.front())});
  }
}

// Each of these is done whatever became of the others. Many mappings may take their time, and
// ticks count from their sending.
void Invoker::scheduled(const Invocation& invocation, Effect& effect) {
  const Deadline deadline = leaving_time_for(1, invocation.deadline);
  const auto meant =
      pass(invocation, Permission::Everything, leaving_time_for(2, deadline), effect);
  if (settings_.wake.many) {
    note(effect, send_ticks(leaving_time_for(1, deadline)));
    tell_nobodys(follow(meant, Whose::All, deadline, effect), effect);
  } else {
    follow(meant, Whose::All, leaving_time_for(1, deadline), effect);
    note(effect, send_ticks(deadline));
  }
  keep_settings({}, deadline, effect);
}

/// A pass whose trigger brings nothing that must be kept.
void Invoker::looked(const Invocation& invocation, Effect& effect) {
  const Deadline deadline = leaving_time_for(1, invocation.deadline);
  const Permission permission = invocation.dry_run                        ? Permission::Nothing
                                : invocation.trigger == Trigger::Doorbell ? Permission::ScaleOutOnly
                                                                          : Permission::Everything;
  const auto meant = pass(invocation, permission, leaving_time_for(1, deadline), effect);
  follow(meant, Whose::LeftZero, deadline, effect);
  if (permission == Permission::Everything) {
    keep_settings({}, deadline, effect);
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
  const auto meant = pass(
      invocation, order.by == Trigger::Doorbell ? Permission::ScaleOutOnly : Permission::Everything,
      leaving_time_for(2, invocation.deadline), effect);
  const Deadline deadline = leaving_time_for(1, invocation.deadline);
  keep_settings(order.shard, deadline, effect);
  ports_.orders->share_rates(1);
  follow(meant, order.by == Trigger::Schedule ? Whose::All : Whose::LeftZero, deadline, effect);
}

// A wake never consumes: whatever happens below, every message goes back to its queue, either
// because the effect lists it or because the invocation itself fails.
void Invoker::woken(const Invocation& invocation, Effect& effect) {
  CHECK(wake_switch_);
  effect.returned = Returned::All;
  const auto meant =
      pass(invocation, Permission::ScaleOutOnly, leaving_time_for(3, invocation.deadline), effect);
  const Result<void> disabled =
      wake_switch_->disable(invocation.source, leaving_time_for(2, invocation.deadline));
  note(effect, disabled);
  note(effect, hand_back(invocation, queue_of(meant, invocation.source), disabled.has_value(),
                         leaving_time_for(1, invocation.deadline)));
  // The other queues of these services would call for nothing.
  if (std::ranges::any_of(meant, [](const auto& one) { return one.queues.size() > 1; })) {
    follow(meant, Whose::LeftZero, invocation.deadline, effect);
  }
}

/// Between two of them; zero: there are none.
Duration Invoker::tick() const {
  return settings_.tick_queue_url.empty() ? Duration::zero() : settings_.tick;
}

Result<void> Invoker::send_ticks(Deadline deadline) {
  if (ports_.ticks == nullptr || tick() == Duration::zero()) {
    return {};
  }
  return ports_.ticks->send(settings_.tick_queue_url,
                            tick_delays(tick(), std::min(settings_.look_every, kDelayMax)),
                            deadline);
}

Result<void> Invoker::hand_back(const Invocation& invocation, const std::string& queue_url,
                                bool disabled, Deadline deadline) {
  std::vector<ReturnedMessage> messages(invocation.messages.size());
  std::ranges::transform(
      invocation.messages, messages.begin(), [&](const ArrivedMessage& message) -> ReturnedMessage {
        return {.receipt_handle = message.receipt_handle,
                .visibility =
                    return_visibility(settings_.wake_return, message.receive_count, disabled)};
      });
  for (const Result<void>& result : ports_.messages->hand_back(queue_url, messages, deadline)) {
    if (!result) {
      return result;
    }
  }
  return {};
}

}  // namespace scaler
