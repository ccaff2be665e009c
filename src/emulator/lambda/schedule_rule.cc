#include "emulator/lambda/schedule_rule.h"

#include <utility>

#include "emulator/lambda/lambda_ids.h"
#include "ground/json/writer.h"

namespace scaler::emulator {

ScheduleRule::ScheduleRule(world::World& world, ScheduleIdentity identity, Duration interval,
                           std::function<void(std::string event)> send, std::uint64_t seed)
    : world_(world),
      identity_(std::move(identity)),
      interval_(interval),
      send_(std::move(send)),
      random_(seed),
      due_(world.now() + interval) {}

void ScheduleRule::tick() {
  if (interval_ <= Duration(0) || world_.now() < due_) {
    return;
  }
  // Counted from the last due time, so that the clock does not drift with the ticks.
  const auto passed = (world_.now() - due_) / interval_;
  due_ += (passed + 1) * interval_;
  ++sent_;
  send_(event());
}

std::string ScheduleRule::event() {
  json::Writer writer;
  writer.begin_object()
      .field("version", "0")
      .field("id", make_uuid(random_))
      .field("detail-type", "Scheduled Event")
      .field("source", "aws.events")
      .field("account", identity_.account)
      // EventBridge gives whole seconds.
      .field("time", format_instant(std::chrono::floor<std::chrono::seconds>(world_.now())))
      .field("region", identity_.region);
  writer.name("resources")
      .begin_array()
      .value("arn:aws:events:" + identity_.region + ":" + identity_.account + ":rule/" +
             identity_.rule)
      .end_array();
  writer.name("detail").begin_object().end_object();
  writer.end_object();
  return std::move(writer).text();
}

}  // namespace scaler::emulator
