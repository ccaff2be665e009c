#include "sim/passes.h"

#include <algorithm>
#include <utility>

namespace scaler::sim {
namespace {

/// Lambda's pollers take this many messages at most, and ask again after an empty long poll.
constexpr std::int64_t kBatch = 10;
constexpr Duration kPollAgain = std::chrono::seconds(20);
constexpr Duration kVisibilityMax = std::chrono::hours(12);

void earliest(std::optional<Instant>& next, const std::optional<Instant>& other) {
  if (other && (!next || *other < *next)) {
    next = other;
  }
}

/// Whether the mapping may wake the service, as src/handler has it.
bool may_wake(const PassRecord& record, const Policy& policy) {
  return record.decision && record.decision->empty && record.decision->desired == 0 &&
         record.reading->service.desired == 0 && !policy->paused && !policy->scale_out_paused;
}

}  // namespace

Passes::Passes(Engine& engine, Cloud& cloud, Policy policy, const Hooks& hooks, RunPass run)
    : engine_(&engine),
      cloud_(&cloud),
      policy_(std::move(policy)),
      hooks_(&hooks),
      run_(std::move(run)),
      warm_(cold()),
      other_(cold()) {
  const Triggers& triggers = engine.scenario().triggers;
  if (triggers.schedule) {
    next_beat_ = engine.now();
  }
  if (triggers.tick) {
    next_tick_ = engine.now() + *triggers.tick;
  }
}

std::vector<ManagedService> Passes::cold() const {
  return {{.id = {.cluster = Engine::kCluster, .service = Engine::kService},
           .queues = {{.url = Engine::kQueue}},
           .policy = policy_}};
}

std::optional<Instant> Passes::next_wake() const {
  std::optional<Instant> next = next_beat_;
  earliest(next, next_tick_);
  earliest(next, mapping_.settled_at);
  earliest(next, mapping_.poll_at);
  if (!agenda_.empty()) {
    earliest(next, agenda_.begin()->at);
  }
  return next;
}

void Passes::act(Stage& /*stage*/) {
  const Triggers& triggers = engine_->scenario().triggers;
  beat(next_beat_, triggers.schedule, Trigger::Schedule);
  beat(next_tick_, triggers.tick, Trigger::Tick);
  settle_mapping();
  if (!agenda_.empty() && agenda_.begin()->at <= engine_->now()) {
    const Trigger trigger = agenda_.begin()->trigger;
    agenda_.erase(agenda_.begin());
    invoke(trigger);
  }
}

/// Puts on the agenda what has come due.
void Passes::beat(std::optional<Instant>& next, const std::optional<Duration>& every,
                  Trigger trigger) {
  if (!next || *next > engine_->now()) {
    return;
  }
  const Triggers& triggers = engine_->scenario().triggers;
  const auto& latency =
      trigger == Trigger::Schedule ? triggers.schedule_latency : triggers.tick_latency;
  invoke_later(*next + draw(latency, engine_->chance_of_calls()), trigger);
  *next += *every;
}

void Passes::invoke_later(Instant at, Trigger trigger) {
  agenda_.insert({.at = at, .number = next_number_++, .trigger = trigger});
}

void Passes::arrived(Instant at) {
  const Triggers& triggers = engine_->scenario().triggers;
  const Duration latency = draw(triggers.message_latency, engine_->chance_of_calls());
  if (triggers.doorbell && !doorbell_rings_) {
    doorbell_rings_ = true;
    invoke_later(at + latency, Trigger::Doorbell);
  }
  poll_queue();
}

void Passes::poll_queue() {
  if (mapping_.enabled && !wake_comes_ && engine_->queue() != nullptr &&
      engine_->queue()->depth().visible > 0) {
    wake_comes_ = true;
    invoke_later(engine_->now() +
                     draw(engine_->scenario().triggers.message_latency, engine_->chance_of_calls()),
                 Trigger::Wake);
  }
}

void Passes::invoke(Trigger trigger) {
  doorbell_rings_ = doorbell_rings_ && trigger != Trigger::Doorbell;
  if (trigger == Trigger::Wake) {
    wake();
    return;
  }
  run_once(trigger, warm_);
  if (engine_->strikes(Fault::DuplicateInvoke)) {
    run_once(trigger, warm_);
  }
}

void Passes::run_once(Trigger trigger, std::vector<ManagedService>& container) {
  const Triggers& triggers = engine_->scenario().triggers;
  if (triggers.cold_share > 0 && engine_->chance_of_calls().uniform() < triggers.cold_share) {
    container = cold();
  }
  cloud_->begin_invocation();
  if (&container == &warm_) {
    cloud_->set_meanwhile([this, trigger] { run_once(trigger, other_); });
  }
  const bool everything = trigger == Trigger::Schedule || trigger == Trigger::Tick;
  const std::vector<PassRecord> records =
      run_(container, {.reader = *cloud_, .scaler = *cloud_, .states = cloud_, .clock = *cloud_},
           {.permission = everything ? Permission::Everything : Permission::ScaleOutOnly});
  const PassRecord& record = records.front();
  ++engine_->actions().passes;
  engine_->actions().failed_passes += record.failed() ? 1 : 0;
  if (hooks_->on_pass) {
    hooks_->on_pass(record, trigger);
  }
  if (triggers.wake && trigger == Trigger::Schedule && !cloud_->killed()) {
    switch_mapping(may_wake(record, policy_));
  }
  if (cloud_->killed()) {
    container = cold();
  }
}

// The messages of the event are in flight meanwhile. Each goes back to the queue: handed back after
// `wake_return`, or, if that fails, after the queue's visibility timeout.
void Passes::wake() {
  wake_comes_ = false;
  world::Queue* queue = engine_->queue();
  if (queue == nullptr || !mapping_.enabled) {
    return;
  }
  const auto messages = engine_->world().receive(*queue, {.messages_max = kBatch});
  if (messages.empty()) {
    return;
  }
  run_once(Trigger::Wake, warm_);
  switch_mapping(false);
  const bool disabled = !mapping_.wanted;
  const auto returned = cloud_->perform("ChangeMessageVisibilityBatch", [&] {
    queue = engine_->queue();
    for (const world::ReceivedMessage& message : messages) {
      if (queue != nullptr) {
        engine_->world().change_visibility(*queue, message.receipt_handle,
                                           return_visibility(message.receive_count, disabled));
      }
    }
  });
  engine_->actions().failed_passes += returned ? 0 : 1;
  if (mapping_.enabled && mapping_.wanted) {
    mapping_.poll_at = engine_->now() + kPollAgain;
  }
}

/// As src/handler has it: it doubles with each receive while the mapping cannot be disabled.
Duration Passes::return_visibility(std::int64_t receive_count, bool disabled) const {
  Duration visibility = engine_->scenario().triggers.wake_return;
  for (std::int64_t i = 1; !disabled && i < receive_count && visibility < kVisibilityMax; ++i) {
    visibility *= 2;
  }
  return std::min(visibility, kVisibilityMax);
}

void Passes::switch_mapping(bool wanted) {
  if (mapping_.wanted == wanted || mapping_.settled_at) {
    return;
  }
  const auto switched = cloud_->perform("UpdateEventSourceMapping", [&] {
    mapping_.wanted = wanted;
    mapping_.settled_at = engine_->now() + draw(engine_->scenario().triggers.mapping_transition,
                                                engine_->chance_of_calls());
  });
  engine_->actions().failed_passes += switched ? 0 : 1;
}

void Passes::settle_mapping() {
  if (mapping_.settled_at && *mapping_.settled_at <= engine_->now()) {
    mapping_.settled_at.reset();
    mapping_.enabled = mapping_.wanted;
    poll_queue();
  }
  if (mapping_.poll_at && *mapping_.poll_at <= engine_->now()) {
    mapping_.poll_at.reset();
    poll_queue();
  }
}

}  // namespace scaler::sim
