#include "scaler/invocation/invocation.h"

#include <algorithm>
#include <array>

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

void note(Effect& effect, const Result<void>& result) {
  if (!result) {
    effect.errors.push_back(result.error().message);
  }
}

}  // namespace

std::string_view to_string(Trigger trigger) {
  constexpr std::array<std::string_view, 5> kNames{"schedule", "tick", "doorbell", "wake",
                                                   "manual"};
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
void Invoker::renew_fleet(Deadline deadline, Effect& effect) {
  if (ports_.fleet == nullptr) {
    return;
  }
  const Deadline now = ports_.clock.steady();
  FleetNews news = ports_.fleet->ask(std::min(now + (deadline - now) / 2, now + kAskingMost));
  if (news.services) {
    fleet_ = adopted(std::move(fleet_), *news.services);
  }
  effect.fleet_asked = news.asked;
  effect.problems = std::move(news.problems);
  effect.notes = std::move(news.notes);
  effect.source_errors = news.errors;
  effect.errors = std::move(news.errors);
}

// What a trigger was handed exists, whatever the counts say by then: SQS's need up to a minute. A
// doorbell does not say whose it is, so that where there may be several services it is nobody's.
void Invoker::pass(const Invocation& invocation, Permission permission, Deadline deadline,
                   Effect& effect) {
  const bool handed =
      invocation.trigger == Trigger::Wake || invocation.trigger == Trigger::Doorbell;
  renew_fleet(deadline, effect);
  const bool known_whose = ports_.fleet == nullptr && fleet_.size() == 1;
  // A person who asks for a pass means all of it.
  const bool whole = invocation.trigger == Trigger::Manual && !invocation.dry_run;
  const Deadline began = ports_.clock.steady();
  effect.records =
      run_(fleet_,
           {.reader = ports_.reader,
            .scaler = ports_.scaler,
            .states = ports_.states,
            .clock = ports_.clock,
            .instances = ports_.instances,
            .instance_scaler = ports_.instance_scaler},
           {.permission = permission,
            .deadline = deadline,
            .slots_until = std::min(deadline, invocation.slots_until),
            .patience = settings_.patience,
            .look_every = settings_.look_every,
            .delivered =
                handed && known_whose ? static_cast<std::int64_t>(invocation.messages.size()) : 0,
            .describe_every = fleet_.size() > kFew && !whole ? kDescribeEvery : Duration::zero(),
            .steady = settings_.steady});
  effect.took = std::chrono::floor<Duration>(ports_.clock.steady() - began);
  for (const PassRecord& record : effect.records) {
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
