#include "lab/sim/passes.h"

#include <algorithm>
#include <utility>

namespace scaler::sim {
namespace {

constexpr const char* kTicks = "ticks";
constexpr const char* kDoorbell = "doorbell";
constexpr const char* kMapping = "wake";
/// A mapping asks again after an empty long poll.
constexpr Duration kPollAgain = std::chrono::seconds(20);
/// As the templates have them: a failed tick or ring is tried once more.
constexpr Duration kTickVisibility = std::chrono::minutes(1);
constexpr Duration kTickRetention = std::chrono::minutes(2) + std::chrono::seconds(30);
constexpr Duration kDoorbellVisibility = std::chrono::minutes(3);
constexpr Duration kDoorbellRetention = std::chrono::minutes(5);
/// Of a burst no more rings are sent than one batch takes.
constexpr std::int64_t kRingsMax = 10;

void earliest(std::optional<Instant>& next, const std::optional<Instant>& other) {
  if (other && (!next || *other < *next)) {
    next = other;
  }
}

}  // namespace

Passes::Passes(Engine& engine, SimulatedCloud& cloud, const Policy& policy, const Hooks& hooks,
               RunPass run)
    : engine_(&engine),
      cloud_(&cloud),
      policy_(policy),
      hooks_(&hooks),
      run_(std::move(run)),
      rest_(engine, policy, hooks) {
  const Triggers& triggers = engine.scenario().triggers;
  if (engine.group() != nullptr) {
    group_.emplace(engine, cloud);
  }
  if (triggers.schedule) {
    next_beat_ = engine.now();
  }
  if (triggers.tick) {
    ticks_.emplace(
        engine, kTicks,
        world::QueueSettings{.visibility_timeout = kTickVisibility, .retention = kTickRetention},
        triggers.tick_latency);
  }
  if (triggers.doorbell) {
    doorbell_.emplace(engine, kDoorbell,
                      world::QueueSettings{.visibility_timeout = kDoorbellVisibility,
                                           .retention = kDoorbellRetention},
                      triggers.message_latency);
  }
  start(warm_);
  start(other_);
}

void Passes::start(Container& container) {
  const Triggers& triggers = engine_->scenario().triggers;
  std::vector<ManagedService> fleet;
  fleet.push_back({.id = {.cluster = Engine::kCluster, .service = Engine::kService},
                   .queues = {{.url = Engine::kQueue}},
                   .policy = policy_});
  const InvocationSettings settings{
      .tick_queue_url = triggers.tick ? kTicks : "",
      .tick = triggers.tick.value_or(Duration::zero()),
      .wake = {.wake = triggers.wake},
      .wake_return = triggers.wake_return,
      .look_every = triggers.schedule.value_or(kLookEvery),
      .patience = triggers.controller ? Patience::AllButSlow : Patience::All,
      .steady = triggers.controller};
  const InvocationPorts ports{.reader = *cloud_,
                              .scaler = *cloud_,
                              .states = cloud_,
                              .clock = *cloud_,
                              .messages = this,
                              .mapping = this,
                              .ticks = this,
                              .instances = group_ ? &*group_ : nullptr,
                              .instance_scaler = group_ ? &*group_ : nullptr};
  container.emplace(std::move(fleet), settings, ports, run_);
}

std::optional<Instant> Passes::next_wake() const {
  std::optional<Instant> next = next_beat_;
  earliest(next, scheduled_at_);
  earliest(next, mapping_.settled_at);
  earliest(next, mapping_.poll_at);
  if (ticks_) {
    earliest(next, ticks_->next_poll());
  }
  if (doorbell_) {
    earliest(next, doorbell_->next_poll());
  }
  return next;
}

void Passes::act(Stage& /*stage*/) {
  const auto due = [this](const std::optional<Instant>& at) { return at && *at <= engine_->now(); };
  if (due(next_beat_)) {
    if (rests()) {
      return;
    }
    beat();
  }
  if (due(mapping_.settled_at)) {
    mapping_.settled_at.reset();
    mapping_.enabled = mapping_.wanted;
    expect_jobs();
  }
  if (due(scheduled_at_)) {
    scheduled_at_.reset();
    invoke({.trigger = Trigger::Schedule});
  } else if (due(mapping_.poll_at)) {
    mapping_.poll_at.reset();
    poll_jobs();
  } else if (ticks_ && due(ticks_->next_poll())) {
    poll(*ticks_, Trigger::Tick);
  } else if (doorbell_ && due(doorbell_->next_poll())) {
    poll(*doorbell_, Trigger::Doorbell);
  }
}

/// Leaves beats out while nothing is under way and nothing can change.
bool Passes::rests() {
  const bool under_way = *next_beat_ != engine_->now() || scheduled_at_ || mapping_.settled_at ||
                         mapping_.poll_at || (ticks_ && ticks_->next_poll()) ||
                         (doorbell_ && doorbell_->next_poll());
  const Duration every = *engine_->scenario().triggers.schedule;
  const std::int64_t beats = rest_.beats(every, mapping_.enabled, under_way);
  if (beats == 0) {
    return false;
  }
  engine_->leave_out(beats * every, beats * rest_.passes().all, beats * rest_.passes().failed);
  *next_beat_ += beats * every;
  return true;
}

void Passes::beat() {
  const Triggers& triggers = engine_->scenario().triggers;
  engine_->begin_draws();
  if (!scheduled_at_) {
    scheduled_at_ = *next_beat_ + draw(triggers.schedule_latency, engine_->chance_of_calls());
  }
  *next_beat_ += *triggers.schedule;
}

void Passes::arrived(Instant /*at*/) {
  engine_->begin_draws();
  if (doorbell_) {
    const std::int64_t rings = std::min(engine_->arrived_last(), kRingsMax);
    for (std::int64_t i = 0; i < rings; ++i) {
      doorbell_->send(Duration::zero());
    }
  }
  expect_jobs();
}

/// The mapping sees what has come after its latency.
void Passes::expect_jobs() {
  if (mapping_.enabled && !mapping_.poll_at && engine_->queue() != nullptr &&
      engine_->queue()->depth().visible > 0) {
    mapping_.poll_at = engine_->now() + draw(engine_->scenario().triggers.message_latency,
                                             engine_->chance_of_calls());
  }
}

void Passes::poll(QueueFeed& feed, Trigger trigger) {
  const Batch batch = feed.poll();
  if (!batch.empty()) {
    feed.ended(batch, invoke({.trigger = trigger, .messages = batch.messages}));
  }
}

// Whatever the answer says, no message is deleted: it lists all, or the invocation failed.
void Passes::poll_jobs() {
  world::Queue* const queue = engine_->queue();
  if (queue == nullptr || !mapping_.enabled) {
    return;
  }
  const Batch batch = take_batch(engine_->world(), *queue);
  if (!batch.empty()) {
    invoke({.trigger = Trigger::Wake, .messages = batch.messages});
  }
  if (mapping_.enabled && !mapping_.poll_at) {
    mapping_.poll_at = engine_->now() + kPollAgain;
  }
}

bool Passes::invoke(const Invocation& invocation) {
  const bool succeeded = run_once(invocation, warm_);
  return engine_->strikes(Fault::DuplicateInvoke) ? run_once(invocation, warm_) : succeeded;
}

bool Passes::run_once(const Invocation& invocation, Container& container) {
  const Triggers& triggers = engine_->scenario().triggers;
  engine_->begin_draws();
  if (triggers.cold_share > 0 && engine_->chance_of_calls().uniform() < triggers.cold_share) {
    start(container);
  }
  cloud_->begin_invocation();
  if (&container == &warm_) {
    cloud_->set_meanwhile([this, &invocation] { run_once(invocation, other_); });
  }
  const Effect effect = container->invoke(invocation);
  cloud_->set_meanwhile({});
  const PassRecord& record = effect.records.front();
  ++engine_->actions().passes;
  engine_->actions().failed_passes += effect.errors.empty() ? 0 : 1;
  if (hooks_->on_pass) {
    hooks_->on_pass(record, invocation.trigger);
  }
  const bool killed = cloud_->killed();
  if (killed) {
    start(container);
  }
  return effect.errors.empty() && !killed;
}

std::vector<Result<void>> Passes::hand_back(const std::string& /*queue_url*/,
                                            std::span<const ReturnedMessage> messages,
                                            Deadline /*deadline*/) {
  const auto returned = cloud_->perform("ChangeMessageVisibilityBatch", [&] {
    world::Queue* const queue = engine_->queue();
    for (const ReturnedMessage& message : messages) {
      if (queue != nullptr) {
        engine_->world().change_visibility(*queue, message.receipt_handle, message.visibility);
      }
    }
  });
  return std::vector<Result<void>>(messages.size(), returned);
}

Result<WakeSettings> Passes::settings(const std::string& /*queue_url*/, Deadline /*deadline*/) {
  TRY(cloud_->perform("GetQueueAttributes", [] {}));
  const std::int64_t receives = engine_->scenario().queue.max_receive_count;
  return WakeSettings{.receives_max = receives > 0 ? std::optional(receives) : std::nullopt};
}

Result<std::vector<MappingStatus>> Passes::find(const MappingQuestion& /*question*/,
                                                Deadline /*deadline*/) {
  TRY(cloud_->perform("ListEventSourceMappings", [] {}));
  return std::vector<MappingStatus>{{.id = kMapping,
                                     .invoked = true,
                                     .enabled = mapping_.wanted,
                                     .in_transition = mapping_.settled_at.has_value(),
                                     .reports_failures = true}};
}

Result<std::vector<MappingStatus>> Passes::list(const std::string& /*function_arn*/,
                                                Deadline deadline) {
  return find({}, deadline);
}

Result<void> Passes::set_enabled(const std::string& /*id*/, bool enabled, Deadline /*deadline*/) {
  if (mapping_.settled_at) {
    return fail(ErrorKind::Conflict, "UpdateEventSourceMapping: ResourceInUseException");
  }
  return cloud_->perform("UpdateEventSourceMapping", [this, enabled] {
    mapping_.wanted = enabled;
    mapping_.settled_at = engine_->now() + draw(engine_->scenario().triggers.mapping_transition,
                                                engine_->chance_of_calls());
  });
}

Result<void> Passes::send(const std::string& /*queue_url*/, std::span<const Duration> delays,
                          Deadline /*deadline*/) {
  return cloud_->perform("SendMessageBatch", [&] {
    for (const Duration delay : delays) {
      ticks_->send(delay);
    }
  });
}

}  // namespace scaler::sim
