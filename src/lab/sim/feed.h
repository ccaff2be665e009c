#pragma once
// QueueFeed: a queue of the scaler's own, and the event source mapping that makes invocations of
// what comes on it. Both are simulated as they are: messages with a delay, batches of ten, a failed
// batch that comes back after its visibility timeout.

#include <set>
#include <string>
#include <vector>

#include "lab/sim/engine.h"
#include "scaler/invocation/invocation.h"

namespace scaler::sim {

/// A batch that Lambda has taken off a queue.
struct Batch {
  std::vector<ArrivedMessage> messages = {};
  bool empty() const { return messages.empty(); }
};

/// Up to ten messages that are visible now.
Batch take_batch(world::World& world, world::Queue& queue);

class QueueFeed {
 public:
  QueueFeed(Engine& engine, std::string name, const world::QueueSettings& settings,
            const world::DurationRange& latency);

  /// Sends one message, which is seen after its delay and the latency of the mapping.
  void send(Duration delay);
  /// When the mapping next looks at the queue.
  std::optional<Instant> next_poll() const {
    return polls_.empty() ? std::nullopt : std::optional(*polls_.begin());
  }
  /// Takes what is there; the poll is over.
  Batch poll();
  /// The invocation with that batch has ended: it is deleted, or comes back.
  void ended(const Batch& batch, bool succeeded);

 private:
  world::Queue& queue();

  Engine* engine_;
  std::string name_;
  Duration visibility_;
  world::DurationRange latency_;
  std::multiset<Instant> polls_ = {};
};

}  // namespace scaler::sim
