#include "wire/shard_order.h"

#include <array>

#include <fmt/core.h>

#include "ground/base/problems.h"
#include "ground/json/reader.h"
#include "ground/json/writer.h"

namespace scaler {
namespace {

Result<std::string> text_of(const json::Reader& object, std::string_view name) {
  const json::Reader field = TRY(object.field(name));
  return field.string();
}

/// One of the triggers that give orders.
Result<Trigger> read_trigger(const std::string& text) {
  constexpr std::array kTriggers{Trigger::Schedule, Trigger::Tick, Trigger::Doorbell};
  for (const Trigger trigger : kTriggers) {
    if (to_string(trigger) == text) {
      return trigger;
    }
  }
  return fail(ErrorKind::Malformed,
              fmt::format("$.by: '{}' is not one of schedule|tick|doorbell", shortened(text)));
}

}  // namespace

std::string shard_order_json(const ShardOrder& order) {
  json::Writer writer;
  writer.begin_object()
      .field("at", format_instant(order.at))
      .field("by", to_string(order.by))
      .field("place", order.shard.place)
      .field("from", order.shard.from)
      .field("before", order.shard.before)
      .field("parts", order.shard.parts)
      .end_object();
  return std::move(writer).text();
}

Result<ShardOrder> read_shard_order(std::string_view text) {
  constexpr std::int64_t kPartsMax = 10'000;
  const json::Value value = TRY(json::parse(text));
  const json::Reader root(value, "$");
  ShardOrder order;
  const json::Reader at = TRY(root.field("at"));
  order.at = TRY(at.instant());
  const std::string by = TRY(text_of(root, "by"));
  order.by = TRY(read_trigger(by));
  order.shard.place = TRY(text_of(root, "place"));
  order.shard.from = TRY(text_of(root, "from"));
  order.shard.before = TRY(text_of(root, "before"));
  const json::Reader parts = TRY(root.field("parts"));
  order.shard.parts = TRY(parts.integer({.min = 1, .max = kPartsMax}));
  return order;
}

}  // namespace scaler
