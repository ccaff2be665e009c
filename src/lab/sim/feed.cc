#include "lab/sim/feed.h"

#include <iterator>
#include <utility>

namespace scaler::sim {
namespace {

/// Lambda's pollers take this many messages at most.
constexpr std::int64_t kBatch = 10;

}  // namespace

Batch take_batch(world::World& world, world::Queue& queue) {
  Batch batch;
  for (world::ReceivedMessage& message : world.receive(queue, {.messages_max = kBatch})) {
    batch.messages.push_back({.id = std::move(message.id),
                              .receipt_handle = std::move(message.receipt_handle),
                              .receive_count = message.receive_count});
  }
  return batch;
}

QueueFeed::QueueFeed(Engine& engine, std::string name, const world::QueueSettings& settings,
                     const world::DurationRange& latency)
    : engine_(&engine),
      name_(std::move(name)),
      visibility_(settings.visibility_timeout),
      latency_(latency) {
  engine.world().create_queue(name_, settings);
}

world::Queue& QueueFeed::queue() {
  return *engine_->world().find_queue(name_);
}

void QueueFeed::send(Duration delay) {
  engine_->world().send(queue(), {.delay = delay});
  polls_.insert(engine_->now() + delay + draw(latency_, engine_->chance_of_calls()));
}

Batch QueueFeed::poll() {
  Batch batch = take_batch(engine_->world(), queue());
  // One batch takes what several polls would have found.
  polls_.erase(polls_.begin(),
               batch.empty() ? polls_.upper_bound(engine_->now()) : std::next(polls_.begin()));
  return batch;
}

void QueueFeed::ended(const Batch& batch, bool succeeded) {
  if (!succeeded) {
    polls_.insert(engine_->now() + visibility_);
    return;
  }
  for (const ArrivedMessage& message : batch.messages) {
    engine_->world().delete_message(queue(), message.receipt_handle);
  }
}

}  // namespace scaler::sim
