#include "emulator/others/queue_sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <utility>

namespace scaler::emulator {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kForgotten = std::chrono::hours(6);

}  // namespace

QueueSampler::QueueSampler(const world::World& world, MetricStore& store, WorldPlaces places)
    : world_(world),
      store_(store),
      places_(std::move(places)),
      next_(std::chrono::floor<std::chrono::minutes>(world.now()) + kMinute) {}

void QueueSampler::sample() {
  for (const auto& [name, queue] : world_.queues()) {
    sample(*queue, next_ - kMinute);
  }
  std::erase_if(last_,
                [this](const auto& last) { return world_.find_queue(last.first) == nullptr; });
  next_ += kMinute;
}

void QueueSampler::sample(const world::Queue& queue, Instant minute) {
  Last& last = last_[queue.name()];
  if (last.handle_key != queue.handle_key()) {
    last = {.handle_key = queue.handle_key(), .active_at = minute};
  }
  const world::QueueTotals totals = queue.totals();
  const world::QueueTotals before = std::exchange(last.totals, totals);
  const QueueDepth depth = queue.depth();
  if (totals != before || depth != QueueDepth{}) {
    last.active_at = minute;
  }
  if (minute - last.active_at >= kForgotten) {
    return;
  }
  const std::optional<Instant> oldest = queue.oldest();
  const double age = oldest ? in_seconds(minute + kMinute - *oldest) : 0.0;
  const std::array<std::pair<std::string_view, double>, 7> values{
      {{"ApproximateAgeOfOldestMessage", std::max(0.0, std::floor(age))},
       {"ApproximateNumberOfMessagesDelayed", static_cast<double>(depth.delayed)},
       {"ApproximateNumberOfMessagesNotVisible", static_cast<double>(depth.in_flight)},
       {"ApproximateNumberOfMessagesVisible", static_cast<double>(depth.visible)},
       {"NumberOfMessagesDeleted", static_cast<double>(totals.deleted - before.deleted)},
       {"NumberOfMessagesReceived", static_cast<double>(totals.received - before.received)},
       {"NumberOfMessagesSent", static_cast<double>(totals.sent - before.sent)}}};
  const PlacedName place = places_.place_of(queue.name());
  for (const auto& [name, value] : values) {
    store_.put({.account = place.account,
                .region = place.region,
                .name_space = std::string(kQueueSpace),
                .name = std::string(name),
                .dimensions = {{"QueueName", place.name}}},
               minute, Statistics::of(value));
  }
}

}  // namespace scaler::emulator
